// The judge's arithmetic against the same rules in their plainest form: whole numbers, `sorted`,
// nothing clever. Carts are random, small numbers and zeros coming as often as large ones.

import CouponRules
import Testing

/// Discounts computed the slow and obvious way.
enum Reference {
    static func allocate(_ total: Int, over weights: [Int]) -> [Int] {
        let sum = weights.reduce(0, +)
        if sum == 0 { return weights }
        var shares = weights.map { total * $0 / sum }
        let served = weights.indices.sorted { left, right in
            let (leftRest, rightRest) = (total * weights[left] % sum, total * weights[right] % sum)
            if leftRest != rightRest { return leftRest > rightRest }
            if weights[left] != weights[right] { return weights[left] > weights[right] }
            return left < right
        }
        for index in served.prefix(total - shares.reduce(0, +)) { shares[index] += 1 }
        return shares
    }

    /// The discount of `order` on each line; other coupons left `left` of the lines, or all (nil).
    static func shares(
        _ order: Order, of left: [Int]? = nil, _ base: Stacking.Base = .remaining
    ) -> [Int] {
        let full = order.lines.map { $0.isCovered ? $0.quantity * $0.price : 0 }
        var values = full
        if let left {
            values = zip(order.lines, left).map { $0.isCovered ? $1 : 0 }
        }
        let bases = base == .original ? full : values
        let total = bases.reduce(0, +)
        let leftTotal = values.reduce(0, +)
        let most = min(order.cap ?? .max, order.asked ?? .max)
        var perLine: [Int]
        switch order.kind {
        case .percentage:
            let product = total * order.partsPerMillion
            let (whole, rest) = product.quotientAndRemainder(dividingBy: 1_000_000)
            let rounded =
                switch order.rounding {
                case .down: whole
                case .halfUp: rest >= 500_000 ? whole + 1 : whole
                case .halfEven:
                    rest > 500_000 || (rest == 500_000 && !whole.isMultiple(of: 2))
                        ? whole + 1 : whole
                }
            return allocate(min(rounded, leftTotal, most), over: values)
        case .fixedAmount: return allocate(min(order.amount, leftTotal, most), over: values)
        case .fixedPerItem:
            perLine = order.lines.map { min(order.amount, $0.price) * $0.quantity }
        case .fixedPerLine: perLine = values.map { min(order.amount, $0) }
        case .fixedPrice:
            perLine = zip(order.lines, bases).map { max(0, $1 - order.amount * $0.quantity) }
        case .shipping, .none, .giftItem, .tiers, .clauses, .buyXGetY:
            return values.map { _ in 0 }
        }
        perLine = zip(perLine, values).map { min($0, $1) }
        return perLine.reduce(0, +) > most ? allocate(most, over: values) : perLine
    }
}

/// A random cart and a random coupon.
struct Order {
    struct Line {
        var quantity: Int
        var price: Int
        var isCovered: Bool
    }

    static let kinds: [Discount.Kind] = [
        .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice,
    ]

    var kind: Discount.Kind
    var lines: [Line]
    var amount: Int
    var partsPerMillion: Int
    var rounding: Rounding
    var cap: Int?
    var asked: Int?

    init(_ kind: Discount.Kind, _ random: inout SplitMix64) {
        self.kind = kind
        lines = []
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let line = Line(
                quantity: Int.random(in: 1...4, using: &random), price: random.price(),
                isCovered: Int.random(in: 0..<4, using: &random) > 0)
            // Equal lines, and lines of equal value, are where ties live.
            lines.append(line)
            if Int.random(in: 0..<4, using: &random) == 0 { lines.append(line) }
        }
        amount = random.price()
        partsPerMillion = Int.random(in: 1...1_000_000, using: &random)
        if Bool.random(using: &random) {
            partsPerMillion = max(1, partsPerMillion / 50_000) * 50_000
        }
        rounding = Rounding.allCases.randomElement(using: &random) ?? .halfUp
        cap = Int.random(in: 0..<3, using: &random) == 0 ? random.price() : nil
        asked = Int.random(in: 0..<3, using: &random) == 0 ? random.price() : nil
    }

    var scene: Scene {
        var scene = Scene(kind)
        scene.items = lines.map {
            Item($0.isCovered ? "in" : "out", Int64($0.quantity), at: Int64($0.price))
        }
        scene.apply(to: ["product": ["in"]])
        if kind == .percentage {
            scene.coupon.discount.percent = Percent(partsPerMillion: Int32(partsPerMillion))
        } else {
            scene.give(["USD": Int64(amount)])
        }
        scene.coupon.discount.rounding = rounding
        if let cap { scene.cap(["USD": Int64(cap)]) }
        scene.discountMax = asked.map { Int64($0) }
        // A comp may give nothing, so a zero discount is not refused.
        scene.coupon.kind = .comp
        return scene
    }
}

@Suite struct `A random cart` {
    @Test(arguments: Order.kinds)
    func `matches the plain rules`(kind: Discount.Kind) {
        var random = SplitMix64(for: "A random cart")
        for _ in 0..<20_000 {
            let order = Order(kind, &random)
            let verdict = order.scene.verdict()
            let isCovering = order.lines.contains(where: \.isCovered)
            let values = order.lines.map { $0.isCovered ? Int64($0.quantity * $0.price) : 0 }
            guard verdict.reason == (isCovering ? nil : .noEligibleItems),
                verdict.shares == Reference.shares(order).map({ Int64($0) }),
                verdict.shares.reduce(0, +) == verdict.discount,
                verdict.discount <= values.reduce(0, +),
                zip(verdict.shares, values).allSatisfy({ 0 <= $0 && $0 <= $1 })
            else {
                Issue.record("\(order) became \(verdict)")
                return
            }
        }
    }

    /// A line and its share, without its place.
    struct Outcome: Hashable {
        var value: Int
        var isCovered: Bool
        var share: Int64
    }

    @Test(arguments: Order.kinds)
    func `does not depend on the order of lines`(kind: Discount.Kind) {
        var random = SplitMix64(for: "A random cart")
        for _ in 0..<4_000 {
            let order = Order(kind, &random)
            var shuffled = order
            shuffled.lines.shuffle(using: &random)
            if outcomes(of: order) != outcomes(of: shuffled) {
                Issue.record("\(order) and \(shuffled)")
                return
            }
        }
    }

    private func outcomes(of order: Order) -> [Outcome: Int] {
        let shares = order.scene.verdict().shares
        let outcomes = zip(order.lines, shares).map { line, share in
            Outcome(value: line.quantity * line.price, isCovered: line.isCovered, share: share)
        }
        return Dictionary(outcomes.map { ($0, 1) }, uniquingKeysWith: +)
    }
}
