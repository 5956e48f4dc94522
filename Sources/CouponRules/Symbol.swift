/// A text that definitions mention — an attribute's name or value, a customer, a group — as a
/// number, so that the rules compare integers. A catalog's vocabulary maps one to the other.
@frozen @usableFromInline
package struct Symbol: Hashable, Comparable, Sendable, BitwiseCopyable {
    @usableFromInline package let rawValue: UInt32

    @inlinable
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A text that no definition mentions. It equals nothing, so no rule lists it.
    @inlinable package static var unmentioned: Symbol { Symbol(rawValue: 0) }

    /// The attribute `product`, which every vocabulary begins with.
    @inlinable package static var product: Symbol { Symbol(rawValue: 1) }

    @inlinable
    package static func < (left: Symbol, right: Symbol) -> Bool { left.rawValue < right.rawValue }
}

/// A run of elements in one of the flat tables of a catalog or a purchase.
@frozen @usableFromInline
package struct Run: Hashable, Sendable, BitwiseCopyable {
    @usableFromInline package var first: UInt32
    @usableFromInline package var count: UInt32

    @inlinable
    package init(first: Int, count: Int) {
        self.first = UInt32(first)
        self.count = UInt32(count)
    }

    @inlinable package static var empty: Run { Run(first: 0, count: 0) }
    @inlinable package var isEmpty: Bool { count == 0 }
    @inlinable package var range: Range<Int> { Int(first)..<Int(first) + Int(count) }
}
