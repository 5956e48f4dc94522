/// The answer to validate, reserve and apply. Every amount is in the minor unit of ``currency``.
///
/// A refusal is an answer too: ``valid`` is false, ``reason`` is that of the first refused code,
/// and the amounts are as if no code had been given.
public struct CouponReply: Equatable, Sendable, Decodable {
    /// Whether the codes are good (in mode `partial`: at least one of them).
    public var valid: Bool
    /// Why not; nil if valid.
    public var reason: RefusalReason?
    /// The cart's currency. This and the amounts are absent when the request had no cart.
    public var currency: String?
    /// The lines at their original prices.
    public var subtotal: Int64?
    /// The sum of ``lineDiscounts``.
    public var discount: Int64?
    /// What shipping is reduced by.
    public var shippingDiscount: Int64?
    /// Subtotal and shipping, less the discounts.
    public var total: Int64?
    /// What each line of the cart is reduced by, in the request's order.
    public var lineDiscounts: [Int64]?
    /// What gift cards pay of the total.
    public var giftCardAmount: Int64?
    /// What is left to pay after gift cards.
    public var amountDue: Int64?
    /// What became of each code, in the request's order, then coupons that need no code.
    public var codes: [CodeVerdict]
    /// Whether uses are held now (reserve only).
    public var reserved: Bool?
    /// When the hold lapses by itself, ISO 8601 in UTC (reserve only).
    public var expiresAt: String?
    /// Whether the codes were used up for ``order`` (apply only).
    public var applied: Bool?
    /// The order that the codes are used for (apply only).
    public var order: String?
    /// True if this is the stored answer to an earlier, equal request: nothing was consumed now.
    public var replayed: Bool?

    private enum CodingKeys: String, CodingKey {
        case valid, reason, currency, subtotal, discount, total, codes, reserved, applied, order
        case replayed
        case shippingDiscount = "shipping_discount"
        case lineDiscounts = "line_discounts"
        case giftCardAmount = "gift_card_amount"
        case amountDue = "amount_due"
        case expiresAt = "expires_at"
    }

    /// What shipping costs, as it entered ``total``; nil when the request had no cart.
    public var shipping: Int64? {
        guard let total, let subtotal, let discount else { return nil }
        return total - subtotal + discount + (shippingDiscount ?? 0)
    }
}

/// What became of one code.
public struct CodeVerdict: Equatable, Sendable {
    /// The code as it is stored; nil for a coupon that needs no code.
    public var code: String?
    /// The coupon behind it; nil if there is none, or a gift card is.
    public var coupon: String?
    /// Whether the code is good.
    public var valid: Bool
    /// Why the code was refused; nil if it was not.
    public var refusal: Refusal?
    /// Every failing rule, when the request asked to explain.
    public var failures: [Refusal]?

    /// What the code takes off the lines.
    public var discount: Int64?
    /// What shipping is reduced by.
    public var shippingDiscount: Int64?
    /// This code's share of each line, when there were several codes.
    public var lineDiscounts: [Int64]?
    /// Uses left after this operation's own, over all limits that were judged.
    public var remaining: Int64?
    /// Names the use that apply recorded.
    public var redemption: String?

    /// The coupon's type when it is not `discount`.
    public var type: String?
    /// The offer that fitted, where the coupon has any.
    public var offer: String?
    /// At most so many units of an order take part in the offer.
    public var ticketLimit: Int64?
    /// `once`, `repeating` or `forever`: for the biller, who counts renewals.
    public var duration: String?
    /// How long a `repeating` discount lasts.
    public var durationInMonths: Int64?
    /// What comes with the cart for free.
    public var giftItems: [GiftItem]?
    /// What a presale, access, invite or reserve code opens.
    public var unlocks: JSONValue?
    /// What the shop earns by the code, as its definition says.
    public var revenue: Int64?
    /// The credit that pays for the code, as its definition says.
    public var customerCredit: String?
    /// The definition's own notes.
    public var metadata: JSONValue?

    /// The gift card behind the code.
    public var giftCard: String?
    /// What the gift card pays; nil when the request had no cart.
    public var amount: Int64?
    /// What the gift card has left after this order, and without what other orders hold.
    public var balance: Int64?

