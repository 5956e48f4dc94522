// The context that a request gives for one code: which lines the code is for, and without a cart,
// the attributes that its cover is judged on.

import CouponRules
import Testing

private let items = [
    Item("a", 2, at: 1_000), Item("b", 1, at: 3_000), Item("c", 1, at: 500),
]

@Suite struct `A code's own context` {
    @Test func `leaves lines without its mark uncovered`() {
        var scene = Scene(percent: "10", of: items)
        scene.marks = [true, false, true]
        #expect(scene.verdict().shares == [200, 0, 50])
        scene.apply(to: ["product": ["b", "c"]])
        #expect(scene.verdict().shares == [0, 0, 50])
        scene.marks = [true, false, false]
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
        scene.marks = []
        #expect(scene.verdict().shares == [0, 300, 50])
    }

    @Test func `also excludes triggers without its mark`() {
        var scene = Scene(.buyXGetY, items)
        scene.give(buying: 1, of: [["product": ["b"]]], getting: 1, of: [["product": ["a"]]])
        scene.marks = [true, true, false]
        #expect(scene.verdict().shares == [1_000, 0, 0])
        scene.marks = [true, false, true]
        var refusal = Refusal(.requiredItemsMissing)
        refusal.scope = scene.scope("product")
        #expect(scene.verdict().refusals == [refusal])
    }

    @Test func `keeps lines without its mark from every clause`() {
        var scene = Scene(.clauses, items)
        let half = scene.plain(.percentage, percent: "50")
        scene.give(clauses: [([["product": ["a"]]], half), ([], half)])
        scene.marks = [false, true, false]
        #expect(scene.verdict().shares == [0, 1_500, 0])
    }

    @Test func `does not hide lines from cart rules`() {
        var scene = Scene(percent: "10", of: items)
        scene.marks = [false, false, true]
        scene.require(contains: ["product": ["b"]])
        scene.require(subtotalFrom: ["USD": 5_500])
        scene.coupon.requirements.minimumItems = 4
        #expect(scene.verdict().shares == [0, 0, 50])
        // Bounds on eligible lines count marked lines only.
        scene.coupon.requirements.base = .eligible
        let refusals = scene.verdict(explains: true).refusals
        #expect(refusals.map(\.reason) == [.belowMinimumAmount, .belowMinimumQuantity])
        #expect(refusals.map(\.actual) == [500, 1])
    }

    @Test(
        arguments: [
            (["event": ["242"]], [:], false), (["event": ["241"]], [:], true),
            (["event": ["242"]], ["event": ["241"]], true),
            (["event": ["241"]], ["event": ["242"]], false),
            (["event": ["241"]], ["site": ["2"]], false),
            (["event": ["242"]], ["site": ["1"]], false), ([:], ["event": ["241"]], true),
            (["site": ["1"]], ["event": ["241"]], true), (["site": ["2"]], ["site": ["1"]], true),
        ] as [(Words, Words, Bool)])
    func `comes before the request's without a cart`(
        shared: Words, own: Words, isGood: Bool
    ) {
        for place in ["coupon", "offer", "clause"] {
            var scene = Scene(percent: "10")
            let map: Words = ["event": ["241"], "site": ["1"]]
            switch place {
            case "coupon": scene.apply(to: map)
            case "offer": scene.offer(to: map)
            default:
                let tenth = scene.coupon.discount
                scene.give(clauses: [([map], tenth)])
            }
            scene.context = shared
            scene.ownContext = own
            let expected = isGood ? [] : [Refusal(.noEligibleItems)]
            #expect(scene.verdict().refusals == expected, "\(place)")
        }
    }

    @Test func `comes before the request's for exclusions`() {
        var scene = Scene(percent: "10")
        scene.exclude(["event": ["241"]])
        scene.context = ["event": ["241"]]
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
        scene.ownContext = ["event": ["242"]]
        #expect(scene.verdict().refusals.isEmpty)
        scene.context = ["event": ["242"]]
        scene.ownContext = ["event": ["241"]]
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
    }

    @Test func `does not meet a required context`() {
        var scene = Scene(percent: "10", of: items)
        scene.require(context: ["country": ["US"]])
        scene.ownContext = ["country": ["US"]]
        #expect(scene.verdict().reason == .contextNotEligible)
        scene.context = ["country": ["US"]]
        scene.ownContext = ["country": ["DE"]]
        #expect(scene.verdict().refusals.isEmpty)
    }
}
