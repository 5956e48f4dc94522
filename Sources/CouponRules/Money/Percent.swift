/// An exact percentage, 0 < p ≤ 100, with up to four digits after the point.
@frozen @usableFromInline
package struct Percent: Hashable, Sendable, BitwiseCopyable {
    /// 1 ... 1,000,000; one part is 0.0001 %.
    package let partsPerMillion: Int32

    package static let hundred = Percent(unchecked: 1_000_000)

    private init(unchecked partsPerMillion: Int32) { self.partsPerMillion = partsPerMillion }

    /// Nil outside 1 ... 1,000,000.
    package init?(partsPerMillion: Int32) {
        guard (1...1_000_000).contains(partsPerMillion) else { return nil }
        self.partsPerMillion = partsPerMillion
    }

    /// Reads a plain decimal such as `20`, `12.5` or `33.3333`. Nil when it is not one, needs more
    /// than four digits after the point (trailing zeros do not count), or lies outside the range:
    /// a percentage is never rounded.
    package init?(decimal text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...3).contains(whole.utf8.count) else { return nil }
        let fraction = parts.count == 2 ? parts[1] : "0"
        guard !fraction.isEmpty else { return nil }
        guard (whole + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        var significant = fraction
        while significant.hasSuffix("0") { significant.removeLast() }
        guard significant.utf8.count <= 4 else { return nil }
        let padded = significant + String(repeating: "0", count: 4 - significant.utf8.count)
        guard let wholeNumber = Int32(whole), let fractionNumber = Int32(padded) else { return nil }
        self.init(partsPerMillion: wholeNumber * 10_000 + fractionNumber)
    }

    /// This percentage of `amount`, rounded once.
    package func of(_ amount: Money, rounding: Rounding) -> Money {
        amount.share(Int64(partsPerMillion), of: 1_000_000, rounding: rounding)
    }
}
