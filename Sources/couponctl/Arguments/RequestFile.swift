import ArgumentParser
import CouponClient
import Foundation

/// A request that somebody wrote as JSON, over as many lines as they liked.
struct RequestFile {
    /// The request as one line.
    let line: String

    /// Reads the file at `path`, or standard input for `-`.
    init(path: String, for operation: CouponOperation) throws(ValidationError) {
        let bytes: Data
        do {
            bytes =
                path == "-"
                ? try FileHandle.standardInput.readToEnd() ?? Data()
                : try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ValidationError("Cannot read \(path): \(error.localizedDescription)")
        }
        try self.init(text: String(decoding: bytes, as: UTF8.self), for: operation)
    }

    /// Takes a request that is for `operation`, or names none and so becomes one for it.
    init(text: String, for operation: CouponOperation) throws(ValidationError) {
        // Strict JSON has line ends between tokens only, so that a blank can replace each.
        let flat = String(text.map { $0.isNewline ? " " : $0 })
            .trimmingCharacters(in: .whitespaces)
        let request: [String: JSONValue]
        do {
            request = try JSONDecoder().decode(
                [String: JSONValue].self, from: Data(flat.utf8))
        } catch {
            throw ValidationError("The request is no JSON object.")
        }
        switch request["op"] {
        case .string(operation.name):
            line = flat
        case nil:
            // The text is kept as it was written; only the missing field goes in front.
            let rest = flat.dropFirst().drop(while: \.isWhitespace)
            line = "{\"op\":\"\(operation.name)\"" + (request.isEmpty ? "" : ",") + rest
        case .some(let other):
            throw ValidationError("The request's op is \(other), not \"\(operation.name)\".")
        }
    }
}
