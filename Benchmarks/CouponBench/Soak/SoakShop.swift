// The shop of a soak has so few codes and customers that every counter exists after a short while:
// counters are kept for ever, so what grows afterwards is something else. Because uses are kept for
// ever as well, each edition of the definitions raises all limits. So limits are reached and left
// behind again and again.

/// The codes of a soak, each with another kind of limit.
enum SoakCode: Hashable {
    /// Without a limit. Its discount changes with each edition.
    case plain
    /// With a limit for all orders together.
    case few
    /// With a limit for each customer.
    case each
    /// One of many codes of a coupon, with a limit for each code.
    case single(Int)

    static let singleCount = 500

    var text: String {
        switch self {
        case .plain: "PLAIN"
        case .few: "FEW"
        case .each: "EACH"
        case .single(let number): "S\(number)"
        }
    }

    func percent(inEdition edition: Int) -> Int {
        switch self {
        case .plain: edition.isMultiple(of: 2) ? 20 : 25
        case .few: 10
        case .each: 15
        case .single: 30
        }
    }
}

/// What one limit counts.
enum SoakCounter: Hashable {
    case few
    case customer(Int)
    case single(Int)

    /// As `usage` names the limit.
    var kind: String {
        switch self {
        case .few: "total"
        case .customer: "customer"
        case .single: "code"
        }
    }

    /// Why a code is refused when the limit is reached.
    var reason: String {
        if case .customer = self { return "customer_limit_reached" }
        return "usage_limit_reached"
    }

    func limit(inEdition edition: Int) -> Int {
        switch self {
        case .few: 200 * (edition + 1)
        case .customer, .single: edition + 1
        }
    }
}

/// One code and a cart of one line.
struct SoakPurchase: Hashable {
    static let unitPrice = 2_500
    static let customerCount = 1_000

    var code: SoakCode
    var customer: Int
    var quantity: Int

    var subtotal: Int { quantity * Self.unitPrice }

    /// The only limit of its code.
    var counter: SoakCounter? {
        switch code {
        case .plain: nil
        case .few: .few
        case .each: .customer(customer)
        case .single(let number): .single(number)
        }
    }

    /// A whole number of cents for each percentage of the shop.
    func discount(inEdition edition: Int) -> Int {
        subtotal * code.percent(inEdition: edition) / 100
    }

    fileprivate var members: String {
        """
        "code":"\(code.text)","customer":{"id":"c\(customer)"},"cart":{"currency":"USD",\
        "lines":[{"product":"p1","quantity":\(quantity),"unit_price":\(Self.unitPrice)}]}
        """
    }
}

/// One request of a soak. Orders are numbered.
enum SoakRequest {
    case validate(SoakPurchase)
    case reserve(order: Int, SoakPurchase, seconds: Int)
    case apply(order: Int, SoakPurchase)
    case release(order: Int)
    case usage(SoakCode, customer: Int)

    /// The order that it is about.
    var order: Int? {
        switch self {
        case .reserve(let order, _, _), .apply(let order, _), .release(let order): order
        case .validate, .usage: nil
        }
    }

    static func name(ofOrder order: Int) -> String { "o-\(order)" }

    /// The line without its end.
    func line(id: Int) -> String {
        switch self {
        case .validate(let purchase):
            return #"{"id":\#(id),"op":"validate",\#(purchase.members)}"#
        case .reserve(let order, let purchase, let seconds):
            return #"{"id":\#(id),"op":"reserve","order":"\#(Self.name(ofOrder: order))","#
                + #""ttl":\#(seconds),\#(purchase.members)}"#
        case .apply(let order, let purchase):
            return #"{"id":\#(id),"op":"apply","order":"\#(Self.name(ofOrder: order))","#
                + #"\#(purchase.members)}"#
        case .release(let order):
            return #"{"id":\#(id),"op":"release","order":"\#(Self.name(ofOrder: order))"}"#
        case .usage(let code, let customer):
            return #"{"id":\#(id),"op":"usage","code":"\#(code.text)","#
                + #""customer":{"id":"c\#(customer)"}}"#
        }
    }
}

/// The definition file of a soak.
enum SoakCatalog {
    static func text(ofEdition edition: Int) -> String {
        let singles = (0..<SoakCode.singleCount).map { SoakCode.single($0).text }
        let few = SoakCounter.few.limit(inEdition: edition)
        let each = SoakCounter.customer(0).limit(inEdition: edition)
        let single = SoakCounter.single(0).limit(inEdition: edition)
        return """
            currency: USD
            coupons:
            - id: cou_plain
              codes: [PLAIN]
              discount: {kind: percentage, percent: \(SoakCode.plain.percent(inEdition: edition))}
            - id: cou_few
              codes: [FEW]
              limits: {total: \(few)}
              discount: {kind: percentage, percent: \(SoakCode.few.percent(inEdition: edition))}
            - id: cou_each
              codes: [EACH]
              limits: {per_customer: \(each)}
              discount: {kind: percentage, percent: \(SoakCode.each.percent(inEdition: edition))}
            - id: cou_single
              codes: [\(singles.joined(separator: ", "))]
              limits: {per_code: \(single)}
              discount: {kind: percentage, percent: \(SoakCode.single(0).percent(inEdition: edition))}

            """
    }
}
