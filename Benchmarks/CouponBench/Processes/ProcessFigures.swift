import Foundation

// Processor time is read per thread, in nanoseconds, from /proc/PID/task/*/schedstat: the figures of
// /proc/PID/stat are rounded to hundredths of a second. A server of several processes is the sum of
// its tree. Of children that ended meanwhile only the rounded sum is left, in their parent's stat:
// each process of a connection ends with it, so that sum is taken as well.

/// What the kernel reports about a running process.
enum ProcessFigures {
    /// Clock ticks per second in /proc/PID/stat, the same on every Linux that Swift runs on.
    static let ticksPerSecond = 100.0

    /// Processor seconds of a process and all its descendants since their start, in user and kernel
    /// mode; of descendants that ended, to a hundredth of a second.
    static func cpuSeconds(ofTree id: Int32) throws(ProcessFault) -> Double {
        var seconds = 0.0
        for member in [id] + descendants(of: id) {
            // One that ended since it was listed is in its parent's sum, or will be.
            guard let own = try? threadSeconds(of: member), let stat = try? Stat(of: member) else {
                if member == id { throw .file(path: "/proc/\(id)", reason: "it has ended") }
                continue
            }
            seconds += own + Double(stat.endedChildrenTicks) / ticksPerSecond
        }
        return seconds
    }

    /// Whether nothing is left of a process but its exit status, or not even that.
    static func hasEnded(_ id: Int32) -> Bool {
        guard let stat = try? Stat(of: id) else { return true }
        return stat.state == "Z" || stat.state == "X"
    }

    /// A figure of /proc/PID/status that is in kB, such as `VmRSS` or `VmHWM`, in bytes.
    static func memory(_ field: String, of id: Int32) throws(ProcessFault) -> Int {
        let path = "/proc/\(id)/status"
        for line in try text(path).split(separator: "\n") where line.hasPrefix(field + ":") {
            if let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first
                .flatMap({ Int($0) })
            {
                return kilobytes * 1_024
            }
        }
        throw .file(path: path, reason: "it has no \(field)")
    }

    private static func threadSeconds(of id: Int32) throws(ProcessFault) -> Double {
        let path = "/proc/\(id)/task"
        let threads: [String]
        do {
            threads = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
        var nanoseconds = 0.0
        for thread in threads {
            // A thread that ended since it was listed had no more to say.
            guard let text = try? text("\(path)/\(thread)/schedstat") else { continue }
            nanoseconds += text.split(separator: " ").first.flatMap { Double($0) } ?? 0
        }
        return nanoseconds / 1e9
    }

    /// The processes that descend from this one.
    static func descendants(of id: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var children: [Int32: [Int32]] = [:]
        for name in names {
            guard let process = Int32(name), let stat = try? Stat(of: process) else { continue }
            children[stat.parent, default: []].append(process)
        }
        var found = children[id] ?? []
        var next = 0
        while next < found.count {
            found += children[found[next]] ?? []
            next += 1
        }
        return found
    }

    /// The fields of /proc/PID/stat that are needed here.
    private struct Stat {
        /// `Z` has ended and was not waited for yet.
        var state: Substring
        var parent: Int32
        /// User and kernel time of children that ended and were waited for.
        var endedChildrenTicks: Int

        init(of id: Int32) throws(ProcessFault) {
            let path = "/proc/\(id)/stat"
            let text = try ProcessFigures.text(path)
            // The name, in brackets, may hold anything; the fields behind it are numbered from 3.
            let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
            guard fields.count > 15, let parent = Int32(fields[2]), let user = Int(fields[14]),
                let kernel = Int(fields[15])
            else { throw .file(path: path, reason: "it is not in the form of proc(5)") }
            state = fields[1]
            self.parent = parent
            endedChildrenTicks = user + kernel
        }
    }

    private static func text(_ path: String) throws(ProcessFault) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }
}
