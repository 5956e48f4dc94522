/// Growable bytes in memory of their own.
///
/// What an array of bytes would be, without its reference count and with whole-run copies: replies,
/// texts and images are appended here on the hot path. Growth doubles; emptying keeps the memory.
@safe
package struct ByteBuffer: ~Copyable {
    // SAFETY: `base` is owned by this value alone (the type cannot be copied), holds `capacity`
    // bytes of which the first `count` are initialised, and is released once, in `deinit`. Every
    // access below is checked against `count`, and spans borrow the buffer while they live.
    @usableFromInline var base: UnsafeMutablePointer<UInt8>
    @usableFromInline var allocated: Int
    @usableFromInline var used = 0

    @inlinable
    package init(capacity: Int = 64) {
        allocated = max(capacity, 16)
        unsafe base = .allocate(capacity: allocated)
    }

    @inlinable
    deinit { unsafe base.deallocate() }

    /// Bytes in use.
    @inlinable package var count: Int { used }

    /// Bytes that fit without growing.
    @inlinable package var capacity: Int { allocated }

    @inlinable
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span(_unsafeStart: UnsafePointer(base), count: used)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes at `range`, which lies inside the buffer.
    @inlinable
    @_lifetime(borrow self)
    package func bytes(in range: Range<Int>) -> Span<UInt8> {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= used, "a range lies inside its buffer")
        let span = unsafe Span(
            _unsafeStart: UnsafePointer(base + range.lowerBound), count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    @inlinable
    package subscript(index: Int) -> UInt8 {
        get {
            precondition(index >= 0 && index < used, "an index lies inside its buffer")
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < used, "an index lies inside its buffer")
            unsafe base[index] = newValue
        }
    }

    @inlinable
    package mutating func append(_ byte: UInt8) {
        if used == allocated { grow(toHold: used + 1) }
        unsafe base[used] = byte
        used += 1
    }

    @inlinable
    package mutating func append(_ run: Span<UInt8>) {
        let end = used + run.count
        if end > allocated { grow(toHold: end) }
        // A span of another buffer, or of this one before the call: exclusivity keeps them apart.
        unsafe run.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe (base + used).update(from: start, count: source.count)
        }
        used = end
    }

    @inlinable
    package mutating func append(_ literal: StaticString) {
        let end = used + literal.utf8CodeUnitCount
        if end > allocated { grow(toHold: end) }
        precondition(literal.hasPointerRepresentation, "a literal is text, not one scalar")
        unsafe (base + used).update(
            from: literal.utf8Start, count: literal.utf8CodeUnitCount)
        used = end
    }

    /// Appends an integer's bytes, least significant first.
    @inlinable
    package mutating func appendLittleEndian<Number: FixedWidthInteger>(_ number: Number) {
        var rest = number.littleEndian
        for _ in 0..<(Number.bitWidth / 8) {
            append(UInt8(truncatingIfNeeded: rest))
            if Number.bitWidth > 8 { rest >>= 8 }
        }
    }

    /// Forgets everything from `count` on.
    @inlinable
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= used, "a buffer is cut to at most its length")
        used = count
    }

    @inlinable
    package mutating func removeAll() { used = 0 }

    /// Drops the first `count` bytes and moves the rest to the front.
    @inlinable
    package mutating func removeFirst(_ count: Int) {
        precondition(count >= 0 && count <= used, "a buffer loses at most its length")
        unsafe base.update(from: base + count, count: used - count)
        used -= count
    }

    /// Makes room, so that growing to `capacity` bytes later allocates nothing.
    @inlinable
    package mutating func reserve(_ capacity: Int) {
        if capacity > allocated { grow(toHold: capacity) }
    }

    @usableFromInline
    mutating func grow(toHold needed: Int) {
        let larger = max(needed, allocated * 2)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe moved.update(from: base, count: used)
        unsafe base.deallocate()
        unsafe base = moved
        allocated = larger
    }
}
