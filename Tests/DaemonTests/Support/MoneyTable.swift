// Discounts of coupons, with the numbers of the protocol's money rules.

/// A coupon, a cart, and its discount.
struct MoneyRow: Sendable {
    /// The coupon, in YAML's flow style, besides its id and code.
    var coupon: String
    /// The lines of the cart as `quantity × unit price`; each has another product: p0, p1 …
    var lines: [(quantity: Int, unitPrice: Int)]
    var currency = "USD"
    var shipping: Int?
    /// More members of the request.
    var request = ""
    /// The discount of each line.
    var lineDiscounts: [Int]
    var shippingDiscount = 0

    var subtotal: Int { lines.reduce(0) { $0 + $1.quantity * $1.unitPrice } }
    var discount: Int { lineDiscounts.reduce(0, +) }
    var total: Int { subtotal + (shipping ?? 0) - discount - shippingDiscount }
}

enum MoneyTable {
    static let rows: [MoneyRow] = percentages + fixedAmounts + otherKinds + covers + currencies

    /// Rounded once, half up, on the covered total; then capped, then allocated.
    private static let percentages = [
        MoneyRow(coupon: percent("10"), lines: [(3, 333)], lineDiscounts: [100]),
        MoneyRow(coupon: percent("25"), lines: [(1, 1999)], lineDiscounts: [500]),
        MoneyRow(coupon: percent("15"), lines: [(1, 1890)], lineDiscounts: [284]),
        MoneyRow(
            coupon: percent("10", ", rounding: half_even"), lines: [(1, 1005)],
            lineDiscounts: [100]),
        MoneyRow(
            coupon: percent("10", ", rounding: down"), lines: [(1, 1009)], lineDiscounts: [100]),
        MoneyRow(
            coupon: percent("\"33.3333\""), lines: [(1, 10_000_000)], lineDiscounts: [3_333_330]),
        MoneyRow(
            coupon: percent("20", ", cap: {USD: 5000}"), lines: [(1, 20_000), (1, 20_000)],
            lineDiscounts: [2_500, 2_500]),
        MoneyRow(coupon: percent("100"), lines: [(1, 700)], lineDiscounts: [700]),
        MoneyRow(coupon: "type: comp", lines: [(2, 350), (1, 1)], lineDiscounts: [700, 1]),
        // The amount that the request grants this code limits it, too.
        MoneyRow(
            coupon: percent("50"), lines: [(1, 1000)], request: #""amount":120"#,
            lineDiscounts: [120]),
    ]

    /// Allocated by the largest remainder, in proportion to the lines.
    private static let fixedAmounts = [
        MoneyRow(
            coupon: amount(1000), lines: [(1, 2000), (1, 4500), (1, 6000)],
            lineDiscounts: [160, 360, 480]),
        MoneyRow(
            coupon: amount(1000), lines: [(1, 1000), (1, 1000), (1, 1000)],
            lineDiscounts: [334, 333, 333]),
        MoneyRow(
            coupon: amount(2), lines: [(1, 1), (1, 1), (1, 1), (1, 1)],
            lineDiscounts: [1, 1, 0, 0]),
        MoneyRow(
            coupon: amount(1500), lines: [(1, 2200), (1, 1400), (1, 4300), (1, 750), (1, 0)],
            lineDiscounts: [381, 243, 746, 130, 0]),
        MoneyRow(
            coupon: amount(9999), lines: [(1, 5), (1, 0), (1, 7)], lineDiscounts: [5, 0, 7]),
    ]

