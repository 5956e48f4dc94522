import CouponClient
import Foundation
import Testing

/// A run of couponctl, which was built beside these tests.
struct BuiltTool {
    let status: Int32
    let output: String
    let errors: String

    init(_ arguments: [String]) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(filePath: own).deletingLastPathComponent()
            .appending(path: "couponctl")
        process.arguments = arguments
        let (standardOutput, standardError) = (Pipe(), Pipe())
        process.standardOutput = standardOutput
        process.standardError = standardError
        try process.run()
        // What is said on standard error fits into a pipe.
        let outputBytes = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        let errorBytes = try standardError.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        status = process.terminationStatus
        output = String(decoding: outputBytes, as: UTF8.self)
        errors = String(decoding: errorBytes, as: UTF8.self)
    }

    /// What was printed, each line as JSON.
    var lines: [JSONValue] {
        get throws {
            try output.split(separator: "\n").map {
                try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
            }
        }
    }
}

extension JSONValue {
    /// The elements of an array; none for anything else.
    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }
}
