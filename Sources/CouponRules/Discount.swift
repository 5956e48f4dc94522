// What a discount says, as a flat value: the kinds that divide one total over lines, and those that
// compute line by line.

/// How a coupon turns covered lines into money.
package struct Discount: Sendable, BitwiseCopyable {
    package enum Kind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
        case none
        case percentage
        case fixedAmount
        case fixedPerItem
        case fixedPerLine
        case fixedPrice
        case shipping
        /// Something is given beside the cart, and no money.
        case giftItem
    }

    package var kind: Kind
    package var percent: Percent?
    /// Runs of ``CurrencyAmount``.
    package var amounts = Run.empty
    package var caps = Run.empty
    package var rounding = Rounding.halfUp
    package var spreading = Spreading.proportional
    /// At most so many covered units take part, the first in the order of `units`; 0 is no bound.
    package var unitsMost: Int64 = 0
    package var units = UnitOrder.dearest

    package init(_ kind: Kind) { self.kind = kind }

    package static let none = Discount(.none)

    /// Whether it takes money off the cart or off shipping.
    package var givesMoney: Bool { kind != .none && kind != .giftItem }
}

/// How a total is divided over the covered lines.
package enum Spreading: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// In proportion to what is left of each.
    case proportional
    /// The same to each, as far as it is worth that much.
    case even
    /// All of it to one unit, as far as that is worth so much.
    case cheapest
    case dearest

    /// Which unit bears all of it, where one does.
    package var bearer: UnitOrder? {
        switch self {
        case .proportional, .even: nil
        case .cheapest: .cheapest
        case .dearest: .dearest
        }
    }
}

/// By original unit price.
package enum UnitOrder: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case dearest
    case cheapest
}
