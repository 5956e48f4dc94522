import Definitions
import CouponRules
import Foundation
import Testing

@Suite struct `Every field of a definition` {
    private let yaml = """
        store: berlin
        timezone: Europe/Berlin
        currency: eur
        code_scope: coupon
        case_sensitive: true
        coupons:
        - id: 42
          name: Summer
          description: internal
          type: discount
          status: inactive
          codes:
          - SUMMER20
          - {code: VIP, max_uses: 5, customer: " Ann@Example.com ", starts_at: 2026-06-02,
             ends_at: 2026-06-03, multi_use: true, revenue: 900, customer_credit: cc_1, used: 2,
             discount_given: 7}
          codes_file: codes.csv
          discount: {kind: percentage, percent: 20, cap: {USD: 5000, EUR: 4000},
            rounding: half_even, spread: even, max_units: 10, units: cheapest}
          applies_to: [{product: [p1, 2], event: ["241"]}, {category: [shoes]}]
          excludes: {category: [gift]}
          exclude_sale_items: true
          requires: {min_subtotal: {USD: 5000}, max_subtotal: {USD: 9000}, min_items: 2,
            max_items: 10, base: eligible, contains: {product: [p9]}, context: {country: [US]},
            customers: [cus_7, Ann@Example.com], groups: [vip], max_previous_orders: 0}
          starts_at: 2026-06-01
          ends_at: 2026-08-31T12:00
          timezone: America/New_York
          blackout: ["2026-07-04", "2026-12-24/2026-12-26"]
          windows: [{days: [mon, sun], from: "09:00", to: "17:30"}, {from: "22:00", to: "02:00"}]
          offers:
          - {id: o1, name: Spring, starts_at: 2026-06-05, ends_at: 1783707871, timezone: UTC,
             limit: 100, counter: spring, ticket_limit: 4, global: false,
             blackout: [2026-06-06], taggable: true,
             applies_to: {event: ["241"], price_level: ["12"]}, context: {seller: ["1"]}}
          - {id: o2, global: true}
          limits: {total: 100, per_customer: 1, per_code: 2, per_day: 50, per_week: 200,
            per_month: 500, per_booking_date: 10, budget: {USD: 1000000}, on_budget: partial}
          stacking: {exclusive: true, group: seasonal, priority: 5, base: original}
          duration: repeating
          duration_in_months: 3
          revenue: 800
          reusable_after_release: false
          case_sensitive: false
          used: 3
          discount_given: {USD: 60}
          metadata: {campaign: 42, note: "no"}
        gift_cards:
        - {id: gc_1, code: GC-2025-001, amount: 15000, balance: 100, currency: USD,
           status: inactive, expires_at: 2026-08-07, created_at: 2025-08-01,
           purchased_by: {first_name: Jane, email: jane@example.com}}
        - {code: GC-2, amount: 5}
        """

    @Test func `lands in the coupon`() throws {
        let (read, faults) = read(yaml)
        #expect(faults == [])
        let file = try #require(read)
        #expect(file.store == "berlin")
        #expect(file.timezone == "Europe/Berlin")
        #expect(file.codeScope == .coupon)

        var expected = CouponDefinition(
            place: SourcePlace(file: "shop.yaml", line: 7, column: 3), path: "coupons[0]")
        expected.id = "42"
        expected.name = "Summer"
        expected.note = "internal"
        expected.status = .inactive
        expected.codes = try codes()
        expected.codesFile = "codes.csv"
        expected.codesFileLine = 17
        expected.discount = try discount()
        expected.appliesTo = [
            AttributeMap(("product", ["p1", "2"]), ("event", ["241"])),
            AttributeMap(("category", ["shoes"])),
        ]
        expected.excludes = AttributeMap(("category", ["gift"]))
        expected.excludesSaleItems = true
        expected.requirements = requirements()
        expected.startsAt = .date(try date(2026, 6, 1))
        expected.endsAt = .local(
            CivilTime(
                milliseconds: CivilTime(startOf: try date(2026, 8, 31)).milliseconds + 43_200_000))
        expected.windowLine = 27
        expected.timezone = "America/New_York"
        expected.blackout = [
            BlackoutDefinition(first: try date(2026, 7, 4), last: try date(2026, 7, 4)),
            BlackoutDefinition(first: try date(2026, 12, 24), last: try date(2026, 12, 26)),
        ]
        expected.windows = [
            TimeWindowDefinition(weekdays: [1, 7], from: 540, to: 1_050),
            TimeWindowDefinition(weekdays: [], from: 1_320, to: 120),
        ]
        expected.offers = try offers()
        expected.limits = limits()
        expected.stacking.isExclusive = true
        expected.stacking.group = "seasonal"
        expected.stacking.priority = 5
        expected.stacking.base = .original
        expected.duration = .repeating(months: 3)
        expected.revenue = 800
        expected.isReusableAfterRelease = false
        expected.used = 3
        expected.discountGiven = [usd(60)]
        expected.metadata = [
            MetadataEntry(key: "campaign", value: "42"), MetadataEntry(key: "note", value: "no"),
        ]
        #expect(file.coupons == [expected])
    }

