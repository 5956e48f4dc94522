// The values of definitions as the JSON of replies. The facts are prepared while the catalog is
// compiled, on a path that may allocate.

import CouponRules
import Definitions
import FlatStorage

extension JSONWriter {
    /// A number with as many digits after the point as it needs, such as `20` or `33.3333`.
    mutating func percent(_ percent: Percent) {
        let (whole, fraction) = percent.partsPerMillion.quotientAndRemainder(dividingBy: 10_000)
        var number = String(whole)
        if fraction != 0 {
            // The leading one keeps the zeros of the fraction.
            var digits = String(10_000 + fraction).dropFirst()
            while digits.hasSuffix("0") { digits.removeLast() }
            number += "." + digits
        }
        raw(number.utf8.span)
    }

    /// `{"USD":1500,"JPY":1500}`.
    mutating func amounts(_ amounts: AmountMap) {
        beginObject()
        for amount in amounts {
            key(copying: amount.currency.description)
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
            key(copying: entry.attribute)
            beginArray()
            for value in entry.values { string(copying: value) }
            endArray()
        }
        endObject()
    }
}
