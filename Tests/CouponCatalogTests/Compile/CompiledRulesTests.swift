import Definitions
import CouponRules
import Testing

@testable import CouponCatalog

@Suite struct `A coupon's cover` {
    @Test func `becomes maps of clauses with sorted values`() throws {
        let catalog = try compiled(
            tenPercent(
                """
                id: a, applies_to: [{product: [p2, p1, p2], event: ["241"]}, {category: [shoes]}], \
                excludes: {category: [gift], product: [p9]}
                """))
        let coupon = try catalog.coupon()
        let maps = coupon.appliesTo.range.map { catalog.clauses(catalog.rules.maps[$0]) }
        #expect(maps == ["event=241 product=p1|p2", "category=shoes"])
        let excludes = catalog.clauses(coupon.excludes)
        #expect(excludes == "category=gift product=p9")

        let runs = catalog.rules.clauses.indices.map { catalog.rules.clauses[$0].values }
        for run in runs {
            let symbols = run.range.map { catalog.rules.symbols[$0] }
            #expect(symbols == symbols.sorted())
        }
        let holds = catalog.tables.contains(
            catalog.symbol("p2"), in: catalog.rules.clauses[0].values)
        #expect(holds)
    }

    @Test func `joins what one attribute lists twice`() throws {
        var coupon = CouponDefinition(place: SourcePlace(file: "x.yaml", line: 1), path: "c")
        coupon.id = "a"
        coupon.appliesTo = [
            AttributeMap(("product", ["p1"]), ("event", []), ("product", ["p2", "p1"]))
        ]
        var file = CatalogFile(path: "x.yaml")
        file.coupons = [coupon]
        let catalog = try Catalog.compile([file])
        let compiled = try catalog.coupon()
        let maps = compiled.appliesTo.range.map { catalog.clauses(catalog.rules.maps[$0]) }
        #expect(maps == ["product=p1|p2"])
    }

    @Test func `knows only texts that are mentioned`() throws {
        let catalog = try compiled(
            tenPercent(
                """
                id: a, applies_to: {category: [shoes]}, \
                requires: {customers: [cus_7, Ann@Example.com], groups: [vip]}
                """))
        let known = ["product", "category", "shoes", "cus_7", "ann@example.com", "vip"].map {
            catalog.symbol($0)
        }
        #expect(known.first == .product)
        #expect(Set(known).count == 6)
        #expect(!known.contains(.unmentioned))
        let texts = known.map { string(catalog.text(of: $0)) }
        #expect(texts == ["product", "category", "shoes", "cus_7", "ann@example.com", "vip"])
        let unknown = ["", "boots", "Shoes", "Ann@Example.com"].map { catalog.symbol($0) }
        #expect(unknown == Array(repeating: .unmentioned, count: 4))
    }
}

@Suite struct `A coupon's terms` {
    @Test func `are compiled into what is judged`() throws {
        let catalog = try compiled(
            """
            currency: USD
            coupons:
            - id: a
              discount: {kind: fixed_amount, amount: {USD: 1500, JPY: 1600}, cap: {USD: 900, JPY: 950},
                         rounding: down}
              exclude_sale_items: true
              used: 7
              limits: {total: 100, per_code: 3}
              requires: {min_subtotal: 5000, max_subtotal: {USD: 9000, EUR: 8000}, min_items: 2,
                         max_items: 10, base: eligible, contains: {product: [p9]},
                         context: {country: [US]}, max_previous_orders: 0}
            """)
        let coupon = try catalog.coupon()
        #expect(coupon.discount.kind == .fixedAmount)
        #expect(coupon.discount.rounding == .down)
        #expect(coupon.skipsSaleItems)
        #expect(coupon.usesBefore == 7)
        #expect(coupon.limits.total == 100)
        #expect(coupon.limits.perCode == 3)
        let rules = coupon.requirements
        #expect(rules.minimumItems == 2)
        #expect(rules.maximumItems == 10)
        #expect(rules.base == .eligible)
        #expect(rules.limitsPreviousOrders)
        #expect(rules.previousOrdersMax == 0)
        let amounts = [
            catalog.tables.amount(in: coupon.discount.amounts, for: try currency("JPY")),
            catalog.tables.amount(in: coupon.discount.amounts, for: try currency("EUR")),
            catalog.tables.amount(in: coupon.discount.caps, for: try currency("USD")),
            catalog.tables.amount(in: rules.minimumSubtotal, for: try currency("USD")),
            catalog.tables.amount(in: rules.maximumSubtotal, for: try currency("USD")),
        ]
        #expect(amounts.map { $0?.minorUnits } == [1_600, nil, 900, 5_000, 9_000])
        let clauses = [catalog.clauses(rules.contains), catalog.clauses(rules.context)]
        #expect(clauses == ["product=p9", "country=US"])
        for check in [Check.usesLimit, .currency, .context, .minimumItems] {
            #expect(coupon.checks.contains(check), "\(check)")
        }
    }

