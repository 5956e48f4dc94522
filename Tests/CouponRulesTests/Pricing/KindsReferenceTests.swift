// The kinds that choose units, tiers or clauses against their plainest form: every unit is an
// element of an array, sets are tried one more at a time, and the chosen units become a plain
// order.

import CouponRules
import Testing

/// One unit of a line of an ``Order``.
private struct Unit {
    var price: Int
    /// The value of its whole line.
    var value: Int
    var line: Int

    static func all(of lines: [Order.Line]) -> [Unit] {
        lines.indices.flatMap { index in
            let line = lines[index]
            let unit = Unit(price: line.price, value: line.price * line.quantity, line: index)
            return [Unit](repeating: unit, count: line.quantity)
        }
    }

    func isBefore(_ other: Unit, _ order: UnitOrder) -> Bool {
        if price != other.price {
            return order == .dearest ? price > other.price : price < other.price
        }
        return value != other.value ? value > other.value : line < other.line
    }
}

extension Order {
    /// The order in which only these units were bought.
    fileprivate func with(_ units: [Unit]) -> Order {
        var order = self
        for index in lines.indices {
            order.lines[index].quantity = units.count { $0.line == index }
            order.lines[index].isCovered = order.lines[index].quantity > 0
        }
        return order
    }

    fileprivate var coveredUnits: [Unit] {
        Unit.all(of: lines).filter { lines[$0.line].isCovered }
    }

    fileprivate func shares() -> [Int64] { Reference.shares(self).map { Int64($0) } }
}

/// Whether a verdict is as expected; records an issue about `input` if not. A refusal has no
/// discount.
private func holds(_ verdict: Verdict, _ expected: [Int64], _ input: Any) -> Bool {
    let isSame =
        verdict.shares == expected && verdict.discount == expected.reduce(0, +)
        && verdict.refusals.isEmpty
    if !isSame { Issue.record("\(input) became \(verdict) instead of \(expected)") }
    return isSame
}

@Suite struct `A random choice of units` {
    static let kinds: [Discount.Kind] = [.percentage, .fixedAmount, .fixedPerItem, .fixedPrice]

    @Test(arguments: kinds)
    func `matches counting single units`(kind: Discount.Kind) {
        var random = SplitMix64(for: "A random choice of units")
        for _ in 0..<4_000 {
            let order = Order(kind, &random)
            guard order.lines.contains(where: \.isCovered) else { continue }
            let most = Int.random(in: 1...10, using: &random)
            let units: UnitOrder = Bool.random(using: &random) ? .dearest : .cheapest
            let chosen = order.coveredUnits.sorted { $0.isBefore($1, units) }.prefix(most)
            var scene = order.scene
            scene.coupon.discount.unitsMost = Int64(most)
            scene.coupon.discount.units = units
            let expected = order.with(Array(chosen)).shares()
            if !holds(scene.verdict(), expected, (order, most, units)) { return }
        }
    }

    @Test func `does not depend on the order of lines`() {
        var random = SplitMix64(for: "A random choice of units")
        for _ in 0..<2_000 {
            var order = Order(.percentage, &random)
            let most = Int64.random(in: 1...10, using: &random)
            func shares() -> [Int64] {
                var scene = order.scene
                scene.coupon.discount.unitsMost = most
                return scene.verdict().shares.sorted()
            }
            let before = shares()
            order.lines.shuffle(using: &random)
            if shares() != before {
                Issue.record("\(order) with \(most) units")
                return
            }
        }
    }
}

