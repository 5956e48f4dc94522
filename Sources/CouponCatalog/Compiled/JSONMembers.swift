// What replies copy is put into JSON while the catalog is compiled, where memory may be taken
// freely: texts are strings here, and the writer of replies never sees them.

import CouponRules
import FlatStorage

/// Writes the members of an object that somebody else begins and ends: each begins with a comma.
struct JSONMembers: ~Copyable {
    private var text = ByteBuffer()
    private var needsComma = true

    var isEmpty: Bool { text.count == 0 }
    var bytes: Span<UInt8> { @_lifetime(borrow self) get { text.bytes } }

    // MARK: Structure

    /// One value must follow.
    mutating func key(_ name: String) {
        string(name)
        text.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func beginObject() { begin(UInt8(ascii: "{")) }
    mutating func endObject() { end(UInt8(ascii: "}")) }
    mutating func beginArray() { begin(UInt8(ascii: "[")) }
    mutating func endArray() { end(UInt8(ascii: "]")) }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        text.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        text.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { text.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    // MARK: Values

    mutating func integer(_ value: Int64) {
        separate()
        text.append(String(value).utf8.span)
    }

    mutating func string(_ value: String) {
        separate()
        text.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case 0..<0x20:
                text.append("\\u00" as StaticString)
                let hex = String(byte, radix: 16)
                text.append((byte < 0x10 ? "0" + hex : hex).utf8.span)
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    /// A number with as many digits after the point as it needs, such as `20` or `33.3333`.
    mutating func percent(_ percent: Percent) {
        let (whole, fraction) = percent.partsPerMillion.quotientAndRemainder(dividingBy: 10_000)
        separate()
        text.append(String(whole).utf8.span)
        if fraction == 0 { return }
        // In front of the fraction, a one keeps its zeros.
        var digits = String(10_000 + fraction).dropFirst()
        while digits.hasSuffix("0") { digits.removeLast() }
        text.append(UInt8(ascii: "."))
        text.append(String(digits).utf8.span)
    }

    /// `{"USD":1500,"JPY":1500}`.
    mutating func amounts(_ amounts: AmountMap) {
        beginObject()
        for amount in amounts {
            key(amount.currency.description)
            integer(amount.amount.minorUnits)
        }
        endObject()
    }

    /// One map as an object, several as a list of objects: as they may be written.
    mutating func cover(_ maps: [AttributeMap]) {
        if maps.count == 1 { return attributes(maps[0]) }
        beginArray()
        for map in maps { attributes(map) }
        endArray()
    }

    private mutating func attributes(_ map: AttributeMap) {
        beginObject()
        for entry in map.entries {
            key(entry.attribute)
            beginArray()
            for value in entry.values { string(value) }
            endArray()
        }
        endObject()
    }
}
