// The vocabulary of requests. The shim numbers keys by it, so that the grammar compares numbers.
// Names of operations and modes follow the fields and are looked up the same way.

/// A key of an object in a request. The raw value is its number in the vocabulary.
enum RequestField: UInt8, CaseIterable, BitwiseCopyable {
    /// Stays first: the parser reports the raw value of the first name.
    case id = 1
    case op
    case store
    case code
    case codes
    case mode
    case auto
    case customer
    case cart
    case context
    case order
    case holdOf
    case bookingDate
    case at
    case explain
    case timeToLive
    case metadata
    case coupon
    case amount
    case email
    case groups
    case orders
    case currency
    case lines
    case shipping
    case product
    case quantity
    case unitPrice
    case onSale
    case force

    /// The one with the highest number.
    static let last = force

    /// The key on the wire.
    var name: StaticString {
        switch self {
        case .id: "id"
        case .op: "op"
        case .store: "store"
        case .code: "code"
        case .codes: "codes"
        case .mode: "mode"
        case .auto: "auto"
        case .customer: "customer"
        case .cart: "cart"
        case .context: "context"
        case .order: "order"
        case .holdOf: "hold_of"
        case .bookingDate: "booking_date"
        case .at: "at"
        case .explain: "explain"
        case .timeToLive: "ttl"
        case .metadata: "metadata"
        case .coupon: "coupon"
        case .amount: "amount"
        case .email: "email"
        case .groups: "groups"
        case .orders: "orders"
        case .currency: "currency"
        case .lines: "lines"
        case .shipping: "shipping"
        case .product: "product"
        case .quantity: "quantity"
        case .unitPrice: "unit_price"
        case .onSale: "on_sale"
        case .force: "force"
        }
    }
}

/// A set of fields, one bit each.
struct FieldSet: OptionSet {
    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(_ field: RequestField) { rawValue = 1 << UInt64(field.rawValue) }
}

/// The words that the parser numbers, in the order of their numbers.
enum WireVocabulary {
    private static let modes: [StaticString] = ["all", "partial"]

    static var words: [StaticString] {
        RequestField.allCases.map(\.name) + Operation.allCases.map(\.name) + modes
    }

    /// The operation with this number in the vocabulary.
    static func operation(_ name: UInt8) -> Operation? {
        let first = RequestField.last.rawValue + 1
        return name < first ? nil : Operation(rawValue: name - first)
    }

    /// The mode with this number in the vocabulary.
    static func mode(_ name: UInt8) -> Request.Mode? {
        let first = RequestField.last.rawValue + 1 + Operation.serverSnapshot.rawValue + 1
        return name < first ? nil : Request.Mode(rawValue: name - first)
    }
}

extension Operation {
    /// The top-level fields of this operation's requests; nil for administrative operations whose
    /// arguments are not read here.
    var fields: FieldSet? {
        switch self {
        case .ping, .serverStats, .serverMetrics, .serverSnapshot: .envelope
        case .serverReload: .reloading
        case .validate: .evaluating.union(FieldSet(.at))
        case .reserve: .evaluating.union(FieldSet(.timeToLive))
        case .apply: .evaluating.union(FieldSet(.metadata))
        case .release: .releasing
        case .usage: .usage
        case .codeDiscounts: .codeLookup
        default: nil
        }
    }
}

extension FieldSet {
    static let envelope: FieldSet = [FieldSet(.id), FieldSet(.op)]
    static let reloading: FieldSet = [envelope, FieldSet(.force)]
    static let evaluating: FieldSet = [
        envelope, FieldSet(.store), FieldSet(.code), FieldSet(.codes), FieldSet(.mode),
        FieldSet(.auto), FieldSet(.customer), FieldSet(.cart), FieldSet(.context),
        FieldSet(.order), FieldSet(.holdOf), FieldSet(.bookingDate), FieldSet(.explain),
    ]
    static let releasing: FieldSet = [
        envelope, FieldSet(.store), FieldSet(.order), FieldSet(.code), FieldSet(.coupon),
    ]
    static let usage: FieldSet = [
        envelope, FieldSet(.store), FieldSet(.code), FieldSet(.bookingDate), FieldSet(.customer),
        FieldSet(.context),
    ]
    static let codeLookup: FieldSet = [
        envelope, FieldSet(.store), FieldSet(.code), FieldSet(.coupon),
    ]
}
