import FlatStorage

// # The image of an order, version 3
//
// One self-contained run of bytes describes an order: what was asked, what was answered and exactly
// what is consumed. Replay and release read it and never recompute, because zones,
// offers and definitions may have changed since. The snapshot and the
// journal hold it as it is. The names of store and order stand beside it, as its key.
//
// Integers are little-endian and unsigned. A *varint* is LEB128 in its shortest form; a *text* is a
// varint length and that many bytes of UTF-8. Times are milliseconds since 1970, money is in minor
// units; either is below 2^63.
//
// ```
// offset size
//      0    1  version: 3 where one of the last two modes is set, otherwise 2
//      1    1  state: 1 reserved, 2 applied, 3 partly applied, 4 released
//      2    2  modes: bit 0 partial, bit 1 auto, bit 2 has a cart; in version 3: bit 3 booked for a
//              date, bit 4 kept from another date than that of the decision; the rest 0
//      4    4  length of the image, this header included
//      8    8  time of the decision
//     16    8  time of the reserve that it took over; 0 = none
//     24    8  time at which its holds lapse; 0 = none
//     32   16  fingerprint of the canonical request, low half first
//     48    4  currency: three letters A–Z, first letter highest of the low 24 bits; 0 = none
//     52    4  number of cart lines, L
//     56    8  subtotal
//     64    8  shipping
//     72    8  discount
//     80    8  shipping discount
//     88    8  total
//     96    2  number of metadata pairs
//     98    2  number of codes
//    100    8  time at which codes were given back last; 0 = never
//    108    8  the time that the order is booked for, where mode bit 3 says so
//           8  the date of the purge at the decision, where mode bit 4 says so
//              customer: text id, text e-mail; empty = none
//              line discounts: L varints
//              metadata: for each pair, text name, text value
//              codes, for each:
//                2  flags: bit 0 valid, bit 1 has line discounts, bit 2 given back,
//                   bit 3 not asked for (an automatic coupon), bit 4 of its own case only,
//                   bit 5 given back by the latest release, bit 6 its uses are not given back,
//                   bit 7 only held when it was given back, bit 8 a gift card; the rest 0
//                1  reason of the refusal; 0 where the code is valid
//                8  redemption number; 0 = none
//                   varint discount, varint shipping discount
//                   text code, text coupon, text usage key (`store \0 coupon`); of a gift card
//                   its id stands as the coupon, and the discount is what it pays
//                   line discounts: L varints, where flag bit 1 says so
//                   text fragment: the members of the reply's entry, as they were said
//                1  number of consumptions, for each:
//                     1  kind of the counter
//                        text coupon part; empty = the code's usage key
//                        text detail, varint amount
// ```
//
// Version 1 has one byte of flags, of which bits 0 to 4 are known, and ends its header at 100. It
// is read, and becomes version 2 when its order changes.
//
// A reserve that lapsed is released, has no codes and still says when its holds lapsed.
//
// Changing this is a new version number, and a reader for all before.

/// The facts of an image about the order as a whole.
package struct OrderFacts: Equatable, Sendable, BitwiseCopyable {
    package var state: OrderState
    package var modes: OrderModes = []
    /// When the verdict was given, in milliseconds since 1970.
    package var decidedAt: Int64
    /// When the holds that were taken over were made; 0 when there were none.
    package var reservedAt: Int64 = 0
    /// When the holds lapse, or lapsed; 0 when the order holds nothing and did not lapse.
    package var expiresAt: Int64 = 0
    /// When codes were given back last; 0 when none ever was.
    package var releasedAt: Int64 = 0
    /// The time that the order is booked for; 0 when it is booked for none. A date counts as its
    /// beginning in UTC.
    package var bookedFor: Int64 = 0
    /// The date from which the order is kept, by the calendar of the purge; 0 where that is
    /// ``decidedAt``.
    package var keptFrom: Int64 = 0
    /// Of the canonical request: equal for what counts as the same request again.
    package var request: Fingerprint
    /// The currency's three letters, packed; 0 without a cart.
    package var currency: UInt32 = 0
    package var subtotal: Int64 = 0
    package var shipping: Int64 = 0
    package var discount: Int64 = 0
    package var shippingDiscount: Int64 = 0
    package var total: Int64 = 0

    package init(state: OrderState, decidedAt: Int64, request: Fingerprint) {
        self.state = state
        self.decidedAt = decidedAt
        self.request = request
    }

    /// Whether the order held uses until their time was over, and has done nothing since.
    package var isLapsed: Bool { state == .released && expiresAt > 0 }

    /// When an order that is released ended.
    var endedAt: Int64 { max(decidedAt, releasedAt, expiresAt) }
}