    @Test func `lands in the gift card`() throws {
        let file = try #require(read(yaml).file)
        let euro = try #require(Currency("EUR"))
        let dollar = try #require(Currency("USD"))
        try #require(file.giftCards.count == 2)
        var first = GiftCardDefinition(
            place: SourcePlace(file: "shop.yaml", line: 49, column: 3), path: "gift_cards[0]",
            code: "GC-2025-001", amount: Money(minorUnits: 15_000),
            balance: Money(minorUnits: 100), currency: dollar)
        first.id = "gc_1"
        first.isActive = false
        first.expiresAt = .date(try date(2026, 8, 7))
        first.createdAt = .date(try date(2025, 8, 1))
        first.purchasedBy = [
            MetadataEntry(key: "first_name", value: "Jane"),
            MetadataEntry(key: "email", value: "jane@example.com"),
        ]
        #expect(file.giftCards[0] == first)
        #expect(file.giftCards[1].balance == Money(minorUnits: 5))
        #expect(file.giftCards[1].currency == euro)
        #expect(file.giftCards[1].isActive)
    }

    @Test func `may be left out, and then has its default`() throws {
        let coupon = try soleCoupon("coupons: [{codes: [A], discount: {kind: none}}]")
        var expected = CouponDefinition(
            place: SourcePlace(file: "shop.yaml", line: 1, column: 11), path: "coupons[0]")
        expected.codes = [CodeDefinition(text: "A", path: "coupons[0].codes[0]", line: 1)]
        expected.discount = DiscountDefinition(kind: .none)
        expected.discount?.line = 1
        #expect(coupon == expected)
    }

    @Test func `may be empty or null, which is left out`() throws {
        let coupon = try soleCoupon(
            """
            coupons:
            - codes: [A]
              id:
              name: ~
              description: null
              applies_to: {product: []}
              excludes: []
              requires: {customers: [], min_subtotal: {}}
              discounts: []
              offers: []
              limits: {}
              metadata: []
              discount: {kind: percentage, percent: 5, cap: {}, amount: null}
            """)
        #expect(coupon.id == nil && coupon.name == nil && coupon.note == nil)
        #expect(coupon.appliesTo == [] && coupon.excludes.isEmpty)
        #expect(coupon.requirements == RequirementsDefinition())
        #expect(coupon.limits == LimitsDefinition())
        #expect(coupon.discount?.cap == [])
    }

    @Test(arguments: [
        ("comp", Discount.Kind.percentage), ("presale", .none), ("access", .none),
        ("invite", .none), ("reserve", .none),
    ])
    func `of the discount is filled in by the type`(
        type: String, kind: Discount.Kind
    ) throws {
        let discount = try soleCoupon("coupons: [{id: a, type: \(type)}]").discount
        #expect(discount?.kind == kind)
        #expect(discount?.percent == (type == "comp" ? .hundred : nil))
    }

    private func codes() throws -> [CodeDefinition] {
        let plain = CodeDefinition(text: "SUMMER20", path: "coupons[0].codes[0]", line: 13)
        var vip = CodeDefinition(text: "VIP", path: "coupons[0].codes[1]", line: 14)
        vip.maxUses = 5
        vip.customer = "ann@example.com"
        vip.customerLine = 14
        vip.startsAt = .date(try date(2026, 6, 2))
        vip.endsAt = .date(try date(2026, 6, 3))
        vip.windowLine = 15
        vip.isMultiUse = true
        vip.revenue = 900
        vip.customerCredit = "cc_1"
        vip.used = 2
        vip.discountGiven = [amount("EUR", 7)]
        return [plain, vip]
    }

    private func discount() throws -> DiscountDefinition {
        var discount = DiscountDefinition(kind: .percentage)
        discount.percent = try percent("20")
        discount.cap = [usd(5_000), amount("EUR", 4_000)]
        discount.rounding = .halfEven
        discount.allocationMethod = .even
        discount.maxUnits = 10
        discount.units = .cheapest
        discount.line = 18
        return discount
    }

    private func requirements() -> RequirementsDefinition {
        var requirements = RequirementsDefinition()
        requirements.minimumSubtotal = [usd(5_000)]
        requirements.maximumSubtotal = [usd(9_000)]
        requirements.minimumItems = 2
        requirements.maximumItems = 10
        requirements.base = .eligible
        requirements.contains = AttributeMap(("product", ["p9"]))
        requirements.context = AttributeMap(("country", ["US"]))
        requirements.customers = ["cus_7", "ann@example.com"]
        requirements.groups = ["vip"]
        requirements.maximumPreviousOrders = 0
        return requirements
    }

