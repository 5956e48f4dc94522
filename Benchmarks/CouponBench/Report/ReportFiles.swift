import ArgumentParser
import Foundation

/// Where a command writes its report, besides standard output.
struct ReportFiles: ParsableArguments {
    @Option(name: .customLong("json"), help: ArgumentHelp("Write it as JSON.", valueName: "file"))
    var jsonPath: String?

    @Option(
        name: .customLong("html"),
        help: ArgumentHelp("Write it as a page with its plots.", valueName: "file"))
    var htmlPath: String?

    @Option(
        name: .customLong("svg"),
        help: ArgumentHelp("Write each plot as a file into a folder.", valueName: "dir"))
    var svgFolder: String?

    /// Prints the report, and writes the files that were asked for.
    func write(_ report: Report) throws {
        print(report.text, terminator: "")
        if let jsonPath { try write(report.json(), to: jsonPath) }
        if let htmlPath { try write(report.html, to: htmlPath) }
        guard let svgFolder else { return }
        try FileManager.default.createDirectory(
            atPath: svgFolder, withIntermediateDirectories: true)
        for drawing in report.drawings {
            try write(drawing.svg, to: "\(svgFolder)/\(drawing.name).svg")
        }
    }

    /// Finds out before a long measurement whether its report could be written.
    func validate() throws {
        for path in [jsonPath, htmlPath].compactMap(\.self) {
            let folder = URL(filePath: path).deletingLastPathComponent().path
            guard FileManager.default.isWritableFile(atPath: folder) else {
                throw ValidationError("\(path) cannot be written: no such folder, or no right to.")
            }
        }
    }

    private func write(_ text: String, to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw ProcessFault.file(path: path, reason: error.localizedDescription)
        }
    }
}
