/// Growable bytes in memory of their own.
///
/// An array of bytes without a reference count and with copies of whole runs: replies, texts and
/// images are appended here on the hot path. Growth doubles the memory; emptying keeps it.
@safe @usableFromInline
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
        unsafe base = GrowingMemory.resize(nil, toHold: allocated)
    }

    @inlinable
    deinit { unsafe GrowingMemory.release(base) }

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

    @inlinable @inline(__always)
    package mutating func append(_ byte: UInt8) {
        if used == allocated { grow(toHold: used + 1) }
        unsafe base[used] = byte
        used += 1
    }

    @inlinable @inline(__always)
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

    @inlinable @inline(__always)
    package mutating func append(_ literal: StaticString) {
        let end = used + literal.utf8CodeUnitCount
        if end > allocated { grow(toHold: end) }
        precondition(literal.hasPointerRepresentation, "a literal is text, not one scalar")
        unsafe (base + used).update(from: literal.utf8Start, count: literal.utf8CodeUnitCount)
        used = end
    }

    /// Appends an integer's bytes, least significant first.
    @inlinable
    package mutating func appendLittleEndian<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number
    ) {
        let end = used + MemoryLayout<Number>.size
        if end > allocated { grow(toHold: end) }
        // One store in place of a loop over the bytes: snapshots are mostly made of these.
        unsafe UnsafeMutableRawPointer(base + used)
            .storeBytes(of: number.littleEndian, as: Number.self)
        used = end
    }

    /// Overwrites the bytes from `offset` on with an integer's, least significant first. They lie
    /// inside the buffer: this fills in a number that was not known when its place was appended.
    @inlinable
    package mutating func setLittleEndian<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number, at offset: Int
    ) {
        precondition(
            offset >= 0 && offset <= used - MemoryLayout<Number>.size,
            "a number to fill in lies inside its buffer")
        unsafe UnsafeMutableRawPointer(base + offset)
            .storeBytes(of: number.littleEndian, as: Number.self)
    }

    /// Appends a number in 1 to 10 bytes of seven bits each, lowest bits first; the high bit says
    /// that more follow (LEB128). ``ByteReader/varint()`` reads it back.
    @inlinable @inline(__always)
    package mutating func appendVarint(_ number: UInt64) {
        // Nearly all are lengths and counts below 128.
        if number < 0x80 { return append(UInt8(truncatingIfNeeded: number)) }
        appendLongVarint(number)
    }

    @usableFromInline
    mutating func appendLongVarint(_ number: UInt64) {
        // Room for the longest number once, and not for each byte.
        if allocated - used < 10 { grow(toHold: used + 10) }
        var rest = number
        var end = unsafe base + used
        while rest >= 0x80 {
            unsafe end.pointee = UInt8(truncatingIfNeeded: rest) | 0x80
            unsafe end += 1
            rest >>= 7
        }
        unsafe end.pointee = UInt8(truncatingIfNeeded: rest)
        used = unsafe end - base + 1
    }

    /// Appends a run with its length before it as a varint.
    @inlinable @inline(__always)
    package mutating func appendCounted(_ run: Span<UInt8>) {
        appendVarint(UInt64(run.count))
        append(run)
    }

    /// Appends up to `capacity` bytes that `initializer` writes straight into the buffer. If it
    /// throws, nothing is appended.
    @inlinable
    package mutating func append<Failure: Error>(
        addingCapacity capacity: Int,
        initializingWith initializer: (inout OutputSpan<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(capacity >= 0, "a capacity is not negative")
        if capacity > allocated - used { grow(toHold: used + capacity) }
        // SAFETY: the tail is ours and uninitialised; the output span counts what it initialised.
        let tail = unsafe UnsafeMutableBufferPointer(start: base + used, count: capacity)
        var output = unsafe OutputSpan(buffer: tail, initializedCount: 0)
        try initializer(&output)
        used += unsafe output.finalize(for: tail)
    }

    /// Removes the bytes from `count` on.
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

    /// Allocates memory for `capacity` bytes in all.
    @inlinable
    package mutating func reserve(_ capacity: Int) {
        if capacity > allocated { grow(toHold: capacity) }
    }

    /// Gives back the memory for further growth.
    package mutating func shrinkToFit() {
        if used < allocated { resize(to: max(used, 16)) }
    }

    @usableFromInline
    mutating func grow(toHold needed: Int) { resize(to: max(needed, allocated * 2)) }

    @usableFromInline
    mutating func resize(to capacity: Int) {
        unsafe base = GrowingMemory.resize(base, toHold: capacity)
        allocated = capacity
    }
}
