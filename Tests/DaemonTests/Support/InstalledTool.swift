import Foundation

/// A program that a test needs and that a machine may lack, such as an interpreter.
struct InstalledTool {
    let path: String

    /// Finds `name` as a shell does; if it is missing, reports what is not tested.
    init?(_ name: String, for purpose: String) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let paths = folders.map { "\($0)/\(name)" }
        guard let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            print("skipped, for want of \(name): \(purpose)")
            return nil
        }
        self.path = path
    }

    /// Runs it to its end, with `variables` added to the environment.
    func run(
        _ arguments: [String], input: String = "", variables: [String: String] = [:]
    ) throws -> FinishedProgram {
        let environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        return try FinishedProgram(path, arguments, input: input, environment: environment)
    }
}
