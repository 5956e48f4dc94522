import CouponRules
import Testing

@testable import CouponCatalog

@Suite struct `A discount made of parts` {
    @Test func `has its tiers in order`() throws {
        let catalog = try compiled(
            """
            currency: USD
            coupons:
            - {id: z, discount: {kind: tiers, tiers: [{min_items: 7, percent: 1}]}}
            - id: a
              discount:
                kind: tiers
                cap: 900
                max_units: 4
                units: cheapest
                spread: even
                tiers: [{min_subtotal: 100, percent: 5}, {min_subtotal: 200, amount: 30}]
            """)
        let discount = catalog.coupons[1].discount
        let tiers = discount.parts.range.map { catalog.rules.tiers[$0] }
        #expect(tiers.map(\.percent) == [Percent(decimal: "5"), nil])
        #expect(tiers.map(\.minimumItems) == [0, 0])
        let dollars = try #require(Currency("USD"))
        let bounds = tiers.map { catalog.tables.amount(in: $0.minimumSubtotal, for: dollars) }
        #expect(bounds.map { $0?.minorUnits } == [100, 200])
        let worth = tiers.map { catalog.tables.amount(in: $0.amounts, for: dollars) }
        #expect(worth.map { $0?.minorUnits } == [nil, 30])
        #expect(discount.unitsMost == 4)
        #expect(discount.units == .cheapest)
        #expect(discount.allocationMethod == .even)
        let parts = catalog.coupons[0].discount.parts
        let other = parts.range.map { catalog.rules.tiers[$0] }
        #expect(other.map(\.minimumItems) == [7])
    }

    @Test func `has its clauses in order, each with its cover`() throws {
        let catalog = try compiled(
            """
            currency: USD
            coupons:
            - id: a
              cap: 500
              discounts:
              - {applies_to: {product: [p1]}, kind: percentage, percent: 25, rounding: down}
              - {kind: fixed_per_item, amount: 100, cap: 300, spread: dearest}
            """)
        let discount = try catalog.coupon().discount
        let clauses = discount.parts.range.map { catalog.rules.discountClauses[$0] }
        #expect(clauses.map(\.discount.kind) == [.percentage, .fixedPerItem])
        #expect(clauses.map(\.discount.rounding) == [.down, .halfUp])
        #expect(clauses.map(\.discount.allocationMethod) == [.proportional, .dearest])
        let covers = clauses.map { clause in
            clause.appliesTo.range.map { catalog.clauses(catalog.rules.maps[$0]) }
        }
        #expect(covers == [["product=p1"], []])
        let dollars = try #require(Currency("USD"))
        let caps = ([discount] + clauses.map(\.discount)).map {
            catalog.tables.amount(in: $0.caps, for: dollars)
        }
        #expect(caps.map { $0?.minorUnits } == [500, nil, 300])
    }

    @Test func `knows what is bought and what is got`() throws {
        let catalog = try compiled(
            """
            coupons:
            - id: a
              discount:
                kind: buy_x_get_y
                buy: {quantity: 3, applies_to: [{product: [p1]}, {category: [c]}]}
                get: {quantity: 2, percent: 12.5}
                max_times: 4
            """)
        let discount = try catalog.coupon().discount
        #expect(discount.percent == Percent(decimal: "12.5"))
        let sets = discount.parts.range.map { catalog.rules.sets[$0] }
        let terms = try #require(sets.first)
        #expect(sets.count == 1)
        #expect([terms.buyQuantity, terms.getQuantity, terms.setsMost] == [3, 2, 4])
        let buys = terms.buys.range.map { catalog.clauses(catalog.rules.maps[$0]) }
        #expect(buys == ["product=p1", "category=c"])
        #expect(terms.gets.isEmpty)
    }
}
