import ArgumentParser
import CouponClient
import Foundation

/// A request written as JSON, on one or several lines.
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

    /// Reads a request for `operation`. If it has no `op`, it gets one.
    init(text: String, for operation: CouponOperation) throws(ValidationError) {
        // JSON has line ends between tokens only, so a blank can replace each.
        let flat = String(text.map { $0.isNewline ? " " : $0 })
            .trimmingCharacters(in: .whitespaces)
        let request: [String: JSONValue]
        do {
            request = try JSONDecoder().decode([String: JSONValue].self, from: Data(flat.utf8))
        } catch {
            throw ValidationError("The request is not a JSON object.")
        }
        switch request["op"] {
        case .string(operation.name):
            line = flat
        case nil:
            // The text stays as it was written, after the missing field.
            let rest = flat.dropFirst().drop(while: \.isWhitespace)
            line = "{\"op\":\"\(operation.name)\"" + (request.isEmpty ? "" : ",") + rest
        case .some(let other):
            throw ValidationError("The request's op must be \"\(operation.name)\", not \(other).")
        }
    }
}
