import CXXHash
import Glibc

/// The XXH3 64-bit hash of `bytes` under `seed`.
///
/// Tables of names that shoppers can choose have a seed per process, so that a shopper cannot aim at
/// one slot. Hashes in files have a fixed seed.
package func hash64(_ bytes: Span<UInt8>, seed: UInt64) -> UInt64 {
    // SAFETY: xxHash reads `count` bytes from the start of the span and keeps no pointer.
    unsafe bytes.withUnsafeBufferPointer { unsafe cxx_hash64($0.baseAddress, $0.count, seed) }
}

/// The hash of a key, the same in every process and version.
package func durableHash64(_ bytes: Span<UInt8>) -> UInt64 { hash64(bytes, seed: 0) }

/// A 128-bit fingerprint. It is equal for equal bytes and, for all practical purposes, only for them.
@frozen @usableFromInline
package struct Fingerprint: Hashable, Sendable, BitwiseCopyable {
    @usableFromInline package var low: UInt64
    @usableFromInline package var high: UInt64

    @inlinable
    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
}

/// The XXH3 128-bit hash of `bytes`, without a seed.
package func fingerprint(of bytes: Span<UInt8>) -> Fingerprint {
    // SAFETY: as above.
    let hash = unsafe bytes.withUnsafeBufferPointer { unsafe cxx_hash128($0.baseAddress, $0.count) }
    return Fingerprint(low: hash.low64, high: hash.high64)
}

/// Combines two hashes, so that the parts of a compound key need not be copied together to hash it.
@inlinable
package func combine(_ first: UInt64, _ second: UInt64) -> UInt64 {
    // The 64 × 64 → 128 bit multiplication of wyhash: every bit of either side reaches the result.
    let product = (first ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(
        by: second ^ 0xD1B5_4A32_D192_ED03)
    return product.high ^ product.low
}

extension Span where Element == UInt8 {
    /// Whether both hold the same bytes.
    package func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        // SAFETY: both spans live for the call and have `count` bytes.
        return unsafe withUnsafeBufferPointer { own in
            unsafe other.withUnsafeBufferPointer { others in
                guard let own = own.baseAddress, let others = others.baseAddress else {
                    return true
                }
                return unsafe memcmp(own, others, count) == 0
            }
        }
    }

    /// Whether all bytes are below 0x80, as in nearly every text here.
    package var isASCII: Bool {
        var seen: UInt64 = 0
        var offset = 0
        while let word = eightBytes(at: offset) {
            seen |= word
            offset += 8
        }
        while offset < count {
            seen |= UInt64(self[offset])
            offset += 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }
}