    /// A product that comes with the cart for free.
    public struct GiftItem: Equatable, Sendable, Decodable {
        /// Which product.
        public var product: String
        /// How many of it.
        public var quantity: Int64
    }
}

extension CodeVerdict: Decodable {
    private enum Field: String, CodingKey {
        case code, coupon, valid, reason, failures, discount, remaining, redemption, type, offer
        case duration, unlocks, revenue, metadata, amount, balance
        case shippingDiscount = "shipping_discount"
        case lineDiscounts = "line_discounts"
        case ticketLimit = "ticket_limit"
        case durationInMonths = "duration_in_months"
        case giftItems = "gift_items"
        case customerCredit = "customer_credit"
        case giftCard = "gift_card"
    }

    /// Reads an entry of `codes`; the refusal's facts lie beside the verdict's.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        code = try fields.decodeIfPresent(String.self, forKey: .code)
        coupon = try fields.decodeIfPresent(String.self, forKey: .coupon)
        valid = try fields.decode(Bool.self, forKey: .valid)
        let isRefused = try fields.decodeIfPresent(RefusalReason.self, forKey: .reason) != nil
        refusal = isRefused ? try Refusal(from: decoder) : nil
        failures = try fields.decodeIfPresent([Refusal].self, forKey: .failures)

        discount = try fields.decodeIfPresent(Int64.self, forKey: .discount)
        shippingDiscount = try fields.decodeIfPresent(Int64.self, forKey: .shippingDiscount)
        lineDiscounts = try fields.decodeIfPresent([Int64].self, forKey: .lineDiscounts)
        remaining = try fields.decodeIfPresent(Int64.self, forKey: .remaining)
        redemption = try fields.decodeIfPresent(String.self, forKey: .redemption)

        type = try fields.decodeIfPresent(String.self, forKey: .type)
        offer = try fields.decodeIfPresent(String.self, forKey: .offer)
        ticketLimit = try fields.decodeIfPresent(Int64.self, forKey: .ticketLimit)
        duration = try fields.decodeIfPresent(String.self, forKey: .duration)
        durationInMonths = try fields.decodeIfPresent(Int64.self, forKey: .durationInMonths)
        giftItems = try fields.decodeIfPresent([GiftItem].self, forKey: .giftItems)
        unlocks = try fields.decodeIfPresent(JSONValue.self, forKey: .unlocks)
        revenue = try fields.decodeIfPresent(Int64.self, forKey: .revenue)
        customerCredit = try fields.decodeIfPresent(String.self, forKey: .customerCredit)
        metadata = try fields.decodeIfPresent(JSONValue.self, forKey: .metadata)

        giftCard = try fields.decodeIfPresent(String.self, forKey: .giftCard)
        amount = try fields.decodeIfPresent(Int64.self, forKey: .amount)
        balance = try fields.decodeIfPresent(Int64.self, forKey: .balance)
    }
}

/// Why a code was refused, with the facts a shop needs to explain it.
public struct Refusal: Equatable, Sendable, Decodable {
    /// Stable, to translate from.
    public var reason: RefusalReason
    /// English, for logs and as a last resort.
    public var message: String?
    /// Which limit, rule or attribute it was about.
    public var scope: String?
    /// What the rule allows: minor units for amounts, else a count.
    public var limit: Int64?
    /// What there was, in the same unit.
    public var actual: Int64?
    /// How much more would have passed.
    public var missing: Int64?
    /// Uses that other orders hold.
    public var held: Int64?
    /// From when on it is possible, ISO 8601 in UTC.
    public var startsAt: String?
    /// Since when it is too late, ISO 8601 in UTC.
    public var endedAt: String?
    /// What this code cannot stand beside: another code, or the coupon of one that needs none.
    public var conflictsWith: String?

    private enum CodingKeys: String, CodingKey {
        case reason, message, scope, limit, actual, missing, held
        case startsAt = "starts_at"
        case endedAt = "ended_at"
        case conflictsWith = "conflicts_with"
    }
}