    private static let otherKinds = [
        MoneyRow(
            coupon: "discount: {kind: fixed_per_item, amount: 300}", lines: [(2, 1000), (3, 200)],
            lineDiscounts: [600, 600]),
        MoneyRow(
            coupon: "discount: {kind: fixed_per_line, amount: 500}", lines: [(2, 1000), (1, 200)],
            lineDiscounts: [500, 200]),
        MoneyRow(
            coupon: "discount: {kind: fixed_price, amount: 9900}",
            lines: [(1, 12_000), (2, 10_000), (1, 900)], lineDiscounts: [2100, 200, 0]),
        MoneyRow(
            coupon: "discount: {kind: shipping, percent: 100, cap: {USD: 2000}}",
            lines: [(1, 1000)], shipping: 2500, lineDiscounts: [0], shippingDiscount: 2000),
        MoneyRow(
            coupon: "discount: {kind: shipping, percent: 50}", lines: [(1, 1000)], shipping: 501,
            lineDiscounts: [0], shippingDiscount: 251),
        MoneyRow(
            coupon: "discount: {kind: shipping, amount: 900}", lines: [(1, 1000)], shipping: 500,
            lineDiscounts: [0], shippingDiscount: 500),
        // Not known yet, so nothing yet; only an apply would refuse it.
        MoneyRow(
            coupon: "discount: {kind: shipping, amount: 900}", lines: [(1, 1000)],
            lineDiscounts: [0]),
        MoneyRow(
            coupon: "discount: {kind: none}, type: access", lines: [(1, 1000)], shipping: 10,
            lineDiscounts: [0]),
    ]

    /// Lines that are not covered get no discount, and a bound is met by its exact value.
    private static let covers = [
        MoneyRow(
            coupon: "applies_to: {product: [p0, p2]}, " + percent("10"),
            lines: [(1, 1000), (1, 1000), (1, 500)], lineDiscounts: [100, 0, 50]),
        MoneyRow(
            coupon: "applies_to: [{product: [p0]}, {product: [p1, p2], kind: [print]}], "
                + percent("10"),
            lines: [(1, 1000), (1, 1000), (1, 500)], lineDiscounts: [100, 0, 0]),
        MoneyRow(
            coupon: "applies_to: {site: [\"7\"]}, excludes: {product: [p1]}, " + percent("10"),
            lines: [(1, 1000), (1, 1000)], request: #""context":{"site":7}"#,
            lineDiscounts: [100, 0]),
        MoneyRow(
            coupon: "requires: {contains: {product: [p1]}, min_subtotal: 1500, max_subtotal: 1500,"
                + " min_items: 2, max_items: 2}, applies_to: {product: [p0]}, " + percent("10"),
            lines: [(1, 1000), (1, 500)], lineDiscounts: [100, 0]),
    ]

    /// A yen has no digits, a dinar three: a unit is a unit.
    private static let currencies = [
        MoneyRow(
            coupon: percent("10"), lines: [(1, 1005)], currency: "JPY", shipping: 500,
            lineDiscounts: [101]),
        MoneyRow(
            coupon: "discount: {kind: fixed_amount, amount: {JPY: 500, KWD: 1250}}",
            lines: [(1, 2_500)], currency: "KWD", lineDiscounts: [1250]),
        MoneyRow(coupon: percent("10"), lines: [(1, 100)], currency: "eur", lineDiscounts: [10]),
    ]

    private static func percent(_ percent: String, _ more: String = "") -> String {
        "discount: {kind: percentage, percent: \(percent)\(more)}"
    }

    private static func amount(_ amount: Int) -> String {
        "discount: {kind: fixed_amount, amount: \(amount)}"
    }

    static func code(_ index: Int) -> String { "M\(index)" }

    /// A catalog with a coupon for each row.
    static var catalog: String {
        "currency: USD\ncoupons:\n"
            + rows.enumerated().map { index, row in
                "- {id: m\(index), codes: [\(code(index))], \(row.coupon)}\n"
            }.joined()
    }

    /// The request of each row.
    static var requests: [String] {
        rows.enumerated().map { index, row in
            let lines = row.lines.enumerated().map { place, line in
                #"{"product":"p\#(place)","quantity":\#(line.quantity),"#
                    + #""unit_price":\#(line.unitPrice)}"#
            }
            let shipping = row.shipping.map { #","shipping":\#($0)"# } ?? ""
            // Members of the code go into its object, members of the request beside it.
            let isAboutCode = row.request.hasPrefix("\"amount\"")
            let code =
                isAboutCode
                ? #"{"code":"\#(code(index))",\#(row.request)}"# : #""\#(code(index))""#
            let rest = row.request.isEmpty || isAboutCode ? "" : ",\(row.request)"
            return
                #"{"op":"validate","code":\#(code),"cart":{"currency":"\#(row.currency)"\#(shipping),"#
                + #""lines":[\#(lines.joined(separator: ","))]}\#(rest)}"#
        }
    }
}