@Suite struct `Random tiers` {
    @Test(arguments: [true, false])
    func `are the plain discount of the highest that is met`(isBySubtotal: Bool) {
        var random = SplitMix64(for: "Random tiers")
        for _ in 0..<4_000 {
            let order = Order(.percentage, &random)
            let covered = order.lines.filter(\.isCovered)
            if covered.isEmpty { continue }
            let measure = covered.reduce(0) { sum, line in
                sum + (isBySubtotal ? line.price * line.quantity : line.quantity)
            }
            var bounds = Set((0..<4).map { _ in random.price() % 20_000 + 1 })
            if !isBySubtotal { bounds = Set(bounds.map { $0 % 12 + 1 }) }
            let tiers = bounds.sorted().map { ($0, Order(.fixedAmount, &random)) }
            var scene = order.scene
            scene.give(
                tiers: tiers.map { bound, worth in
                    let isPercent = worth.amount.isMultiple(of: 2)
                    return Step(
                        subtotal: isBySubtotal ? Int64(bound) : nil,
                        items: isBySubtotal ? nil : Int64(bound),
                        percent: isPercent ? worth.percent : nil,
                        cents: isPercent ? nil : Int64(worth.amount))
                })
            guard let met = tiers.last(where: { $0.0 <= measure })?.1 else {
                let refusal = scene.verdict().refusals.first
                #expect(refusal?.limit == tiers.first.map { Int64($0.0) })
                #expect(refusal?.missing == tiers.first.map { Int64($0.0 - measure) })
                continue
            }
            var plain = order
            plain.kind = met.amount.isMultiple(of: 2) ? .percentage : .fixedAmount
            plain.amount = met.amount
            plain.partsPerMillion = met.partsPerMillion
            if !holds(scene.verdict(), plain.shares(), (order, tiers)) { return }
        }
    }
}

extension Order {
    /// As definitions write it.
    fileprivate var percent: String {
        let (whole, parts) = partsPerMillion.quotientAndRemainder(dividingBy: 10_000)
        let digits = String(parts)
        return "\(whole).\(String(repeating: "0", count: 4 - digits.count))\(digits)"
    }
}

@Suite struct `Random clauses` {
    private static let kinds: [Discount.Kind] = [
        .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice,
    ]

    @Test func `are plain discounts of their lines, added up and bounded`() {
        var random = SplitMix64(for: "Random clauses")
        for _ in 0..<4_000 {
            var cart = Order(.percentage, &random)
            let clauseCount = Int.random(in: 1...4, using: &random)
            // No clause covers the last number.
            let owners = cart.lines.map { _ in Int.random(in: 0...clauseCount, using: &random) }
            for index in owners.indices {
                cart.lines[index].isCovered = owners[index] < clauseCount
            }
            guard cart.lines.contains(where: \.isCovered) else { continue }

            var scene = Scene(.clauses)
            scene.coupon.kind = .comp
            scene.items = zip(cart.lines, owners).map { line, owner in
                Item("p\(owner)", Int64(line.quantity), at: Int64(line.price))
            }
            var clauses: [(maps: [Words], discount: Discount)] = []
            var expected = cart.lines.map { _ in Int64(0) }
            for number in 0..<clauseCount {
                let kind = Self.kinds.randomElement(using: &random) ?? .percentage
                var order = Order(kind, &random)
                order.asked = nil
                order.lines = cart.lines
                for index in owners.indices {
                    order.lines[index].isCovered = owners[index] == number
                }
                expected = zip(expected, order.shares()).map { $0 + $1 }
                var discount = scene.plain(
                    kind, percent: kind == .percentage ? order.percent : nil,
                    cents: kind == .percentage ? nil : Int64(order.amount),
                    cap: order.cap.map { Int64($0) })
                discount.rounding = order.rounding
                // The clause also names the lines of those before it, which have them first.
                let products = (0...number).map { "p\($0)" }
                clauses.append(([["product": products]], discount))
            }
            scene.give(clauses: clauses)
            if let cap = cart.cap { scene.cap(["USD": Int64(cap)]) }
            scene.discountMax = cart.asked.map { Int64($0) }
            let most = min(cart.cap ?? .max, cart.asked ?? .max)
            if expected.reduce(0, +) > most {
                let values = cart.lines.map { $0.isCovered ? $0.quantity * $0.price : 0 }
                expected = Reference.allocate(most, over: values).map { Int64($0) }
            }
            if !holds(scene.verdict(), expected, (cart, owners)) { return }
        }
    }
}

