/// Reads bytes in order and never past their end.
///
/// Every read is optional: nil means that the bytes ended or do not have the requested form. So
/// reading a file or a record also checks it, and damage is a value for the caller, never a trap.
/// After a nil the position has no meaning.
@usableFromInline
package struct ByteReader: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>

    @usableFromInline var next = 0

    /// Offset of the next byte.
    @inlinable package var position: Int { next }

    @inlinable
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    /// Bytes not yet read.
    @inlinable package var remaining: Int { bytes.count - next }

    @inlinable @inline(__always)
    package mutating func byte() -> UInt8? {
        guard next < bytes.count else { return nil }
        defer { next += 1 }
        return bytes[next]
    }

    // Three concrete functions instead of a generic one, which was not specialised across modules and
    // cost thousands of instructions per integer: recording an order was ten times slower.

    /// Two bytes, least significant first.
    @inlinable @inline(__always)
    package mutating func uint16() -> UInt16? {
        guard remaining >= 2 else { return nil }
        defer { next += 2 }
        // SAFETY: both bytes lie inside the span, and every pattern of them is an integer.
        return unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: next, as: UInt16.self)
            .littleEndian
    }

    /// Four bytes, least significant first.
    @inlinable @inline(__always)
    package mutating func uint32() -> UInt32? {
        guard remaining >= 4 else { return nil }
        defer { next += 4 }
        // SAFETY: as above, for four bytes.
        return unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: next, as: UInt32.self)
            .littleEndian
    }

    /// Eight bytes, least significant first.
    @inlinable @inline(__always)
    package mutating func uint64() -> UInt64? {
        guard remaining >= 8 else { return nil }
        defer { next += 8 }
        // SAFETY: as above, for eight bytes.
        return unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: next, as: UInt64.self)
            .littleEndian
    }

    /// A number written by ``ByteBuffer/appendVarint(_:)``. Longer forms of the same number are
    /// rejected, so equal values have equal bytes.
    @inlinable @inline(__always)
    package mutating func varint() -> UInt64? {
        // Nearly all are lengths and counts below 128.
        if next < bytes.count && bytes[next] < 0x80 {
            next += 1
            return UInt64(bytes[next - 1])
        }
        return longVarint()
    }

    @usableFromInline
    mutating func longVarint() -> UInt64? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while let piece = byte() {
            let bits = UInt64(piece & 0x7F)
            // The tenth byte holds the one bit that is left of 64.
            if shift == 63 && piece > 1 { return nil }
            number |= bits << shift
            if piece < 0x80 { return piece == 0 && shift > 0 ? nil : number }
            shift += 7
        }
        return nil
    }

    /// Eight bytes, least significant first, that stand for less than 2^63.
    @inlinable @inline(__always)
    package mutating func int63() -> Int64? {
        guard let number = uint64() else { return nil }
        return Int64(exactly: number)
    }

    /// A varint below 2^63.
    @inlinable @inline(__always)
    package mutating func varint63() -> Int64? {
        guard let number = varint() else { return nil }
        return Int64(exactly: number)
    }

    /// The next `count` bytes.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    package mutating func run(of count: Int) -> Span<UInt8>? {
        guard count >= 0 && count <= remaining else { return nil }
        let run = bytes.extracting(next..<(next + count))
        next += count
        return run
    }

    /// A run with its length before it, as ``ByteBuffer/appendCounted(_:)`` writes it.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    package mutating func counted() -> Span<UInt8>? {
        guard let count = varint(), count <= UInt64(remaining) else { return nil }
        return run(of: Int(count))
    }
}

extension Span where Element == UInt8 {
    /// Whether the bytes begin with `magic`, least significant first, as far as they reach.
    package func mayBegin(withMagic magic: UInt64) -> Bool {
        for index in 0..<Swift.min(count, 8)
        where self[index] != UInt8(truncatingIfNeeded: magic >> (8 * index)) {
            return false
        }
        return true
    }

    /// Whether the bytes are UTF-8.
    package var isText: Bool {
        if isASCII { return true }
        do {
            _ = try UTF8Span(validating: self)
            return true
        } catch {
            return false
        }
    }
}
