import Foundation

// On a machine with few processors, who had them when explains most of what latencies show. The
// kernel keeps count: for each thread how long it ran and how long it was ready to and waited
// (/proc/PID/task/TID/schedstat), and for all together (/proc/stat, to a hundredth of a second).

/// Who had the processors since some time.
struct PhaseProcessors {
    /// The daemon's loop.
    private(set) var loopRan = 0.0
    private(set) var loopWaited = 0.0
    /// Processes that are neither the daemon nor this one, and what the host kept for itself.
    private(set) var othersRan = 0.0
    /// All that there was, used or not.
    private(set) var available = 0.0

    /// No time at all.
    init() {}

    /// Until now. The daemon's loop is the thread that its process began with.
    init(of daemon: Int32) throws(ProcessFault) {
        let loop = try Self.numbers(
            in: "/proc/\(daemon)/task/\(daemon)/schedstat", from: "", atLeast: 2)
        loopRan = loop[0] / 1e9
        loopWaited = loop[1] / 1e9
        // user, nice, system, idle, waiting for a disk, interrupts of two kinds, kept by the host.
        let ticks = try Self.numbers(in: "/proc/stat", from: "cpu ", atLeast: 8)
        let seconds = ticks[..<8].map { $0 / ProcessFigures.ticksPerSecond }
        available = seconds.reduce(0, +)
        let own = ProcessInfo.processInfo.processIdentifier
        othersRan =
            available - seconds[3] - seconds[4]
            - (try ProcessFigures.cpuSeconds(ofTree: own))
    }

    /// Of all that there was.
    var shareOfOthers: Double { othersRan / max(0.01, available) }

    mutating func add(from start: PhaseProcessors, to end: PhaseProcessors) {
        loopRan += end.loopRan - start.loopRan
        loopWaited += end.loopWaited - start.loopWaited
        othersRan += end.othersRan - start.othersRan
        available += end.available - start.available
    }

    /// The numbers of the line that begins so.
    private static func numbers(
        in path: String, from prefix: String, atLeast count: Int
    ) throws(ProcessFault) -> [Double] {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix(prefix) } ?? ""
        let numbers = line.dropFirst(prefix.count).split(separator: " ").compactMap { Double($0) }
        if numbers.count < count { throw .file(path: path, reason: "it is not as proc(5) says") }
        return numbers
    }
}
