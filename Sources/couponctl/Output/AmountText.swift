import CouponRules

/// Amounts as people write them.
enum AmountText {
    /// `minorUnits` with the digits of `currency`, such as `25.00` for 2500 USD, without its name.
    /// Without a currency, the number as it is.
    static func bare(_ minorUnits: Int64, _ currency: String?) -> String {
        guard let digits = currency.flatMap({ Currency($0) })?.minorDigits, digits > 0 else {
            return String(minorUnits)
        }
        let sign = minorUnits < 0 ? "-" : ""
        let magnitude = String(minorUnits.magnitude)
        let padded = String(repeating: "0", count: max(0, digits + 1 - magnitude.count)) + magnitude
        return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
    }

    /// The amount and its currency, such as `25.00 USD`.
    static func full(_ minorUnits: Int64, _ currency: String?) -> String {
        let amount = bare(minorUnits, currency)
        return currency.map { "\(amount) \($0)" } ?? amount
    }
}