// The two sets are written with each order, by another target: to be inlined there they are frozen.

/// How the request asked to be judged. The bits are on disk: never reuse one.
@frozen @usableFromInline
package struct OrderModes: OptionSet, Sendable, BitwiseCopyable {
    @usableFromInline package let rawValue: UInt16

    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Refused codes were skipped.
    package static let partial = OrderModes(rawValue: 1)
    /// Coupons that need no code were considered.
    package static let auto = OrderModes(rawValue: 2)
    /// The request had a cart: its money fields mean something.
    package static let hasCart = OrderModes(rawValue: 4)
    /// The request named a booking date. The image's writer sets it.
    static let isBooked = OrderModes(rawValue: 8)
    /// The date of the purge was not that of the clock. The image's writer sets it.
    static let isDated = OrderModes(rawValue: 16)

    static func known(in version: UInt8) -> OrderModes {
        version < OrderImageLayout.datedVersion
            ? [.partial, .auto, .hasCart] : [.partial, .auto, .hasCart, .isBooked, .isDated]
    }
}

/// The facts of an image about one code, beside its texts.
package struct CodeFacts: Equatable, Sendable, BitwiseCopyable {
    package var flags: CodeFlags
    /// Why the code was refused; 0 when it was not.
    package var reason: UInt8 = 0
    /// The redemption's number; 0 when nothing was redeemed.
    package var redemption: UInt64 = 0
    package var discount: Int64 = 0
    package var shippingDiscount: Int64 = 0

    package init(flags: CodeFlags) { self.flags = flags }

    /// Whether the code passed and was not given back: whether there is something to give back.
    package var isLeft: Bool { flags.contains(.valid) && !flags.contains(.released) }
}

/// How a code fared. The bits are on disk: never reuse one.
@frozen @usableFromInline
package struct CodeFlags: OptionSet, Sendable, BitwiseCopyable {
    @usableFromInline package let rawValue: UInt16

    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The code passed.
    package static let valid = CodeFlags(rawValue: 1)
    /// The entry has line discounts of its own, as many as the order has lines.
    package static let hasLineDiscounts = CodeFlags(rawValue: 2)
    /// The code was given back.
    package static let released = CodeFlags(rawValue: 4)
    /// The coupon is automatic: the reply's entry has no code.
    package static let automatic = CodeFlags(rawValue: 8)
    /// The code is another one in another case.
    package static let caseSensitive = CodeFlags(rawValue: 16)
    /// The code was given back by the latest release.
    package static let lastRelease = CodeFlags(rawValue: 32)
    /// Once applied, its uses stay counted also when it is given back; its money returns.
    package static let keepsUse = CodeFlags(rawValue: 64)
    /// The code was only held when it was given back.
    package static let wasHeld = CodeFlags(rawValue: 128)
    /// The entry is a gift card: `coupon` is its id, and `discount` is what it pays.
    package static let giftCard = CodeFlags(rawValue: 256)

    /// What an image of this version may say.
    static func known(in version: UInt8) -> CodeFlags {
        CodeFlags(rawValue: version == 1 ? 0b1_1111 : 0b1_1111_1111)
    }
}

/// An image that does not follow its layout.
package struct OrderImageFault: Error, Equatable {
    /// What could not be read.
    package enum Part: Sendable {
        case version, length, state, modes, time, currency, money, customer, lineDiscount, metadata
        case code, consumption, end
    }

    package var part: Part
    /// Offset in the image, in bytes, at or shortly before the damage.
    package var offset: Int
}

/// Sizes and places of the image's header.
enum OrderImageLayout {
    static let version: UInt8 = 2
    /// Of an image that has one of the dates that few orders have.
    static let datedVersion: UInt8 = 3
    static let versions: ClosedRange<UInt8> = 1...datedVersion
    static let lengthOffset = 4
    static let lineCountOffset = 52
    static let metadataCountOffset = 96
    static let codeCountOffset = 98

    static func headerLength(in version: UInt8) -> Int { version == 1 ? 100 : 108 }
}
