/// An amount in a currency's minor unit (cents for USD, whole yen for JPY).
///
/// The cart gives the currency once; one evaluation never mixes currencies. A client's amounts lie
/// in 0 ... ``Money/largest``; differences may be negative while they are being computed.
@frozen @usableFromInline
package struct Money: Hashable, Comparable, Sendable, BitwiseCopyable {
    @usableFromInline package var minorUnits: Int64

    @inlinable
    package init(minorUnits: Int64) { self.minorUnits = minorUnits }

    @inlinable package static var zero: Money { Money(minorUnits: 0) }

    /// 2^53 − 1: the largest integer that every JSON reader keeps exact.
    @inlinable package static var largest: Money { Money(minorUnits: 9_007_199_254_740_991) }

    @inlinable
    package static func < (left: Money, right: Money) -> Bool {
        left.minorUnits < right.minorUnits
    }

    // Every amount is at most 2^53 − 1 and a cart has far fewer than 2^10 lines, so these sums
    // cannot overflow 64 bits; if that is ever wrong, a trap is better than a wrong price.
    @inlinable
    package static func + (left: Money, right: Money) -> Money {
        Money(minorUnits: left.minorUnits + right.minorUnits)
    }

    @inlinable
    package static func - (left: Money, right: Money) -> Money {
        Money(minorUnits: left.minorUnits - right.minorUnits)
    }

    @inlinable
    package static func += (left: inout Money, right: Money) { left = left + right }

    @inlinable
    package static func -= (left: inout Money, right: Money) { left = left - right }

    /// The price of `quantity` units at this price, or nil beyond ``largest``.
    @inlinable
    package func times(_ quantity: Int64) -> Money? {
        let (product, overflow) = minorUnits.multipliedReportingOverflow(by: quantity)
        if overflow || product > Money.largest.minorUnits || product < 0 { return nil }
        return Money(minorUnits: product)
    }

    /// The sum, or nil beyond ``largest``.
    @inlinable
    package func adding(_ other: Money) -> Money? {
        let (sum, overflow) = minorUnits.addingReportingOverflow(other.minorUnits)
        if overflow || sum > Money.largest.minorUnits { return nil }
        return Money(minorUnits: sum)
    }
}

/// How a share of money that falls between two minor units becomes one of them.
package enum Rounding: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case halfUp
    case halfEven
    case down

    /// The name in definitions and replies.
    package var code: StaticString {
        switch self {
        case .halfUp: "half_up"
        case .halfEven: "half_even"
        case .down: "down"
        }
    }
}

extension Money {
    /// `self · numerator ÷ denominator`, computed in 128 bits and rounded once.
    ///
    /// All three are non-negative, the denominator positive, and the result fits because callers
    /// only take shares (numerator ≤ denominator).
    package func share(_ numerator: Int64, of denominator: Int64, rounding: Rounding) -> Money {
        precondition(
            minorUnits >= 0 && numerator >= 0 && denominator > 0 && numerator <= denominator,
            "a share is a part of a non-negative amount")
        let product = UInt64(minorUnits).multipliedFullWidth(by: UInt64(numerator))
        let (quotient, remainder) = UInt64(denominator).dividingFullWidth(product)
        let twice = remainder * 2
        let roundsUp =
            switch rounding {
            case .down: false
            case .halfUp: twice >= UInt64(denominator)
            case .halfEven:
                twice > UInt64(denominator)
                    || (twice == UInt64(denominator) && quotient & 1 == 1)
            }
        return Money(minorUnits: Int64(quotient) + (roundsUp ? 1 : 0))
    }
}
