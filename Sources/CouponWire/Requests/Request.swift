import CouponRules
import FlatStorage

// One request value serves all lines. Texts are ranges of the parser's bytes. Lists lie in flat
// arrays, and the owner of a part of one names it by a `Run`. So reading a request follows no
// reference and counts none. The setters are for the reader in `Request+Reading.swift`.

/// A text of the last line parsed: a range of ``RequestParser/bytes(of:)``.
@frozen @usableFromInline
package struct Text: Equatable, Sendable, BitwiseCopyable {
    @usableFromInline package var start: UInt32
    @usableFromInline package var count: UInt32

    @inlinable
    init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    /// A text that was not given.
    @inlinable package static var absent: Text { Text(start: 0, count: 0) }

    /// Empty or not given. Fields that distinguish the two say so.
    @inlinable package var isEmpty: Bool { count == 0 }

    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// A request of any operation. A field that was not given keeps its initial value.
///
/// Its fields are not private to this file: the parser fills them, part by part.
package struct Request: ~Copyable {
    /// Whether one refusal refuses all codes, or refused ones are skipped.
    package enum Mode: UInt8, Sendable, BitwiseCopyable { case all, partial }

    package internal(set) var operation = Operation.ping
    /// The `id` to echo, as it was written; empty if there is none, `null` if it cannot be read.
    package internal(set) var id = Text.absent
    /// The tenant; empty for the default store.
    package internal(set) var store = Text.absent
    package internal(set) var mode = Mode.all
    package internal(set) var considersAutoCoupons = false
    package internal(set) var explains = false
    /// Whether a reload takes definitions that look as if a part were missing.
    package internal(set) var isForced = false
    package internal(set) var at: Moment?
    package internal(set) var bookingDate: Moment?
    /// How long a reserve holds, 1 ... 604,800 seconds.
    package internal(set) var holdSeconds = Request.holdSecondsDefault
    package internal(set) var order = Text.absent
    package internal(set) var holdOf = Text.absent
    /// The coupon to release, or the owner of the code in question.
    package internal(set) var coupon = Text.absent
    package internal(set) var customer = RequestCustomer()
    package internal(set) var cart = RequestCart()
    /// Attributes of the request as a whole, a run of ``attributes``.
    package internal(set) var context = Run.empty
    /// The codes in the order of the request.
    package internal(set) var codes: FlatArray<CodeEntry>
    /// The lines of the cart.
    package internal(set) var lines: FlatArray<RequestLine>
    package internal(set) var attributes: FlatArray<RequestAttribute>
    /// Values of attributes, and groups of the customer.
    package internal(set) var values: FlatArray<Text>
    package internal(set) var metadata: FlatArray<RequestMetadata>
    private let inPlace = InPlace()

    package static var holdSecondsDefault: Int64 { 900 }
    package static var codesMax: Int { 16 }
    package static var metadataBytesMax: Int { 1_024 }

    /// A request with room for the contents of any line of `lineBytesMax`.
    init(lineBytesMax: Int) {
        codes = FlatArray(capacity: Self.codesMax)
        lines = FlatArray(capacity: lineBytesMax / RequestLine.bytesMin + 1)
        attributes = FlatArray(capacity: lineBytesMax / RequestAttribute.bytesMin + 1)
        values = FlatArray(capacity: lineBytesMax / 2 + 1)
        metadata = FlatArray(capacity: lineBytesMax / RequestAttribute.bytesMin + 1)
    }

    /// Resets all fields to their initial values and keeps the memory.
    mutating func clear() {
        operation = .ping
        id = .absent
        store = .absent
        mode = .all
        considersAutoCoupons = false
        explains = false
        isForced = false
        at = nil
        bookingDate = nil
        holdSeconds = Self.holdSecondsDefault
        order = .absent
        holdOf = .absent
        coupon = .absent
        customer = RequestCustomer()
        cart = RequestCart()
        context = .empty
        codes.removeAll()
        lines.removeAll()
        attributes.removeAll()
        values.removeAll()
        metadata.removeAll()
    }
}

/// The shopper, as far as the storefront knows.
package struct RequestCustomer: Sendable, BitwiseCopyable {
    /// Whether a customer was given, even an empty object.
    package internal(set) var isGiven = false
    /// Empty when not given.
    package internal(set) var id = Text.absent
    /// Trimmed and in small letters; empty when not given.
    package internal(set) var email = Text.absent
    /// A run of ``Request/values``.
    package internal(set) var groups = Run.empty
    /// Orders made before this one.
    package internal(set) var orders: Int64?
}

/// The purchase. Its lines are ``Request/lines``.
package struct RequestCart: Sendable, BitwiseCopyable {
    package internal(set) var isGiven = false
    package internal(set) var currency = Currency.none
    package internal(set) var shipping: Money?
}

/// A line of the cart.
package struct RequestLine: Sendable, BitwiseCopyable {
    package internal(set) var id = Text.absent
    package internal(set) var product = Text.absent
    /// At least 1.
    package internal(set) var quantity: Int64 = 0
    package internal(set) var unitPrice = Money.zero
    package internal(set) var isOnSale = false
    /// The further attributes of the line, a run of ``Request/attributes``.
    package internal(set) var attributes = Run.empty

    /// `{"product":1,"quantity":1,"unit_price":1},` is the shortest line.
    static var bytesMin: Int { 43 }
}

/// One key of a line or a context with its values. An attribute without values was given as `[]`: on
/// a line, it hides the attribute of the context.
package struct RequestAttribute: Sendable, BitwiseCopyable {
    package internal(set) var key: Text
    /// A run of ``Request/values``.
    package internal(set) var values: Run

    /// `"":1,` is the shortest attribute.
    static var bytesMin: Int { 5 }
}

/// A code that the request names.
package struct CodeEntry: Sendable, BitwiseCopyable {
    package internal(set) var code = Text.absent
    /// Which of several owners of the code is meant; empty when not given.
    package internal(set) var coupon = Text.absent
    /// The most that this code may discount, or that a gift card may pay.
    package internal(set) var amount: Money?
    /// The code considers only lines that match these attributes, a run of ``Request/attributes``.
    package internal(set) var context = Run.empty
}

/// A pair that the shop stores with an order.
package struct RequestMetadata: Sendable, BitwiseCopyable {
    package internal(set) var key: Text
    package internal(set) var value: Text
}
