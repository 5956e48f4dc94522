// One event is one line, and one line is one JSON object, so that `journalctl`, `jq` and every log
// shipper can read it without a pattern:
//
//     {"time":"2026-06-01T12:00:00.000Z","level":"info","message":"…","metadata":{"coupons":12}}
//
// Integers stay numbers; all other values become text. Keys are sorted, so equal events give equal
// lines.

import CouponRules
import CouponWire
import FlatStorage
import Logging

/// One line of the log.
struct LogLine {
    var level: Logger.Level
    var message: String
    var metadata: Logger.Metadata
    var time: Instant

    /// The line, with its line end.
    var bytes: [UInt8] {
        var writer = JSONWriter(appendingTo: ByteBuffer(capacity: 256))
        writer.beginObject()
        writer.key("time")
        writer.beginString()
        writer.appendTime(time, alwaysMilliseconds: true)
        writer.endString()
        writer.key("level")
        writer.string(copying: level.rawValue)
        writer.key("message")
        writer.string(copying: message)
        if !metadata.isEmpty {
            writer.key("metadata")
            writer.metadata(metadata)
        }
        writer.endObject()
        writer.endLine()
        let line = writer.finish()
        return (0..<line.count).map { line[$0] }
    }
}

extension JSONWriter {
    fileprivate mutating func metadata(_ dictionary: Logger.Metadata) {
        beginObject()
        for (key, value) in dictionary.sorted(by: { $0.key < $1.key }) {
            self.key(copying: key)
            metadata(value)
        }
        endObject()
    }

    private mutating func metadata(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): string(copying: text)
        case .stringConvertible(let value):
            if let number = value as? any BinaryInteger {
                // As text, because a counter may exceed `Int64`.
                let digits = Array(String(number).utf8)
                raw(digits.span)
            } else {
                string(copying: value.description)
            }
        case .array(let elements):
            beginArray()
            for element in elements { metadata(element) }
            endArray()
        case .dictionary(let dictionary): metadata(dictionary)
        }
    }
}
