/// What a definition may say and this version of the daemon cannot judge yet.
///
/// A coupon or code that has any of these is loaded and found, and asking for it is answered by an
/// error that names the feature: wrong money is never given instead.
package struct Unserved: OptionSet, Hashable, Sendable, BitwiseCopyable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let offers = Unserved(rawValue: 1 << 0)
    package static let customerLimit = Unserved(rawValue: 1 << 1)
    /// Limits per day, week, month or booking date.
    package static let periodLimits = Unserved(rawValue: 1 << 2)
    package static let budget = Unserved(rawValue: 1 << 3)
    /// A code that is good once for each customer.
    package static let multipleUseCode = Unserved(rawValue: 1 << 4)
    package static let giftCard = Unserved(rawValue: 1 << 5)

    private static let names: [StaticString] = [
        "offers", "limits.per_customer",
        "limits per day, week, month and booking date", "limits.budget", "multi_use",
        "gift cards",
    ]

    /// The first feature of the set, in the words of the definition grammar. The set is not empty.
    package var name: StaticString {
        precondition(!isEmpty, "only what is not served has a name")
        return Unserved.names[rawValue.trailingZeroBitCount]
    }
}
