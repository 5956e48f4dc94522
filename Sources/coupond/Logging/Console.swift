import Posix
import SystemPackage

/// Plain messages for the operator on standard error: that the daemon is ready, or why it is not.
enum Console {
    /// Everything that a daemon writes to standard error, in its order.
    static let stream = LogStream(to: .standardError)

    /// Prints `coupond: ` and the text. It never waits.
    static func say(_ text: String) { stream.append(line("coupond: \(text)")) }

    /// Prints lines before a daemon ends. A reader that takes them gets all of them; one that takes
    /// nothing for half a second does not keep the process any longer.
    static func report(_ lines: [String]) {
        stream.appendPatiently(lines.map(line))
        stream.flush(millisecondsMax: .max / 2)
    }

    /// Prints the result of a check, and waits for a reader such as a pager.
    static func show(_ lines: [String]) {
        do throws(PosixFault) {
            for text in lines {
                try writeWhole(line(text), to: FileDescriptor.standardError.rawValue)
            }
        } catch {
            // The exit status says the same.
            return
        }
    }

    private static func line(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }
}
