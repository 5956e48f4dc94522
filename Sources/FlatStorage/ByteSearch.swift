import Glibc

extension Span where Element == UInt8 {
    /// The first place of `byte` at or after `start`, which is at most `count`. As fast as the C
    /// library's `memchr`.
    package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        precondition(start >= 0 && start <= count, "a search starts inside its bytes")
        // SAFETY: the span lives for the call, which reads `count - start` bytes from `start` on;
        // what it finds lies among them.
        return unsafe withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, CInt(byte), count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// The eight bytes from `offset` on as one number, the first the least significant; nil if fewer
    /// are left. One comparison then compares eight bytes.
    @inlinable
    package func eightBytes(at offset: Int) -> UInt64? {
        guard offset >= 0, offset <= count - 8 else { return nil }
        // SAFETY: the eight bytes lie inside the span, and every pattern of them is a number.
        let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        return UInt64(littleEndian: word)
    }
}
