import Foundation

/// What figures depend on and a reader of them wants to know.
enum Machine {
    static var facts: [Report.Fact] {
        [
            Report.Fact(name: "date", value: Date.now.formatted(.iso8601)),
            Report.Fact(
                name: "cores",
                value: "\(ProcessInfo.processInfo.activeProcessorCount) (\(processor))"),
            Report.Fact(
                name: "system", value: ProcessInfo.processInfo.operatingSystemVersionString),
            Report.Fact(
                name: "load before",
                value: "\(firstWord(of: "/proc/loadavg")) runnable threads over the last minute"),
        ]
    }

    private static var processor: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":", maxSplits: 1).last
        return name.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
    }

    private static func firstWord(of path: String) -> String {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: " ").first.map(String.init) ?? "?"
    }
}
