// The same checkout is validated while the shopper types, reserved during payment and applied after
// it. So it is one value, and the three requests wrap it.

/// The codes that a shopper wants to use, with the customer and the cart.
public struct Checkout: Equatable, Sendable {
    /// The effect of one refused code among several.
    public enum Mode: String, Sendable, Codable, CaseIterable {
        /// One refusal refuses the request. This is the default.
        case all
        /// Refused codes are skipped.
        case partial
    }

    /// The tenant; nil is the default store.
    public var store: String?
    /// Up to 16 codes. It may be empty only with ``auto``.
    public var codes: [CodeRequest]
    /// Nil is ``Mode/all``.
    public var mode: Mode?
    /// Whether automatic coupons, which need no code, are considered too.
    public var auto: Bool?
    /// The customer, as far as is known.
    public var customer: Customer?
    /// The cart. Without one, only the rules that need no cart are checked.
    public var cart: Cart?
    /// Attributes of the whole request (`channel`, `country`, `site` …), inherited by the lines.
    public var context: [String: AttributeValues]
    /// Another order, such as a session, whose holds count as this order's and are taken over.
    public var holdOf: String?
    /// The date for blackout dates, weekday windows and limits per booking date, such as
    /// `2026-07-04`.
    public var bookingDate: String?
    /// Whether the reply lists every failing rule, not only the first.
    public var explain: Bool?

    /// A checkout with `codes` in a cart.
    public init(
        codes: [CodeRequest], cart: Cart? = nil, customer: Customer? = nil, store: String? = nil,
        mode: Mode? = nil, auto: Bool? = nil, context: [String: AttributeValues] = [:],
        holdOf: String? = nil, bookingDate: String? = nil, explain: Bool? = nil
    ) {
        self.store = store
        self.codes = codes
        self.mode = mode
        self.auto = auto
        self.customer = customer
        self.cart = cart
        self.context = context
        self.holdOf = holdOf
        self.bookingDate = bookingDate
        self.explain = explain
    }
}

extension Checkout: Codable {
    private enum Field: String, CodingKey {
        case store, code, codes, mode, auto, customer, cart, context, explain
        case holdOf = "hold_of"
        case bookingDate = "booking_date"
    }

    /// Reads the fields, with the codes from `code` or `codes`.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        store = try fields.decodeIfPresent(String.self, forKey: .store)
        if let code = try fields.decodeIfPresent(CodeRequest.self, forKey: .code) {
            codes = [code]
        } else {
            codes = try fields.decodeIfPresent([CodeRequest].self, forKey: .codes) ?? []
        }
        mode = try fields.decodeIfPresent(Mode.self, forKey: .mode)
        auto = try fields.decodeIfPresent(Bool.self, forKey: .auto)
        customer = try fields.decodeIfPresent(Customer.self, forKey: .customer)
        cart = try fields.decodeIfPresent(Cart.self, forKey: .cart)
        context =
            try fields.decodeIfPresent([String: AttributeValues].self, forKey: .context) ?? [:]
        holdOf = try fields.decodeIfPresent(String.self, forKey: .holdOf)
        bookingDate = try fields.decodeIfPresent(String.self, forKey: .bookingDate)
        explain = try fields.decodeIfPresent(Bool.self, forKey: .explain)
    }

    /// Writes the fields, a single plain code as `code`.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encodeIfPresent(store, forKey: .store)
        if let code = codes.first, codes.count == 1, code.isPlain {
            try fields.encode(code, forKey: .code)
        } else if !codes.isEmpty {
            try fields.encode(codes, forKey: .codes)
        }
        try fields.encodeIfPresent(mode, forKey: .mode)
        try fields.encodeIfPresent(auto, forKey: .auto)
        try fields.encodeIfPresent(customer, forKey: .customer)
        try fields.encodeIfPresent(cart, forKey: .cart)
        if !context.isEmpty { try fields.encode(context, forKey: .context) }
        try fields.encodeIfPresent(holdOf, forKey: .holdOf)
        try fields.encodeIfPresent(bookingDate, forKey: .bookingDate)
        try fields.encodeIfPresent(explain, forKey: .explain)
    }
}

