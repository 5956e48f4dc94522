import ArgumentParser
import Foundation

/// Which daemon is measured, and where.
struct MeasuredPrograms: ParsableArguments {
    @Option(help: "The folder with coupond; the one of this program when not given.")
    var binaries: String?

    @Option(help: "An existing folder to work in, on the disk in question.")
    var scratch: String?

    /// The daemon's path.
    var coupond: String { "\(folder)/coupond" }

    private var folder: String {
        binaries
            ?? URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().path
    }

    /// Says on standard error what is being done; standard output is for the report.
    static func say(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
