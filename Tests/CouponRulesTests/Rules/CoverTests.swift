// Which lines a coupon covers. Each test gives 100 % off, so that a line's share shows its cover:
// prices are powers of ten, and the discount's digits say which lines were covered.

import CouponRules
import Testing

/// All of the covered lines, `items` at 1, 10, 100 … cents.
private func cover(_ items: [(String?, Words)], _ arrange: (inout Scene) -> Void) -> Int64 {
    var price: Int64 = 1
    var scene = Scene(percent: "100")
    scene.items = items.map { product, attributes in
        defer { price *= 10 }
        return Item(product, at: price, attributes)
    }
    arrange(&scene)
    return scene.verdict().discount
}

@Suite struct `A coupon's cover` {
    @Test func `is every line by default`() {
        #expect(cover([("p1", [:]), (nil, [:])]) { _ in } == 11)
    }

    @Test func `matches any listed value of an attribute`() {
        let items: [(String?, Words)] = [("p1", [:]), ("p2", [:]), ("p3", [:]), (nil, [:])]
        #expect(cover(items) { $0.apply(to: ["product": ["p1", "p3"]]) } == 101)
    }

    @Test func `matches any value of a line`() {
        let items: [(String?, Words)] = [
            ("p1", ["category": ["shoes", "sale"]]), ("p2", ["category": ["hats"]]),
            ("p3", ["category": ["hats", "sale"]]),
        ]
        #expect(cover(items) { $0.apply(to: ["category": ["sale"]]) } == 101)
    }

    @Test func `requires every key of a map`() {
        let items: [(String?, Words)] = [
            ("p1", ["event": ["241"], "price_level": ["12"]]), ("p1", ["event": ["241"]]),
            ("p1", ["price_level": ["12"]]), ("p1", ["event": ["241"], "price_level": ["13"]]),
        ]
        #expect(cover(items) { $0.apply(to: ["event": ["241"], "price_level": ["12"]]) } == 1)
    }

    @Test func `requires one of several maps to be met completely`() {
        let items: [(String?, Words)] = [
            ("p1", ["event": ["241"]]), ("p2", ["event": ["241"]]), ("p3", ["event": ["242"]]),
            ("p1", ["event": ["242"]]),
        ]
        let covered = cover(items) {
            $0.apply(to: ["event": ["241"], "product": ["p1"]], ["product": ["p3"]])
        }
        #expect(covered == 101)
    }

    @Test func `excludes lines that meet any exclusion`() {
        let items: [(String?, Words)] = [
            ("p1", ["category": ["gift"]]), ("p2", ["category": ["shoes"], "brand": ["acme"]]),
            ("p3", ["category": ["shoes"]]), ("p4", ["category": ["shoes", "gift"]]),
        ]
        #expect(cover(items) { $0.exclude(["category": ["gift"], "brand": ["acme"]]) } == 100)
        let both = cover(items) {
            $0.apply(to: ["product": ["p1", "p2"]])
            $0.exclude(["category": ["gift"]])
        }
        #expect(both == 10)
        #expect(cover(items) { $0.exclude(["product": ["p3"]]) } == 1_011)
    }

    @Test func `skips sale items if the coupon says so`() {
        var scene = Scene(percent: "100", of: [Item(at: 1, onSale: true), Item(at: 10)])
        #expect(scene.verdict().discount == 11)
        scene.coupon.skipsSaleItems = true
        #expect(scene.verdict().shares == [0, 10])
        scene.items = [Item(at: 1, onSale: true)]
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
    }
}

@Suite struct `A line` {
    @Test func `inherits missing attributes from the context`() {
        let items: [(String?, Words)] = [
            ("p1", [:]), ("p2", ["event": ["242"]]), ("p3", ["event": ["241"]]),
        ]
        let inherited = cover(items) {
            $0.apply(to: ["event": ["241"]])
            $0.context = ["event": ["241"]]
        }
        #expect(inherited == 101)
        let excluded = cover(items) {
            $0.exclude(["event": ["241"]])
            $0.context = ["event": ["241"]]
        }
        #expect(excluded == 10)
    }

    @Test func `inherits any of several values`() {
        let covered = cover([("p1", [:]), ("p2", ["event": ["9"]])]) {
            $0.apply(to: ["event": ["241"]])
            $0.context = ["event": ["240", "241"], "site": ["1"]]
        }
        #expect(covered == 1)
    }

    @Test func `never inherits a product`() {
        let covered = cover([("p1", [:]), (nil, [:])]) {
            $0.apply(to: ["product": ["p1"]])
            $0.context = ["product": ["p1"]]
        }
        #expect(covered == 1)
    }

