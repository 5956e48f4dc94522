/// A currency by its three upper-case letters, packed so that comparing two is one instruction.
@frozen @usableFromInline
package struct Currency: Hashable, Sendable, BitwiseCopyable {
    /// The three ASCII letters, first letter highest; 0 means "no currency".
    @usableFromInline package let packed: UInt32

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
            guard upper >= 0x41 && upper <= 0x5A else { return nil }
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

    /// Digits after the decimal point when an amount is shown to people (ISO 4217); two for a
    /// currency that ISO 4217 does not list.
    package var minorDigits: Int {
        if Currency.withoutMinorUnit.contains(self) { return 0 }
        if Currency.withThousandths.contains(self) { return 3 }
        if Currency.withTenThousandths.contains(self) { return 4 }
        return 2
    }

    // Read while a refusal is worded, so they are numbers: looking them up makes no text.
    private static let withoutMinorUnit = list(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF")
    private static let withThousandths = list("BHD IQD JOD KWD LYD OMR TND")
    private static let withTenThousandths = list("CLF UYW")

    private static func list(_ codes: String) -> [Currency] {
        codes.split(separator: " ").compactMap { Currency(String($0)) }
    }
}

extension Currency: CustomStringConvertible {
    @usableFromInline package var description: String {
        String(decoding: [letter(0), letter(1), letter(2)], as: UTF8.self)
    }
}
