// One event is one line, and one line is one JSON object, so that `journalctl`, `jq` and every log
// shipper can read it without a pattern:
//
//     {"time":"2026-06-01T12:00:00.000Z","level":"info","message":"…","metadata":{"coupons":12}}
//
// Integers stay numbers; all other values become text. Keys are sorted, so equal events give equal
// lines.
//
// A pipe takes up to 4,096 bytes whole or not at all, also while its reader is slow, and also when
// the process ends. So no line is longer: long texts are shortened.

import CouponRules
import CouponWire
import FlatStorage
import Logging
import Posix

/// One line of the log.
struct LogLine {
    var level: Logger.Level
    var message: String
    var metadata: Logger.Metadata = [:]
    var time: Instant

    static let byteCountMax = 4_096

    /// The line, with its line end.
    var bytes: [UInt8] {
        var whole = encoded()
        var shortened = self
        var textBytesMax = Self.byteCountMax / 4
        while whole.count > Self.byteCountMax {
            shortened.message = message.cut(to: textBytesMax)
            // Texts of nothing but an ellipsis: there are too many of them.
            shortened.metadata =
                textBytesMax < 16 ? [:] : metadata.mapValues { $0.cut(to: textBytesMax) }
            whole = shortened.encoded()
            textBytesMax /= 2
        }
        return whole
    }

    private func encoded() -> [UInt8] {
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

extension Logger.MetadataValue {
    /// The same with shorter texts. A number has few digits.
    fileprivate func cut(to byteCountMax: Int) -> Logger.MetadataValue {
        switch self {
        case .string(let text): .string(text.cut(to: byteCountMax))
        case .stringConvertible(let value):
            value is any BinaryInteger ? self : .string(value.description.cut(to: byteCountMax))
        case .array(let elements): .array(elements.map { $0.cut(to: byteCountMax) })
        case .dictionary(let dictionary):
            .dictionary(dictionary.mapValues { $0.cut(to: byteCountMax) })
        }
    }
}

extension String {
    /// The text, or its beginning and an ellipsis.
    fileprivate func cut(to byteCountMax: Int) -> String {
        if utf8.count <= byteCountMax { return self }
        return String(decoding: utf8.prefix(byteCountMax), as: UTF8.self) + "…"
    }
}

extension Instant {
    /// The time of day now.
    static var present: Instant { Instant(millisecondsSinceEpoch: WallClock.now) }
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
