// What makes two requests for one order "the same": the set of codes, each with the coupon, amount
// and context asked for with it; the cart's lines in order, currency, shipping, who is buying, the
// context without the shopper's address, the booking date, and how codes are combined. Not the
// reply's id, nor what only explains or describes. A repeat may write its members in any order, so
// codes and attributes are hashed one by one and added up.

import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// Writes a request in the one form in which repeats are alike.
struct CanonicalRequest: ~Copyable {
    private var bytes = ByteBuffer(capacity: 1_024)

    /// The fingerprint of the parser's request. `codeHashes` has a hash of each code's folded text.
    mutating func fingerprint(
        of parser: borrowing RequestParser, codeHashes: borrowing FlatArray<UInt64>
    ) -> Fingerprint {
        var codes: UInt64 = 0
        for place in parser.request.codes.indices {
            let entry = parser.request.codes[place]
            bytes.removeAll()
            bytes.appendLittleEndian(codeHashes[place])
            append(parser.bytes(of: entry.coupon))
            append(entry.amount?.minorUnits)
            append(entry.context, of: parser)
            codes &+= hash64(bytes.bytes, seed: 0)
        }
        bytes.removeAll()
        bytes.appendLittleEndian(codes)
        bytes.append(parser.request.mode.rawValue)
        bytes.append(parser.request.considersAutoCoupons ? 1 : 0)
        append(parser.bytes(of: parser.request.customer.id))
        append(parser.bytes(of: parser.request.customer.email))
        append(parser.request.bookingDate)
        append(parser.request.context, of: parser, leavesAddressOut: true)
        appendCart(of: parser)
        return FlatStorage.fingerprint(of: bytes.bytes)
    }

    private mutating func appendCart(of parser: borrowing RequestParser) {
        let cart = parser.request.cart
        bytes.append(cart.isGiven ? 1 : 0)
        bytes.appendLittleEndian(cart.currency.packed)
        append(cart.shipping?.minorUnits)
        for index in parser.request.lines.indices {
            let line = parser.request.lines[index]
            append(parser.bytes(of: line.product))
            bytes.appendLittleEndian(line.quantity)
            bytes.appendLittleEndian(line.unitPrice.minorUnits)
            bytes.append(line.isOnSale ? 1 : 0)
            append(line.attributes, of: parser)
        }
    }

    private mutating func append(_ text: Span<UInt8>) {
        bytes.appendLittleEndian(UInt32(text.count))
        bytes.append(text)
    }

    private mutating func append(_ number: Int64?) {
        // Amounts are not negative, so −1 is free to mean "not given".
        bytes.appendLittleEndian(number ?? -1)
    }

    private mutating func append(_ moment: Moment?) {
        switch moment {
        case nil: bytes.append(0)
        case .instant(let instant):
            bytes.append(1)
            bytes.appendLittleEndian(instant.millisecondsSinceEpoch)
        case .local(let time):
            bytes.append(2)
            bytes.appendLittleEndian(time.milliseconds)
        case .date(let date):
            bytes.append(3)
            bytes.appendLittleEndian(date.daysSinceEpoch)
        }
    }

    /// Appends a run of attributes so that neither their order nor that of their values matters.
    private mutating func append(
        _ run: Run, of parser: borrowing RequestParser, leavesAddressOut: Bool = false
    ) {
        var sum: UInt64 = 0
        for index in run.range {
            let attribute = parser.request.attributes[index]
            let key = parser.bytes(of: attribute.key)
            // The shopper's address changes while a shopper moves about.
            if leavesAddressOut && key.isAddressName { continue }
            let keyHash = hash64(key, seed: 0)
            sum &+= combine(keyHash, 0)
            for valueIndex in attribute.values.range {
                let value = parser.bytes(of: parser.request.values[valueIndex])
                sum &+= combine(keyHash, hash64(value, seed: 1))
            }
        }
        bytes.appendLittleEndian(sum)
    }
}

extension Span where Element == UInt8 {
    /// Whether this is `ip`, the attribute of the context that holds the shopper's address.
    fileprivate var isAddressName: Bool {
        count == 2 && self[0] == UInt8(ascii: "i") && self[1] == UInt8(ascii: "p")
    }
}