/// One code of a checkout.
public struct CodeRequest: Equatable, Sendable, ExpressibleByStringLiteral {
    /// The code as the shopper typed it.
    public var code: String
    /// The coupon, if several own the code.
    public var coupon: String?
    /// The most that this code discounts, or that a gift card pays, in minor units.
    public var amount: Int64?
    /// Restricts the code to the lines with these attributes.
    public var context: [String: AttributeValues]

    /// A code, as the shopper typed it.
    public init(
        _ code: String, coupon: String? = nil, amount: Int64? = nil,
        context: [String: AttributeValues] = [:]
    ) {
        self.code = code
        self.coupon = coupon
        self.amount = amount
        self.context = context
    }

    /// A plain code.
    public init(stringLiteral code: String) { self.init(code) }

    var isPlain: Bool { coupon == nil && amount == nil && context.isEmpty }
}

extension CodeRequest: Codable {
    private enum Field: String, CodingKey {
        case code, coupon, amount, context
    }

    /// Reads a string, or an object with the code and its restrictions.
    public init(from decoder: any Decoder) throws {
        if let code = try? decoder.singleValueContainer().decode(String.self) {
            self.init(code)
            return
        }
        let fields = try decoder.container(keyedBy: Field.self)
        self.init(
            try fields.decode(String.self, forKey: .code),
            coupon: try fields.decodeIfPresent(String.self, forKey: .coupon),
            amount: try fields.decodeIfPresent(Int64.self, forKey: .amount),
            context: try fields.decodeIfPresent(
                [String: AttributeValues].self, forKey: .context) ?? [:])
    }

    /// Writes a plain code as a string, any other as an object.
    public func encode(to encoder: any Encoder) throws {
        if isPlain {
            var container = encoder.singleValueContainer()
            try container.encode(code)
            return
        }
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encode(code, forKey: .code)
        try fields.encodeIfPresent(coupon, forKey: .coupon)
        try fields.encodeIfPresent(amount, forKey: .amount)
        if !context.isEmpty { try fields.encode(context, forKey: .context) }
    }
}

/// The customer. A limit per customer counts the id and the e-mail address; the higher count decides.
public struct Customer: Equatable, Sendable {
    /// The shop's id for the customer.
    public var id: String?
    /// The e-mail address, compared without regard to case.
    public var email: String?
    /// The groups the customer is in.
    public var groups: [String]?
    /// The number of the customer's previous orders; first-order coupons require it.
    public var orders: Int64?

    /// A customer, by id, e-mail address or both.
    public init(
        id: String? = nil, email: String? = nil, groups: [String]? = nil, orders: Int64? = nil
    ) {
        self.id = id
        self.email = email
        self.groups = groups
        self.orders = orders
    }
}

extension Customer: Codable {
    private enum Field: String, CodingKey { case id, email, groups, orders }

    /// Reads an object, or a string, which is the id.
    public init(from decoder: any Decoder) throws {
        if let id = try? decoder.singleValueContainer().decode(String.self) {
            self.init(id: id)
            return
        }
        let fields = try decoder.container(keyedBy: Field.self)
        self.init(
            id: try fields.decodeIfPresent(String.self, forKey: .id),
            email: try fields.decodeIfPresent(String.self, forKey: .email),
            groups: try fields.decodeIfPresent([String].self, forKey: .groups),
            orders: try fields.decodeIfPresent(Int64.self, forKey: .orders))
    }

    /// Writes an object.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encodeIfPresent(id, forKey: .id)
        try fields.encodeIfPresent(email, forKey: .email)
        try fields.encodeIfPresent(groups, forKey: .groups)
        try fields.encodeIfPresent(orders, forKey: .orders)
    }
}
