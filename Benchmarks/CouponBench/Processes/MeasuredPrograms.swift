import ArgumentParser
import Foundation

/// Which daemon is measured, and where.
struct MeasuredPrograms: ParsableArguments {
    @Option(
        help: ArgumentHelp("Where coupond is (default: beside this program).", valueName: "dir"))
    var binaries: String?

    @Option(
        help: ArgumentHelp(
            "An existing folder to work in, on the disk in question.", valueName: "dir"))
    var scratch: String?

    /// The daemon's path.
    var coupond: String {
        let own = Bundle.main.executableURL?.deletingLastPathComponent().path
        return "\(URL(filePath: binaries ?? own ?? ".").standardizedFileURL.path)/coupond"
    }

    /// Says on standard error what is being done; standard output is for the report.
    static func say(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
