// One list of coupons, written for each server in its own language, so they cannot differ.
// Most of them are alike and are what the load asks for; there are many, because rows that all clients
// changes would make PostgreSQL's transactions wait for each other more than a shop's would. The rest
// are for the check.

/// A coupon as all peers know it: so many percent off the covered lines of a cart, within limits.
struct PeerCoupon {
    static let percent = 20

    var code: String
    /// Unix seconds; the window is half-open.
    var startsAt: Int64 = 1_767_225_600
    var endsAt: Int64 = 4_102_444_800
    /// Uses in all, and for each customer.
    var totalLimit: Int64 = 1_000_000_000
    var customerLimit: Int64 = 1_000
    /// In cents, of the whole cart.
    var minimumSubtotal: Int64 = 5_000
    /// A line in one of these is covered.
    var categories = ["shoes", "boots"]
    /// Uses from before.
    var used: Int64 = 0

    /// How many coupons share the load.
    static let loadedCount = 1_000

    /// The code of one of them: a prefix and ten digits, as the load generator writes numbers.
    static func loadedCode(_ number: Int) -> String {
        let digits = String(number)
        return loadedPrefix + String(repeating: "0", count: 10 - digits.count) + digits
    }

    /// Text that becomes one of those codes, for each request.
    static let loadedCodeTemplate = "\(loadedPrefix)${below:\(loadedCount)}"
    private static let loadedPrefix = "SAVE"

    /// For ``AgreementCase``: what they are for is in their names.
    static let checked = [
        PeerCoupon(code: "PLAIN"),
        PeerCoupon(code: "CHEAP", minimumSubtotal: 1),
        PeerCoupon(code: "FUTURE", startsAt: 4_070_908_800),
        PeerCoupon(code: "PAST", endsAt: 1_767_225_601),
        PeerCoupon(code: "SPENT", totalLimit: 3, used: 3),
        PeerCoupon(code: "LASTONE", totalLimit: 1),
        PeerCoupon(code: "ONCE", customerLimit: 1),
    ]

    static let all = checked + (0..<loadedCount).map { PeerCoupon(code: loadedCode($0)) }
}

extension PeerCoupon {
    /// A whole catalog file for coupond.
    static func catalog(of coupons: [PeerCoupon]) -> String {
        "currency: USD\ncoupons:\n" + coupons.map(\.definition).joined()
    }

    private var definition: String {
        """
        - id: cou_\(code)
          codes: [\(code)]
          discount: {kind: percentage, percent: \(Self.percent)}
          applies_to: {category: [\(categories.joined(separator: ", "))]}
          requires: {min_subtotal: \(minimumSubtotal)}
          limits: {total: \(totalLimit), per_customer: \(customerLimit)}
          starts_at: \(startsAt)
          ends_at: \(endsAt)
          used: \(used)

        """
    }

    /// The command that makes it known to Redis, word by word.
    var redisCommand: [String] {
        [
            "HSET", "coupon:\(code)", "percent", "\(Self.percent)", "starts_at", "\(startsAt)",
            "ends_at", "\(endsAt)", "total_limit", "\(totalLimit)", "used", "\(used)",
            "customer_limit", "\(customerLimit)", "minimum_subtotal", "\(minimumSubtotal)",
            "categories", ",\(categories.joined(separator: ",")),",
        ]
    }

    /// The statement that makes it known to PostgreSQL.
    var insertStatement: String {
        """
        INSERT INTO coupons VALUES ('\(code)', \(Self.percent), to_timestamp(\(startsAt)), \
        to_timestamp(\(endsAt)), \(totalLimit), \(used), \(customerLimit), \
        '{\(categories.joined(separator: ","))}', \(minimumSubtotal));
        """
    }
}
