// Several random coupons on one random cart, against the plain rules applied one after the other.

import CouponRules
import Testing

extension Order {
    /// Another coupon on the same cart that may have another kind and covers other lines.
    fileprivate func another(_ random: inout SplitMix64) -> Order {
        var order = Order(Order.kinds.randomElement(using: &random) ?? .percentage, &random)
        order.lines = lines
        for index in lines.indices { order.lines[index].isCovered = Bool.random(using: &random) }
        return order
    }

    fileprivate func scene(_ base: Stacking.Base) -> Scene {
        var scene = scene
        scene.coupon.stacking.base = base
        return scene
    }
}

@Suite struct `Random coupons on one cart` {
    @Test func `match the plain rules applied one after the other`() {
        var random = SplitMix64(for: "Random coupons on one cart")
        for _ in 0..<20_000 {
            var orders = [Order(.percentage, &random)]
            var bases = [Stacking.Base.remaining]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                orders.append(orders[0].another(&random))
                bases.append(Stacking.Base.allCases.randomElement(using: &random) ?? .original)
            }
            let verdicts = Scene.verdicts(of: zip(orders, bases).map { $0.scene($1) })

            var left = orders[0].lines.map { $0.quantity * $0.price }
            for (index, verdict) in verdicts.enumerated() {
                let shares = Reference.shares(orders[index], of: left, bases[index])
                left = zip(left, shares).map { $0 - $1 }
                let isCovering = orders[index].lines.contains(where: \.isCovered)
                guard verdict.reason == (isCovering ? nil : .noEligibleItems),
                    verdict.shares == shares.map({ Int64($0) }),
                    verdict.discount == verdict.shares.reduce(0, +),
                    left.allSatisfy({ $0 >= 0 })
                else {
                    Issue.record("\(index) of \(orders), \(bases) became \(verdict)")
                    return
                }
            }
        }
    }

    @Test func `have the same verdict judged or examined and priced`() {
        var random = SplitMix64(for: "Random coupons on one cart")
        for _ in 0..<4_000 {
            let kind = Order.kinds.randomElement(using: &random) ?? .percentage
            let scene = Order(kind, &random).scene(.original)
            let (judged, priced) = (scene.verdict(), Scene.verdicts(of: [scene])[0])
            guard judged.refusals == priced.refusals, judged.shares == priced.shares,
                judged.discount == priced.discount
            else {
                Issue.record("\(scene) became \(judged) and \(priced)")
                return
            }
        }
    }
}
