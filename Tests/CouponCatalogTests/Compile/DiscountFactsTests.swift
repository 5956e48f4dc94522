import CouponRules
import Definitions
import Foundation
import Testing

@testable import CouponCatalog

@Suite struct `What a code gives` {
    private func facts(_ definition: String) throws -> String {
        let catalog = try compiled("currency: USD\ncoupons: [{id: a, \(definition)}]")
        return string(catalog.discountFacts(of: CouponID(0)))
    }

    /// What stands in `discount` of a definition, and how the reply shows it.
    private static let discounts = [
        ("kind: percentage, percent: 20", #""kind":"percentage","percent":20"#),
        (
            "kind: percentage, percent: 5, rounding: half_up, spread: proportional, units: dearest",
            #""kind":"percentage","percent":5"#
        ),
        (
            """
            spread: even, rounding: half_even, units: cheapest, max_units: 3, cap: {USD: 1, EUR: 2}, \
            percent: 1, kind: percentage
            """,
            #""kind":"percentage","percent":1,"cap":{"USD":1,"EUR":2},"max_units":3,"#
                + #""units":"cheapest","rounding":"half_even","spread":"even""#
        ),
        (
            "kind: fixed_amount, amount: {JPY: 1500, USD: 9007199254740991}, spread: dearest",
            #""kind":"fixed_amount","amount":{"JPY":1500,"USD":9007199254740991},"spread":"dearest""#
        ),
        (
            "kind: fixed_per_item, amount: 100, rounding: down",
            #""kind":"fixed_per_item","amount":{"USD":100},"rounding":"down""#
        ),
        (
            "kind: fixed_per_line, amount: 100, spread: cheapest",
            #""kind":"fixed_per_line","amount":{"USD":100},"spread":"cheapest""#
        ),
        ("kind: fixed_price, amount: 0", #""kind":"fixed_price","amount":{"USD":0}"#),
        (
            "kind: shipping, percent: 50, cap: 300",
            #""kind":"shipping","percent":50,"cap":{"USD":300}"#
        ),
        ("kind: shipping, amount: 300", #""kind":"shipping","amount":{"USD":300}"#),
        (
            "kind: buy_x_get_y, buy: {quantity: 1}, get: {quantity: 1, percent: 100}",
            #""kind":"buy_x_get_y","buy":{"quantity":1},"get":{"quantity":1}"#
        ),
        (
            """
            kind: buy_x_get_y, max_times: 2, get: {percent: 50, applies_to: {product: [p1]}, \
            quantity: 1}, buy: {applies_to: [{a: [b]}, {c: ["1", d], e: [f]}], quantity: 2}
            """,
            #""kind":"buy_x_get_y","buy":{"quantity":2,"applies_to":[{"a":["b"]},"#
                + #"{"c":["1","d"],"e":["f"]}]},"get":{"quantity":1,"applies_to":{"product":["p1"]},"#
                + #""percent":50},"max_times":2"#
        ),
        (
            "kind: tiers, tiers: [{min_subtotal: 0, percent: 5}, {min_subtotal: 900, percent: 7.5}]",
            #""kind":"tiers","tiers":[{"min_subtotal":{"USD":0},"percent":5},"#
                + #"{"min_subtotal":{"USD":900},"percent":7.5}]"#
        ),
        (
            "kind: tiers, tiers: [{min_items: 2, amount: 5}], cap: 9",
            #""kind":"tiers","cap":{"USD":9},"tiers":[{"min_items":2,"amount":{"USD":5}}]"#
        ),
        (
            #"kind: gift_item, product: "a \"mug\"", quantity: 1"#,
            #""kind":"gift_item","product":"a \"mug\"""#
        ),
        (
            "kind: gift_item, product: mug, quantity: 2",
            #""kind":"gift_item","product":"mug","quantity":2"#
        ),
        ("kind: none", #""kind":"none""#),
    ]

    @Test(arguments: discounts)
    func `is shown as it is defined, without defaults`(
        written: String, expected: String
    ) throws {
        // Only what opens access may give nothing.
        let type = written == "kind: none" ? "access" : "discount"
        let facts = try facts("type: \(type), codes: [A], discount: {\(written)}")
        #expect(facts == #","discount":{\#(expected)}"#)
    }

    @Test func `is shown in samples of every kind`() {
        let kinds = Self.discounts.compactMap { $0.0.firstMatch(of: /kind: ([a-z_]+)/)?.output.1 }
        #expect(
            Set(kinds.map(String.init)) == Set(Discount.Kind.named.map(\.code.description)))
    }

    /// Reads the only coupon of a file without a currency of its own.
    private func definition(_ discount: String, of type: String) throws -> CouponDefinition {
        let (file, faults) = CatalogReader.read(
            text: #"{"coupons":[{"codes":["A"],"type":"\#(type)"\#(discount)}]}"#, path: "1.json",
            format: .json)
        #expect(faults == [])
        let coupon = file?.coupons.first
        return try #require(coupon)
    }

    @Test(arguments: discounts)
    func `means the same when it is put into a definition again`(
        written: String, _: String
    ) throws {
        let type = written == "kind: none" ? "access" : "discount"
        let (file, _) = CatalogReader.read(
            text: """
                currency: USD
                coupons: [{codes: [A], type: \(type), discount: {\(written)}, \
                applies_to: [{product: [p1]}, {event: ["241"], page: [p]}]}]
                """, path: "1.yaml", format: .yaml)
        let first = file?.coupons.first
        var original = try #require(first)
        var again = try definition(string(DiscountFacts(of: original).bytes), of: type)
        original.discount?.line = 0
        again.discount?.line = 0
        // A gift of one is a gift.
        if original.discount?.quantity == 1 { original.discount?.quantity = nil }
        #expect(again.discount == original.discount)
        #expect(again.appliesTo == original.appliesTo)
    }

    @Test(arguments: [
        "0.0001", "0.05", "0.1", "1", "3", "7.0001", "7.001", "7.01", "7.1", "10", "12.5",
        "33.3333",
        "99.9999", "100",
    ])
    func `has its percentage exactly`(percent: String) throws {
        let facts = try facts("codes: [A], discount: {kind: percentage, percent: \"\(percent)\"}")
        #expect(facts == #","discount":{"kind":"percentage","percent":\#(percent)}"#)
    }

    @Test(arguments: [
        ("codes: [A], type: comp", #","discount":{"kind":"percentage","percent":100}"#),
        (
            "codes: [A], type: presale, applies_to: {event: [\"1\", \"2\"]}",
            #","discount":{"kind":"none"},"applies_to":{"event":["1","2"]}"#
        ),
        (
            "codes: [A], type: access, applies_to: [{event: [e]}, {page: [p], site: [s]}]",
            #","discount":{"kind":"none"},"applies_to":[{"event":["e"]},{"page":["p"],"site":["s"]}]"#
        ),
        (
            "codes: [A], type: invite, applies_to: [{event: [e]}]",
            #","discount":{"kind":"none"},"applies_to":{"event":["e"]}"#
        ),
        ("codes: [A], type: reserve, applies_to: {event: []}", #","discount":{"kind":"none"}"#),
        (
            """
            codes: [A], applies_to: {product: [p1]}, cap: 700, discounts: [\
            {applies_to: {category: [c]}, kind: percentage, percent: 10, cap: 500}, \
            {kind: fixed_amount, amount: 100}]
            """,
            #","discount":{"kind":"percentage","percent":10,"cap":{"USD":500}},"#
                + #""applies_to":{"category":["c"]}"#
        ),
        (
            """
            codes: [A], applies_to: {product: [p1]}, \
            discounts: [{kind: fixed_amount, amount: 100}]
            """,
            #","discount":{"kind":"fixed_amount","amount":{"USD":100}},"#
                + #""applies_to":{"product":["p1"]}"#
        ),
        (
            "codes: [A], discounts: [{kind: fixed_amount, amount: 100}]",
            #","discount":{"kind":"fixed_amount","amount":{"USD":100}}"#
        ),
    ])
    func `is the coupon's discount or its first clause, and what that covers`(
        definition: String, expected: String
    ) throws {
        #expect(try facts(definition) == expected)
    }

    @Test func `is each coupon's own, whether it has codes or not`() throws {
        let catalog = try compiled(
            """
            coupons:
            - {id: a, type: auto, discount: {kind: percentage, percent: 1}}
            - {id: b, codes: [B], discount: {kind: percentage, percent: 2}}
            - {id: c, codes: [C], discount: {kind: percentage, percent: 3}}
            """)
        for (number, percent) in zip(["a", "b", "c"], 1...) {
            let facts = string(catalog.discountFacts(of: try catalog.number(number)))
            #expect(facts == #","discount":{"kind":"percentage","percent":\#(percent)}"#)
        }
    }
}