    @Test(arguments: [
        ("{id: a, type: comp}", Discount.Kind.percentage), ("{id: a, type: presale}", .none),
        ("{id: a, type: access}", .none), ("{id: a, type: invite}", .none),
        ("{id: a, discount: {kind: shipping, percent: 50}}", .shipping),
        ("{id: a, discount: {kind: fixed_per_item, amount: {USD: 1}}}", .fixedPerItem),
        ("{id: a, discount: {kind: fixed_per_line, amount: {USD: 1}}}", .fixedPerLine),
        ("{id: a, discount: {kind: fixed_price, amount: {USD: 1}}}", .fixedPrice),
        ("{id: a, discount: {kind: gift_item, product: p1}}", .giftItem),
        ("{id: a, discount: {kind: tiers, tiers: [{min_items: 2, percent: 10}]}}", .tiers),
        ("{id: a, discounts: [{kind: percentage, percent: 5}]}", .clauses),
        (
            "{id: a, discount: {kind: buy_x_get_y, buy: {quantity: 2}, get: {quantity: 1}}}",
            .buyXGetY
        ),
    ])
    func `give what their kind gives`(definition: String, kind: Discount.Kind) throws {
        let catalog = try compiled("coupons: [\(definition)]")
        let coupon = try catalog.coupon()
        #expect(coupon.discount.kind == kind)
        if coupon.kind == .comp { #expect(coupon.discount.percent == .hundred) }
    }

    private func currency(_ text: String) throws -> Currency { try #require(Currency(text)) }
}

@Suite struct `A code's terms` {
    @Test(arguments: [
        ("A", Int64(0), false), ("{code: A}", 0, false), ("{code: A, max_uses: 1}", 1, false),
        ("{code: A, max_uses: 5}", 5, false), ("{code: A, multi_use: false}", 1, false),
        ("{code: A, multi_use: true}", 0, true),
        ("{code: A, multi_use: true, max_uses: 9}", 9, true),
        ("{code: A, customer: cus_7}", 0, false),
    ])
    func `written with the coupon are bounded by it unless they say otherwise`(
        code: String, limit: Int64, isMultiUse: Bool
    ) throws {
        let catalog = try compiled(tenPercent("id: a, codes: [\(code)]"))
        let found = catalog.matches("A").first
        let match = try #require(found)
        let terms = catalog.terms(of: match)
        #expect(terms.usesLimit == limit)
        #expect(terms.isOncePerCustomer == isMultiUse)
        #expect(terms.isBoundToCustomer == code.contains("cus_7"))
    }

    @Test func `in a codes file are single-use unless they say otherwise`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(
            "codes.csv",
            """
            code,max_uses,customer,multi_use,ends_at
            A,,,,
            B,5,,,
            C,,Ann@Example.com,,
            D,,,true,
            E,,,,2026-06-30

            """)
        let path = try folder.write(
            "coupons.yaml", tenPercent("id: a, timezone: Asia/Tokyo, codes_file: codes.csv"))
        let catalog = try Catalog.load(paths: [path])
        let terms = ["a", "b", "c", "d", "e"].map { catalog.terms(of: catalog.matches($0)[0]) }
        #expect(terms.map(\.usesLimit) == [1, 5, 1, 0, 1])
        let ann = catalog.symbol("ann@example.com")
        #expect(
            terms.map(\.customer) == [.unmentioned, .unmentioned, ann, .unmentioned, .unmentioned])
        #expect(terms[4].endsAt == (try instant("2026-06-30T15:00:00Z")))
        #expect(terms.map(\.isOncePerCustomer) == [false, false, false, true, false])
    }

    @Test func `carry what was used before`() throws {
        let catalog = try compiled(
            tenPercent("id: a, codes: [{code: A, max_uses: 5, used: 3, customer: cus_7}]"))
        let terms = catalog.terms(of: catalog.matches("A")[0])
        #expect(terms.usesBefore == 3)
        let customer = catalog.symbol("cus_7")
        #expect(terms.customer == customer)
    }
}
