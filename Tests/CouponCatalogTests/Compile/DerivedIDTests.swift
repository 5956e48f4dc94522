import Definitions
import Testing

@testable import CouponCatalog

@Suite struct `A coupon without an id` {
    private func id(_ yaml: String) throws -> String {
        let catalog = try compiled(yaml)
        return string(catalog.id(of: CouponID(0)))
    }

    @Test func `is named by its store and first code, the same at every load`() throws {
        // Recorded uses carry this id: it may never come out differently.
        #expect(try id(tenPercent("codes: [SUMMER20, B]")) == "cou_ucxo4b3epfr2xppcbvnajnsbbc")
    }

    @Test(arguments: [
        ("codes: [summer20]", true), ("codes: [\" ＳＵＭＭＥＲ20\"]", true),
        ("codes: [SUMMER20, OTHER], name: renamed", true), ("codes: [OTHER, SUMMER20]", false),
        ("codes: [SUMMER21]", false), ("case_sensitive: true, codes: [SUMMER20]", false),
        ("case_sensitive: true, codes: [summer20]", true),
    ])
    func `keeps its name while its first code reads the same`(
        definition: String, isSame: Bool
    ) throws {
        let original = try id(tenPercent("codes: [SUMMER20]"))
        #expect((try id(tenPercent(definition)) == original) == isSame)
    }

    @Test func `has another name in another store`() throws {
        let here = try id(tenPercent("codes: [SUMMER20]"))
        let there = try id(tenPercent("codes: [SUMMER20]", head: "store: there"))
        #expect(here != there)
    }

    @Test func `may not share its first code with another one`() {
        let faults = faultsCompiling(
            tenPercent("codes: [SAVE]", "codes: [save]", head: "code_scope: coupon"))
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("1.yaml:4:3: coupons[1].id: Without ids, ") == true)
    }

    @Test func `is found by the name it was given`() throws {
        let catalog = try compiled(tenPercent("codes: [SUMMER20]", "id: b, codes: [B]"))
        let derived = try catalog.number(string(catalog.id(of: CouponID(0))))
        let given = try catalog.number("b")
        #expect(derived == CouponID(0))
        let flags = [catalog.hasDerivedID(derived), catalog.hasDerivedID(given)]
        #expect(flags == [true, false])
    }
}

@Suite struct `Ids` {
    @Test func `may be taken once in a store`() {
        let faults = faultsCompiling(
            tenPercent("id: a, codes: [A]", "id: b, codes: [B]"), tenPercent("id: a, codes: [C]"),
            tenPercent("id: a, codes: [A]", head: "store: other"))
        #expect(
            faults == [
                "2.yaml:3:3: coupons[0].id: The id “a” is taken by the coupon at 1.yaml:3."
            ])
    }

    @Test func `of gift cards may be taken once in a store`() {
        let faults = faultsCompiling(
            """
            gift_cards:
            - {id: g, code: G1, amount: 1, currency: USD}
            - {id: g, code: G2, amount: 1, currency: USD}
            """)
        #expect(
            faults == [
                "1.yaml:3:3: gift_cards[1].id: The id “g” is taken by the gift card at "
                    + "1.yaml:2:3."
            ])
    }

    @Test func `are found among many`() throws {
        let definitions = (0..<1_000).map { "- {id: c\($0), type: comp}\n" }
        let catalog = try compiled("coupons:\n" + definitions.joined())
        let numbers = try (0..<1_000).map { Int(try catalog.number("c\($0)").index) }
        #expect(numbers == Array(0..<1_000))
        let found = catalog.store(named: "default".utf8.span)
        let store = try #require(found)
        let missing = catalog.coupon(in: store, withID: "c1000".utf8.span)
        #expect(missing == nil)
    }
}

@Suite struct `A reload` {
    private func changes(from old: String, to new: String) throws -> [DerivedIDChange] {
        try compiled(new).changedDerivedIDs(from: compiled(old))
    }

    @Test(arguments: [
        "codes: [B, A]", "codes: [NEW, A, B]", "codes: [B]", "codes: [b, C], name: renamed",
    ])
    func `notices another first code`(definition: String) throws {
        let old = try compiled(tenPercent("codes: [A, B]", "id: z, codes: [Z]"))
        let new = try compiled(tenPercent("id: z, codes: [Z]", definition))
        let changes = new.changedDerivedIDs(from: old)
        let (oldID, newID) = (string(old.id(of: CouponID(0))), string(new.id(of: CouponID(1))))
        #expect(
            changes == [
                DerivedIDChange(
                    store: "default", oldID: oldID, newID: newID,
                    place: SourcePlace(file: "1.yaml", line: 4))
            ])
    }

    @Test(arguments: [
        "codes: [A, B]", "codes: [A]", "codes: [a, C, B]", "codes: [C]", "id: b, codes: [B, A]",
    ])
    func `lets every other change pass`(definition: String) throws {
        let changes = try changes(from: tenPercent("codes: [A, B]"), to: tenPercent(definition))
        #expect(changes == [])
    }

    @Test func `lets coupons with ids do as they like`() throws {
        let changes = try changes(
            from: tenPercent("id: a, codes: [A, B]"), to: tenPercent("codes: [B, A]"))
        #expect(changes == [])
    }

    @Test func `lets a store go`() throws {
        let changes = try changes(
            from: tenPercent("codes: [A]", head: "store: gone"), to: tenPercent("codes: [A]"))
        #expect(changes == [])
    }
}

@Suite struct `A recorded use` {
    private let usedID: String
    private let yaml = tenPercent("codes: [NEW, OLD]", "id: named, codes: [NAMED]")

    init() throws {
        let catalog = try compiled(tenPercent("codes: [OLD]"))
        usedID = string(catalog.id(of: CouponID(0)))
    }

    private func change(store: String, coupon: String, code: String) throws -> DerivedIDChange? {
        try compiled(yaml).changedDerivedID(
            ofUseIn: store.utf8.span, coupon: coupon.utf8.span, code: code.utf8.span)
    }

    @Test(arguments: ["OLD", "old"])
    func `of a code whose coupon has another first code now is reported`(code: String) throws {
        let found = try #require(try change(store: "default", coupon: usedID, code: code))
        #expect(found.oldID == usedID)
        #expect(found.newID != usedID)
        #expect(found.place == SourcePlace(file: "1.yaml", line: 3))
    }

    @Test func `of any other use has not changed`() throws {
        let present = try compiled(yaml)
        let presentID = string(present.id(of: CouponID(0)))
        let cases = [
            ("default", presentID, "OLD"), ("default", usedID, "GONE"), ("default", "cou_x", "OLD"),
            ("default", usedID, "NAMED"), ("other", usedID, "OLD"), ("default", usedID, ""),
            ("default", "cou_" + String(repeating: "1", count: 26), "OLD"),
        ]
        for (store, coupon, code) in cases {
            let found = try change(store: store, coupon: coupon, code: code)
            #expect(found == nil, "\(store) \(coupon) \(code)")
        }
    }
}

@Suite struct `An empty catalog` {
    @Test func `is what no path gives`() throws {
        let catalog = try Catalog.load(paths: [])
        let counts = [catalog.storeCount, catalog.couponCount, catalog.codeCount]
        #expect(counts == [0, 0, 0])
        let store = catalog.store(named: "default".utf8.span)
        #expect(store == nil)
        let product = catalog.symbol("product")
        #expect(product == .product)
    }
}
