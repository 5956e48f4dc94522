import CouponRules
import Testing

@testable import CouponCatalog

@Suite struct `A coupon's limits` {
    @Test func `are each compiled into their own`() throws {
        let catalog = try compiled(
            """
            coupons:
            - id: a
              type: comp
              limits: {total: 1, per_code: 2, per_customer: 3, per_day: 4, per_week: 5,
                       per_month: 6, per_booking_date: 7, budget: {USD: 8, EUR: 9},
                       on_budget: partial}
            """)
        let limits = try catalog.coupon().limits
        #expect([limits.total, limits.perCode, limits.perCustomer] == [1, 2, 3])
        #expect(
            [limits.perDay, limits.perWeek, limits.perMonth, limits.perBookingDate]
                == [4, 5, 6, 7])
        #expect(amounts(limits.budget, in: catalog) == ["USD 8", "EUR 9"])
        #expect(limits.cutsToBudget)
    }

    @Test func `are none unless they are written`() throws {
        let catalog = try compiled(tenPercent("id: a", "id: b, limits: {budget: {USD: 5}}"))
        #expect(try catalog.coupon("a").limits == UseLimits())
        #expect(try !catalog.coupon("b").limits.cutsToBudget)
    }

    @Test func `begin with what was used and given before`() throws {
        let catalog = try compiled(
            tenPercent("id: a, used: 7, discount_given: {USD: 60, EUR: 0}", "id: b"))
        let (a, b) = (try catalog.coupon("a"), try catalog.coupon("b"))
        #expect([a.usesBefore, b.usesBefore] == [7, 0])
        #expect(amounts(a.givenBefore, in: catalog) == ["USD 60", "EUR 0"])
        #expect(b.givenBefore.isEmpty)
    }

    private func amounts(_ run: Run, in catalog: borrowing Catalog) -> [String] {
        run.range.map { index in
            let amount = catalog.rules.amounts[index]
            return "\(amount.currency) \(amount.amount.minorUnits)"
        }
    }
}

@Suite struct `A coupon's stacking` {
    @Test func `is compiled, with its group as a symbol`() throws {
        let catalog = try compiled(
            tenPercent(
                "id: a, stacking: {exclusive: true, priority: -5, base: original}",
                "id: b, stacking: {group: seasonal}", "id: c, stacking: {group: seasonal}",
                "id: d, stacking: {group: loyalty}"))
        var expected = Stacking()
        expected.isExclusive = true
        expected.priority = -5
        expected.base = .original
        #expect(try catalog.coupon("a").stacking == expected)

        let groups = try ["b", "c", "d"].map { try catalog.coupon($0).stacking.group }
        #expect(groups.map { string(catalog.text(of: $0)) } == ["seasonal", "seasonal", "loyalty"])
        #expect(groups[0] == groups[1])
        #expect(try catalog.coupon("b").stacking.base == .remaining)
    }

    @Test func `has its defaults where nothing is written`() throws {
        let catalog = try compiled(tenPercent("id: a"))
        #expect(try catalog.coupon().stacking == Stacking())
    }
}
