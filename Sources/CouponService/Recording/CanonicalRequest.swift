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

    /// The fingerprint of the request. `codeHashes` has a hash of each code's folded text.
    mutating func fingerprint(
        of request: borrowing IncomingRequest, codeHashes: borrowing FlatArray<UInt64>
    ) -> Fingerprint {
        var codes: UInt64 = 0
        for place in request.fields.codes.indices {
            let entry = request.fields.codes[place]
            bytes.removeAll()
            bytes.appendLittleEndian(codeHashes[place])
            append(request.bytes(of: entry.coupon))
            append(entry.amount?.minorUnits)
            append(entry.context, of: request)
            codes &+= hash64(bytes.bytes, seed: 0)
        }
        bytes.removeAll()
        bytes.appendLittleEndian(codes)
        bytes.append(request.fields.mode.rawValue)
        bytes.append(request.fields.considersAutoCoupons ? 1 : 0)
        append(request.bytes(of: request.fields.customer.id))
        append(request.bytes(of: request.fields.customer.email))
        append(request.fields.bookingDate)
        append(request.fields.context, of: request, leavesAddressOut: true)
        appendCart(of: request)
        return FlatStorage.fingerprint(of: bytes.bytes)
    }

    private mutating func appendCart(of request: borrowing IncomingRequest) {
        let cart = request.fields.cart
        bytes.append(cart.isGiven ? 1 : 0)
        bytes.appendLittleEndian(cart.currency.packed)
        append(cart.shipping?.minorUnits)
        for index in request.fields.lines.indices {
            let line = request.fields.lines[index]
            append(request.bytes(of: line.product))
            bytes.appendLittleEndian(line.quantity)
            bytes.appendLittleEndian(line.unitPrice.minorUnits)
            bytes.append(line.isOnSale ? 1 : 0)
            append(line.attributes, of: request)
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
        _ run: Run, of request: borrowing IncomingRequest, leavesAddressOut: Bool = false
    ) {
        var sum: UInt64 = 0
        for index in run.range {
            let attribute = request.fields.attributes[index]
            let key = request.bytes(of: attribute.key)
            // The shopper's address changes while a shopper moves about.
            if leavesAddressOut && key.isAddressName { continue }
            let keyHash = hash64(key, seed: 0)
            sum &+= combine(keyHash, 0)
            for valueIndex in attribute.values.range {
                let value = request.bytes(of: request.fields.values[valueIndex])
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
