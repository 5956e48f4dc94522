/// A currency by its three upper-case letters, packed so that comparing two is one instruction.
@frozen
package struct Currency: Hashable, Sendable, BitwiseCopyable {
    /// The three ASCII letters, first letter highest; 0 means "no currency".
    package let packed: UInt32

    @inlinable
    package init(packed: UInt32) { self.packed = packed }

    @inlinable package static var none: Currency { Currency(packed: 0) }

    /// Reads three ASCII letters of either case; nil for anything else.
    @inlinable
    package init?(_ text: Span<UInt8>) {
        guard text.count == 3 else { return nil }
        var packed: UInt32 = 0
        for index in 0..<3 {
            let upper = text[index] & 0xDF
            guard upper >= 0x41 && upper <= 0x5A && text[index] >= 0x41 else { return nil }
            packed = packed << 8 | UInt32(upper)
        }
        self.packed = packed
    }

    /// Reads three ASCII letters of either case; nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span)
    }

    /// The letter at `index` 0 ... 2.
    @inlinable
    package func letter(_ index: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: packed >> UInt32(8 * (2 - index)))
    }

    /// Digits after the decimal point when an amount is shown to people (ISO 4217). A currency
    /// that ISO 4217 does not know is shown with two.
    package var minorDigits: Int {
        switch description {
        case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
            "VND", "VUV", "XAF", "XOF", "XPF":
            0
        case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
        case "CLF", "UYW": 4
        default: 2
        }
    }
}

extension Currency: CustomStringConvertible {
    package var description: String {
        String(decoding: [letter(0), letter(1), letter(2)], as: UTF8.self)
    }
}