    @Test func `with an empty attribute does not inherit it`() {
        let items: [(String?, Words)] = [("p1", ["event": []]), ("p2", [:])]
        let covered = cover(items) {
            $0.apply(to: ["event": ["241"]])
            $0.context = ["event": ["241"]]
        }
        #expect(covered == 10)
        let left = cover(items) {
            $0.exclude(["event": ["241"]])
            $0.context = ["event": ["241"]]
        }
        #expect(left == 1)
    }

    @Test func `does not match a value that no definition mentions`() {
        #expect(cover([("p1", ["tag": ["x"]])]) { $0.apply(to: ["brand": ["acme"]]) } == 0)
    }
}

@Suite struct `A required item` {
    @Test func `does not change the cover`() {
        var scene = Scene(percent: "100", of: [Item("p1", at: 1), Item("p9", at: 10)])
        scene.require(contains: ["product": ["p9"]])
        #expect(scene.verdict().discount == 11)
        scene.apply(to: ["product": ["p1"]])
        #expect(scene.verdict().shares == [1, 0])
    }

    @Test func `may be on a different line for each key`() {
        var scene = Scene(percent: "100")
        scene.require(contains: ["product": ["p8", "p9"], "category": ["hats"]])
        scene.items = [Item("p9", at: 1), Item("p1", at: 10, ["category": ["hats"]])]
        #expect(scene.verdict().discount == 11)
    }

    @Test(
        arguments: zip(
            [[Item("p1", at: 1)], [Item("p9", at: 1)], []], ["product", "category", "product"]))
    func `is named by its attribute when it is missing`(items: [Item], attribute: String) {
        var scene = Scene(percent: "100", of: items)
        scene.require(contains: ["product": ["p9"], "category": ["hats"]])
        var refusal = Refusal(.requiredItemsMissing)
        refusal.scope = scene.scope(attribute)
        #expect(scene.verdict().refusals == [refusal])
    }

    @Test func `may be met by an inherited attribute`() {
        var scene = Scene(percent: "100", of: [Item("p1", at: 1)])
        scene.require(contains: ["event": ["241"]])
        #expect(scene.verdict().reason == .requiredItemsMissing)
        scene.context = ["event": ["241"]]
        #expect(scene.verdict().reason == nil)
    }
}

@Suite struct `A required context` {
    @Test func `is read from the context only`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000, ["country": ["US"]])])
        scene.require(context: ["country": ["US", "CA"], "channel": ["web"]])
        scene.context = ["channel": ["web"]]
        var refusal = Refusal(.contextNotEligible)
        refusal.scope = scene.scope("country")
        #expect(scene.verdict().refusals == [refusal])

        scene.context = ["country": ["CA"], "channel": ["pos"]]
        refusal.scope = scene.scope("channel")
        #expect(scene.verdict().refusals == [refusal])

        scene.context = ["country": ["DE", "CA"], "channel": ["web"]]
        #expect(scene.verdict().refusals.isEmpty)
    }
}

@Suite struct `A coupon that reads attributes` {
    @Test func `names them in its cover or its requirements`() {
        #expect(!Scene(percent: "10").coupon.readsAttributes)
        let rules: [(inout Scene) -> Void] = [
            { $0.apply(to: ["event": ["241"]]) }, { $0.exclude(["event": ["241"]]) },
            { $0.require(contains: ["event": ["241"]]) },
            { $0.require(context: ["event": ["241"]]) },
        ]
        for rule in rules {
            var scene = Scene(percent: "10")
            rule(&scene)
            #expect(scene.coupon.readsAttributes)
        }
    }
}

@Suite struct `Without a cart, a cover` {
    static let offer: [Words] = [["event": ["241"], "price_level": ["12"]], ["event": ["300"]]]

    @Test(
        arguments: [
            ([:], true), (["site": ["1"]], true), (["event": ["241"]], true),
            (["price_level": ["12"]], true), (["event": ["300"], "price_level": ["99"]], true),
            (["event": ["241"], "price_level": ["12"]], true), (["event": ["242"]], false),
            (["event": ["241"], "price_level": ["99"]], false), (["event": []], false),
            (["event": ["242", "300"]], true),
        ] as [(Words, Bool)])
    func `is judged on the keys that the context has`(context: Words, isGood: Bool) {
        var scene = Scene(percent: "10")
        scene.apply(to: Self.offer[0], Self.offer[1])
        scene.context = context
        #expect(scene.verdict().refusals == (isGood ? [] : [Refusal(.noEligibleItems)]))
        #expect(scene.verdict().discount == 0)
    }

    @Test func `is ruled out by an exclusion that the context meets`() {
        var scene = Scene(percent: "10")
        scene.exclude(["event": ["241"]])
        #expect(scene.verdict().reason == nil)
        scene.context = ["event": ["241"]]
        #expect(scene.verdict().reason == .noEligibleItems)
    }

    @Test func `fits every context when it names nothing`() {
        var scene = Scene(percent: "10")
        scene.context = ["event": ["241"]]
        #expect(scene.verdict().refusals.isEmpty)
    }
}
