/// The purchase of a shopper. Every amount is in the currency's minor unit (cents for USD).
public struct Cart: Equatable, Sendable, Codable {
    /// The currency's three letters (ISO 4217).
    public var currency: String
    /// The lines, in the shop's order.
    public var lines: [CartLine]
    /// The price of shipping; nil if it is not known yet.
    public var shipping: Int64?

    /// A cart of `lines`, in minor units of `currency`.
    public init(currency: String, lines: [CartLine], shipping: Int64? = nil) {
        self.currency = currency
        self.lines = lines
        self.shipping = shipping
    }
}

/// One line of a cart: some units of one product.
public struct CartLine: Equatable, Sendable {
    /// The shop's id for the line.
    public var id: String?
    /// The shop's id for the product.
    public var product: String
    /// At least 1.
    public var quantity: Int64
    /// The price of one unit in minor units, at least 0.
    public var unitPrice: Int64
    /// Whether the price is reduced already.
    public var onSale: Bool?
    /// Attributes that coupons may require: `category`, `variant`, `event` … They may not have the
    /// name of a field above.
    public var attributes: [String: AttributeValues]

    /// A line of `quantity` units at `unitPrice` minor units each.
    public init(
        product: String, quantity: Int64, unitPrice: Int64, id: String? = nil, onSale: Bool? = nil,
        attributes: [String: AttributeValues] = [:]
    ) {
        self.id = id
        self.product = product
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.onSale = onSale
        self.attributes = attributes
    }
}

extension CartLine: Codable {
    private enum Field: String, CodingKey, CaseIterable {
        case id, product, quantity
        case unitPrice = "unit_price"
        case onSale = "on_sale"
    }

    /// Reads the fields; every other key is an attribute.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        id = try fields.decodeIfPresent(String.self, forKey: .id)
        product = try fields.decode(String.self, forKey: .product)
        quantity = try fields.decode(Int64.self, forKey: .quantity)
        unitPrice = try fields.decode(Int64.self, forKey: .unitPrice)
        onSale = try fields.decodeIfPresent(Bool.self, forKey: .onSale)

        attributes = [:]
        let all = try decoder.container(keyedBy: AttributeName.self)
        for name in all.allKeys where Field(rawValue: name.stringValue) == nil {
            attributes[name.stringValue] = try all.decode(AttributeValues.self, forKey: name)
        }
    }

    /// Writes the fields and the attributes side by side.
    public func encode(to encoder: any Encoder) throws {
        if let taken = Field.allCases.first(where: { attributes[$0.rawValue] != nil }) {
            throw EncodingError.invalidValue(
                attributes,
                EncodingError.Context(
                    codingPath: encoder.codingPath,
                    debugDescription: "\(taken.rawValue) is a field, not an attribute"))
        }
        var all = encoder.container(keyedBy: AttributeName.self)
        for (name, values) in attributes {
            try all.encode(values, forKey: AttributeName(stringValue: name))
        }
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encodeIfPresent(id, forKey: .id)
        try fields.encode(product, forKey: .product)
        try fields.encode(quantity, forKey: .quantity)
        try fields.encode(unitPrice, forKey: .unitPrice)
        try fields.encodeIfPresent(onSale, forKey: .onSale)
    }
}

/// The key of an attribute, which may have any name.
private struct AttributeName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// The values of an attribute, written as a string if it is one, else as an array.
public struct AttributeValues: Equatable, Sendable {
    /// In no particular order.
    public var values: [String]

    /// An attribute with these values.
    public init(_ values: [String]) { self.values = values }
}

extension AttributeValues: ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    /// An attribute with one value.
    public init(stringLiteral value: String) { values = [value] }
    /// An attribute with several values.
    public init(arrayLiteral elements: String...) { values = elements }
}

extension AttributeValues: Codable {
    /// Reads a string or an array of strings.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            values = [value]
        } else {
            values = try container.decode([String].self)
        }
    }

    /// Writes a string or an array of strings.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value = values.first, values.count == 1 {
            try container.encode(value)
        } else {
            try container.encode(values)
        }
    }
}
