import LoadGenerator

// Most orders are new; the others are among those that were asked about before, so that they are
// repeated, changed and given back in every state: held, lapsed, applied, released, forgotten, archived.

/// Chooses the requests of a soak, the same ones for the same seed.
struct SoakTraffic {
    private var chance: RandomNumbers
    private var orderCount = 0

    /// So far back an order is asked about again.
    private static let recentCount = 2_000
    private static let knownCount = 40_000
    private static let holdSecondsMax = 3

    init(seed: UInt64) { chance = RandomNumbers(seed: seed) }

    mutating func next() -> SoakRequest {
        switch Int.random(in: 0..<100, using: &chance) {
        case ..<25: return .validate(purchase())
        case ..<45: return reserve(newOrder())
        case ..<62:
            let order = newOrder()
            return .apply(order: order, Self.purchase(ofOrder: order))
        case ..<68:
            let purchase = purchase()
            return .usage(purchase.code, customer: purchase.customer)
        default: return again()
        }
    }

    private mutating func again() -> SoakRequest {
        guard orderCount > 0 else { return .validate(purchase()) }
        let isRecent = Int.random(in: 0..<10, using: &chance) < 7
        let back = min(orderCount, isRecent ? Self.recentCount : Self.knownCount)
        let order = orderCount - Int.random(in: 1...back, using: &chance)
        var purchase = Self.purchase(ofOrder: order)
        switch Int.random(in: 0..<100, using: &chance) {
        case ..<40: return .apply(order: order, purchase)
        case ..<50:
            purchase.quantity += 1
            return .apply(order: order, purchase)
        case ..<65: return reserve(order)
        default: return .release(order: order)
        }
    }

    private mutating func newOrder() -> Int {
        orderCount += 1
        return orderCount - 1
    }

    private mutating func reserve(_ order: Int) -> SoakRequest {
        .reserve(
            order: order, Self.purchase(ofOrder: order),
            seconds: Int.random(in: 1...Self.holdSecondsMax, using: &chance))
    }

    private mutating func purchase() -> SoakPurchase { Self.purchase(&chance) }

    /// An order always buys the same, so that it can be repeated.
    private static func purchase(ofOrder order: Int) -> SoakPurchase {
        var chance = RandomNumbers(seed: UInt64(order))
        return purchase(&chance)
    }

    private static func purchase(_ chance: inout RandomNumbers) -> SoakPurchase {
        let code: SoakCode =
            switch Int.random(in: 0..<100, using: &chance) {
            case ..<40: .plain
            case ..<50: .few
            case ..<75: .each
            default: .single(Int.random(in: 0..<SoakCode.singleCount, using: &chance))
            }
        return SoakPurchase(
            code: code,
            customer: Int.random(in: 0..<SoakPurchase.customerCount, using: &chance),
            quantity: Int.random(in: 1...5, using: &chance))
    }
}
