// What makes two requests for one order "the same": the code (with the coupon and amount asked
// for), the cart's lines in order, currency, shipping, who is buying, the context without the
// shopper's address, the booking date, and how codes are combined. Not the reply's id, nor what only
// explains or describes. A repeat may write its members in any order, so attributes are hashed one
// by one and added up.

import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Service {
    /// The fingerprint of the request, whose code has been read and found as `codeKey`.
    mutating func fingerprintOfRequest() -> Fingerprint {
        canonicalRequest.removeAll()
        let entry = parser.request.codes[0]
        appendCanonical(codeKey.bytes)
        appendCanonical(parser.bytes(of: entry.coupon))
        appendCanonical(entry.amount?.minorUnits)
        appendCanonical(entry.context)

        canonicalRequest.append(parser.request.mode.rawValue)
        canonicalRequest.append(parser.request.considersAutoCoupons ? 1 : 0)
        appendCanonical(parser.bytes(of: parser.request.customer.id))
        appendCanonical(parser.bytes(of: parser.request.customer.email))
        appendCanonical(parser.request.bookingDate)
        appendCanonical(parser.request.context, without: "ip")
        appendCanonicalCart()
        return fingerprint(of: canonicalRequest.bytes)
    }

    private mutating func appendCanonicalCart() {
        let cart = parser.request.cart
        canonicalRequest.append(cart.isGiven ? 1 : 0)
        canonicalRequest.appendLittleEndian(cart.currency.packed)
        appendCanonical(cart.shipping?.minorUnits)
        for index in parser.request.lines.indices {
            let line = parser.request.lines[index]
            appendCanonical(parser.bytes(of: line.product))
            canonicalRequest.appendLittleEndian(line.quantity)
            canonicalRequest.appendLittleEndian(line.unitPrice.minorUnits)
            canonicalRequest.append(line.isOnSale ? 1 : 0)
            appendCanonical(line.attributes)
        }
    }

    private mutating func appendCanonical(_ text: Span<UInt8>) {
        canonicalRequest.appendLittleEndian(UInt32(text.count))
        canonicalRequest.append(text)
    }

    private mutating func appendCanonical(_ number: Int64?) {
        // Amounts are not negative, so −1 is free to mean "not given".
        canonicalRequest.appendLittleEndian(number ?? -1)
    }

    private mutating func appendCanonical(_ moment: Moment?) {
        switch moment {
        case nil: canonicalRequest.append(0)
        case .instant(let instant):
            canonicalRequest.append(1)
            canonicalRequest.appendLittleEndian(instant.millisecondsSinceEpoch)
        case .local(let time):
            canonicalRequest.append(2)
            canonicalRequest.appendLittleEndian(time.milliseconds)
        case .date(let date):
            canonicalRequest.append(3)
            canonicalRequest.appendLittleEndian(date.daysSinceEpoch)
        }
    }

    /// Appends a run of attributes so that neither their order nor that of their values matters.
    private mutating func appendCanonical(_ run: Run, without left: StaticString = "") {
        var sum: UInt64 = 0
        for index in run.range {
            let attribute = parser.request.attributes[index]
            let key = parser.bytes(of: attribute.key)
            if !left.isEmpty && key.isEqual(to: left) { continue }
            let keyHash = hash64(key, seed: 0)
            sum &+= combine(keyHash, 0)
            for valueIndex in attribute.values.range {
                let value = parser.bytes(of: parser.request.values[valueIndex])
                sum &+= combine(keyHash, hash64(value, seed: 1))
            }
        }
        canonicalRequest.appendLittleEndian(sum)
    }
}