    private func offers() throws -> [OfferDefinition] {
        var spring = OfferDefinition(id: "o1")
        spring.name = "Spring"
        spring.startsAt = .date(try date(2026, 6, 5))
        spring.endsAt = .instant(Instant(secondsSinceEpoch: 1_783_707_871))
        spring.windowLine = 32
        spring.timezone = "UTC"
        spring.limit = 100
        spring.counter = "spring"
        spring.ticketLimit = 4
        spring.blackout = [
            BlackoutDefinition(first: try date(2026, 6, 6), last: try date(2026, 6, 6))
        ]
        spring.isTaggable = true
        spring.appliesTo = [AttributeMap(("event", ["241"]), ("price_level", ["12"]))]
        spring.context = AttributeMap(("seller", ["1"]))
        spring.path = "coupons[0].offers[0]"
        spring.line = 32
        var global = OfferDefinition(id: "o2")
        global.isGlobal = true
        global.path = "coupons[0].offers[1]"
        global.line = 36
        return [spring, global]
    }

    private func limits() -> LimitsDefinition {
        var limits = LimitsDefinition()
        limits.total = 100
        limits.perCustomer = 1
        limits.perCode = 2
        limits.perDay = 50
        limits.perWeek = 200
        limits.perMonth = 500
        limits.perBookingDate = 10
        limits.budget = [usd(1_000_000)]
        limits.onBudget = .partial
        return limits
    }
}

@Suite struct `The shapes of a discount` {
    private func discount(_ text: String) throws -> DiscountDefinition {
        let yaml = "currency: USD\ncoupons:\n- id: a\n  discount: \(text)"
        return try #require(try soleCoupon(yaml).discount)
    }

    @Test(arguments: [
        ("fixed_amount", Discount.Kind.fixedAmount),
        ("fixed_per_item", .fixedPerItem), ("fixed_per_line", .fixedPerLine),
        ("fixed_price", .fixedPrice), ("shipping", .shipping),
    ])
    func `take an amount`(name: String, kind: Discount.Kind) throws {
        let discount = try discount("{kind: \(name), amount: {USD: 1500, JPY: 1500}}")
        #expect(discount.kind == kind)
        #expect(discount.amount == [usd(1_500), amount("JPY", 1_500)])
    }

    @Test func `let a price, and nothing else, be 0`() throws {
        #expect(try discount("{kind: fixed_price, amount: 0}").amount == [usd(0)])
    }

    @Test(arguments: ["33.3333", "\"33.3333\"", "033.33330"])
    func `take a percentage as number or text`(percentage: String) throws {
        let discount = try discount("{kind: percentage, percent: \(percentage)}")
        #expect(discount.percent?.partsPerMillion == 333_333)
    }

    @Test func `buy some, get some`() throws {
        let discount = try discount(
            "{kind: buy_x_get_y, buy: {quantity: 2, applies_to: {category: [a]}}, "
                + "get: {quantity: 1, percent: 50}, max_times: 3}")
        #expect(
            discount.buy
                == DiscountDefinition.Buy(
                    quantity: 2, appliesTo: [AttributeMap(("category", ["a"]))]))
        #expect(
            discount.get
                == DiscountDefinition.Get(
                    quantity: 1, appliesTo: [], percent: try percent("50")))
        #expect(discount.maxTimes == 3)
    }

    @Test func `give what is got for nothing when nothing is said`() throws {
        let discount = try discount(
            "{kind: buy_x_get_y, buy: {quantity: 2}, get: {quantity: 1}}")
        #expect(discount.get?.percent == .hundred)
    }

    @Test func `rise by tiers`() throws {
        let tiers = try discount(
            "{kind: tiers, tiers: [{min_subtotal: 0, percent: 5}, {min_subtotal: 1, amount: 9}]}"
        ).tiers
        try #require(tiers.count == 2)
        #expect(tiers[0].minimumSubtotal == [usd(0)])
        #expect(tiers[0].percent == (try percent("5")))
        #expect(tiers[1].amount == [usd(9)])
    }

    @Test func `give an item`() throws {
        let discount = try discount("{kind: gift_item, product: 7, quantity: 2}")
        #expect(discount.product == "7")
        #expect(discount.quantity == 2)
    }

    @Test func `come in clauses`() throws {
        let coupon = try soleCoupon(
            """
            currency: USD
            coupons:
            - id: a
              cap: 900
              discounts:
              - {applies_to: {offering: [1]}, kind: fixed_per_item, amount: 5}
              - {kind: percentage, percent: 5}
            """)
        #expect(coupon.discount == nil)
        #expect(coupon.cap == [usd(900)])
        #expect(coupon.discounts.map(\.kind) == [.fixedPerItem, .percentage])
        #expect(coupon.discounts[0].appliesTo == [AttributeMap(("offering", ["1"]))])
        #expect(coupon.discounts.map(\.line) == [6, 7])
    }
}
