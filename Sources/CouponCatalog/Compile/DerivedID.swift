import FlatStorage

/// Ids of what its author left nameless: made from the store and the first code, so that they are
/// the same at every load, and long enough that no two of them are the same by chance.
enum DerivedID {
    private static let couponPrefix = "cou_"
    private static let giftCardPrefix = "gc_"
    private static let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    /// Digits of five bits each, for 128 bits.
    private static let digitCount = 26

    static func couponID(store: Span<UInt8>, firstCode: Span<UInt8>) -> String {
        couponPrefix + digits(ofStore: store, code: firstCode)
    }

    static func giftCardID(store: Span<UInt8>, code: Span<UInt8>) -> String {
        giftCardPrefix + digits(ofStore: store, code: code)
    }

    /// Whether an id may have been derived. An author may write one that looks the same.
    static func looksDerived(_ id: Span<UInt8>) -> Bool {
        let prefix = couponPrefix.utf8.span
        guard id.count == prefix.count + digitCount,
            id.extracting(0..<prefix.count).isEqual(to: prefix)
        else { return false }
        for index in prefix.count..<id.count where !digits.contains(id[index]) { return false }
        return true
    }

    private static func digits(ofStore store: Span<UInt8>, code: Span<UInt8>) -> String {
        var text = ByteBuffer()
        text.append(store)
        text.append(0)
        text.append(code)
        let print = fingerprint(of: text.bytes)
        var rest = UInt128(print.high) << 64 | UInt128(print.low)
        var written: [UInt8] = []
        for _ in 0..<digitCount {
            written.append(digits[Int(rest & 31)])
            rest >>= 5
        }
        return String(decoding: written, as: UTF8.self)
    }
}
