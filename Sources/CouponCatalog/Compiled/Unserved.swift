/// What a definition may say and this version of the daemon cannot judge yet.
///
/// A coupon or code that has any of these is loaded and found, and asking for it is answered by an
/// error that names the feature: wrong money is never given instead.
package struct Unserved: OptionSet, Hashable, Sendable, BitwiseCopyable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let offers = Unserved(rawValue: 1 << 0)
    package static let giftItem = Unserved(rawValue: 1 << 1)
    package static let buyXGetY = Unserved(rawValue: 1 << 2)
    package static let tiers = Unserved(rawValue: 1 << 3)
    /// Several `discounts`, each for its own lines.
    package static let clauses = Unserved(rawValue: 1 << 4)
    package static let maximumUnits = Unserved(rawValue: 1 << 5)
    /// Any spread but the proportional one.
    package static let spread = Unserved(rawValue: 1 << 6)
    package static let customerLimit = Unserved(rawValue: 1 << 7)
    /// Limits per day, week, month or booking date.
    package static let periodLimits = Unserved(rawValue: 1 << 8)
    package static let budget = Unserved(rawValue: 1 << 9)
    /// A code that is good once for each customer.
    package static let multipleUseCode = Unserved(rawValue: 1 << 10)
    package static let giftCard = Unserved(rawValue: 1 << 11)

    private static let names: [StaticString] = [
        "offers", "discount kind gift_item", "discount kind buy_x_get_y", "discount kind tiers",
        "discounts", "max_units", "spread", "limits.per_customer",
        "limits per day, week, month and booking date", "limits.budget", "multi_use",
        "gift cards",
    ]

    /// The first feature of the set, in the words of the definition grammar. The set is not empty.
    package var name: StaticString {
        precondition(!isEmpty, "only what is not served has a name")
        return Unserved.names[rawValue.trailingZeroBitCount]
    }
}
