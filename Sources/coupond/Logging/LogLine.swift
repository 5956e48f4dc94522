// One event is one line, and one line is one JSON object, so that `journalctl`, `jq` and every log
// shipper can read it without a pattern:
//
//     {"time":"2026-06-01T12:00:00.000Z","level":"info","message":"…","metadata":{"coupons":12}}
//
// Integers stay numbers; everything else becomes text. Keys are sorted: equal events, equal lines.

import CouponRules
import Logging

/// One line of the log.
struct LogLine {
    var level: Logger.Level
    var message: String
    var metadata: Logger.Metadata
    var time: Instant

    /// The line, with its line end.
    var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.append("{\"time\":\"")
        writer.append(time)
        writer.append("\",\"level\":\"\(level.rawValue)\",\"message\":")
        writer.appendString(message)
        if !metadata.isEmpty {
            writer.append(",\"metadata\":")
            writer.append(metadata)
        }
        writer.append("}\n")
        return writer.bytes
    }
}

private struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ raw: String) {
        bytes.append(contentsOf: raw.utf8)
    }

    mutating func append(_ dictionary: Logger.Metadata) {
        append("{")
        var isFirst = true
        for (key, value) in dictionary.sorted(by: { $0.key < $1.key }) {
            if !isFirst { append(",") }
            isFirst = false
            appendString(key)
            append(":")
            append(value)
        }
        append("}")
    }

    private mutating func append(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): appendString(text)
        case .stringConvertible(let value):
            if let number = value as? any BinaryInteger {
                append(String(number))
            } else {
                appendString(value.description)
            }
        case .array(let elements):
            append("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { append(",") }
                append(element)
            }
            append("]")
        case .dictionary(let dictionary): append(dictionary)
        }
    }

    mutating func appendString(_ text: String) {
        append("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\t"): append("\\t")
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                append(digits.count == 1 ? "\\u000\(digits)" : "\\u00\(digits)")
            default: bytes.append(byte)
            }
        }
        append("\"")
    }

    /// ISO 8601 in UTC, to the millisecond.
    mutating func append(_ time: Instant) {
        let wall = CivilTime(milliseconds: time.millisecondsSinceEpoch)
        let (year, month, day) = wall.date.yearMonthDay
        let (seconds, milliseconds) = wall.millisecondsOfDay.quotientAndRemainder(
            dividingBy: 1_000)
        append(padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T")
        append(padded(Int(seconds / 3_600), 2) + ":" + padded(Int(seconds / 60 % 60), 2))
        append(":" + padded(Int(seconds % 60), 2) + "." + padded(Int(milliseconds), 3) + "Z")
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