/// Sets made the slow way.
private struct SetReference {
    var buy: Int
    var get: Int
    var timesMost: Int?
    /// By line: 0 is only bought, 1 both, 2 only got, 3 neither.
    var roles: [Int]

    /// The units that are got, when one more set is tried until it fails.
    func got(of order: Order) -> [Unit] {
        let units = Unit.all(of: order.lines)
        let onlyBought = units.filter { roles[$0.line] == 0 }
        let shared = units.filter { roles[$0.line] == 1 }.sorted { $0.isBefore($1, .dearest) }
        let onlyGot = units.filter { roles[$0.line] == 2 }
        var got: [Unit] = []
        var sets = 1
        while sets <= timesMost ?? .max, sets * buy <= onlyBought.count + shared.count {
            let fromShared = max(0, sets * buy - onlyBought.count)
            let left = shared.dropFirst(fromShared) + onlyGot
            if left.count <= (sets - 1) * get { break }
            got = cheapest(sets * get, of: Array(left))
            sets += 1
        }
        return got
    }

    /// Among equal lines, the one with fewer units left comes first.
    private func cheapest(_ count: Int, of units: [Unit]) -> [Unit] {
        let left = Dictionary(units.map { ($0.line, 1) }, uniquingKeysWith: +)
        let sorted = units.sorted { one, other in
            if one.price == other.price, one.value == other.value,
                left[one.line] != left[other.line]
            {
                return left[one.line, default: 0] < left[other.line, default: 0]
            }
            return one.isBefore(other, .cheapest)
        }
        return Array(sorted.prefix(count))
    }
}

@Suite struct `Random sets of buy some, get others` {
    private func scene(_ order: Order, _ sets: SetReference) -> Scene {
        var scene = order.scene
        scene.apply()
        scene.items = zip(order.lines, sets.roles).map { line, role in
            Item(["a", "s", "g", "x"][role], Int64(line.quantity), at: Int64(line.price))
        }
        scene.give(
            buying: Int64(sets.buy), of: [["product": ["a", "s"]]], getting: Int64(sets.get),
            of: [["product": ["s", "g"]]], percent: order.percent,
            timesMost: Int64(sets.timesMost ?? 0))
        return scene
    }

    private func random(_ random: inout SplitMix64) -> (Order, SetReference) {
        let order = Order(.percentage, &random)
        let isBounded = Int.random(in: 0..<3, using: &random) == 0
        let sets = SetReference(
            buy: Int.random(in: 1...5, using: &random), get: Int.random(in: 1...4, using: &random),
            timesMost: isBounded ? Int.random(in: 1...3, using: &random) : nil,
            roles: order.lines.map { _ in Int.random(in: 0..<4, using: &random) })
        return (order, sets)
    }

    @Test func `match trying one more set at a time`() {
        var source = SplitMix64(for: "Random sets of buy some, get others")
        var goodCount = 0
        for _ in 0..<6_000 {
            let (order, sets) = random(&source)
            let got = sets.got(of: order)
            let verdict = scene(order, sets).verdict()
            if got.isEmpty {
                #expect(verdict.refusals.count == 1 && verdict.discount == 0, "\(order) \(sets)")
                continue
            }
            goodCount += 1
            if !holds(verdict, order.with(got).shares(), (order, sets)) { return }
        }
        #expect(goodCount > 500)
    }

    @Test func `does not depend on the order of lines`() {
        var source = SplitMix64(for: "Random sets of buy some, get others")
        for _ in 0..<2_000 {
            let (order, sets) = random(&source)
            var (turned, turnedSets) = (order, sets)
            turned.lines.reverse()
            turnedSets.roles.reverse()
            let first = scene(order, sets).verdict()
            let second = scene(turned, turnedSets).verdict()
            guard first.reasons == second.reasons, first.shares.sorted() == second.shares.sorted()
            else {
                Issue.record("\(order) \(sets) became \(first) and \(second)")
                return
            }
        }
    }
}
