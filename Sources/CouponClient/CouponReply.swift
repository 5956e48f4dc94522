/// The reply to validate, reserve and apply. Every amount is in the minor unit of ``currency``.
///
/// A refusal is a reply too: ``valid`` is false, ``reason`` is that of the first refused code, and the
/// amounts are those without any code.
public struct CouponReply: Equatable, Sendable, Decodable {
    /// Whether the codes are valid (in mode `partial`: at least one of them).
    public var valid: Bool
    /// Why they are not; nil if they are.
    public var reason: RefusalReason?
    /// The cart's currency. This and the amounts are absent when the request had no cart.
    public var currency: String?
    /// The sum of the lines at their original prices.
    public var subtotal: Int64?
    /// The sum of ``lineDiscounts``.
    public var discount: Int64?
    /// The discount on shipping.
    public var shippingDiscount: Int64?
    /// Subtotal and shipping minus the discounts.
    public var total: Int64?
    /// The discount on each line of the cart, in the request's order.
    public var lineDiscounts: [Int64]?
    /// The part of the total that gift cards pay.
    public var giftCardAmount: Int64?
    /// The rest of the total, still to be paid.
    public var amountDue: Int64?
    /// The verdict on each code, in the request's order, then on the automatic coupons.
    public var codes: [CodeVerdict]
    /// Whether uses are held now (reserve only).
    public var reserved: Bool?
    /// When the hold lapses, ISO 8601 in UTC (reserve only).
    public var expiresAt: String?
    /// Whether the codes are applied to ``order`` (apply only).
    public var applied: Bool?
    /// The order (apply only).
    public var order: String?
    /// True if this is the recorded reply to an earlier, equal request: nothing was consumed now.
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

    /// The price of shipping in ``total``; nil if the request had no cart.
    public var shipping: Int64? {
        guard let total, let subtotal, let discount else { return nil }
        return total - subtotal + discount + (shippingDiscount ?? 0)
    }
}

/// The verdict on one code.
public struct CodeVerdict: Equatable, Sendable {
    /// The code as it is defined; nil for an automatic coupon.
    public var code: String?
    /// The coupon; nil if the code is unknown or belongs to a gift card.
    public var coupon: String?
    /// Whether the code is valid.
    public var valid: Bool
    /// Why the code is refused; nil if it is valid.
    public var refusal: RefusalDetails?
    /// Every failing rule, if the request asked to explain.
    public var failures: [RefusalDetails]?

    /// The discount on the lines.
    public var discount: Int64?
    /// The discount on shipping.
    public var shippingDiscount: Int64?
    /// This code's discount on each line, if there are several codes.
    public var lineDiscounts: [Int64]?
    /// Uses left after this operation's own: the least over all limits.
    public var remaining: Int64?
    /// The number of the recorded use (apply only).
    public var redemption: String?

    /// The coupon's type, if it is not `discount`.
    public var type: String?
    /// The offer that applies, if the coupon has any.
    public var offer: String?
    /// The most units of an order that take part in the offer.
    public var ticketLimit: Int64?
    /// `once`, `repeating` or `forever`: for a billing system, which counts renewals.
    public var duration: String?
    /// How long a `repeating` discount lasts.
    public var durationInMonths: Int64?
    /// Products that come with the cart for free.
    public var giftItems: [GiftItem]?
    /// The products or events that a presale, access, invite or reserve code opens.
    public var unlocks: JSONValue?
    /// The shop's revenue from the code, from its definition.
    public var revenue: Int64?
    /// The credit that pays for the code, from its definition.
    public var customerCredit: String?
    /// The metadata of the definition.
    public var metadata: JSONValue?

    /// The gift card.
    public var giftCard: String?
    /// The amount that the gift card pays; nil if the request had no cart.
    public var amount: Int64?
    /// The balance of the gift card after this order, without the amounts that other orders hold.
    public var balance: Int64?

    /// A product that comes with the cart for free.
    public struct GiftItem: Equatable, Sendable, Decodable {
        /// The product.
        public var product: String
        /// The number of units.
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

    /// Reads an entry of `codes`. The facts of the refusal lie beside those of the verdict.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        code = try fields.decodeIfPresent(String.self, forKey: .code)
        coupon = try fields.decodeIfPresent(String.self, forKey: .coupon)
        valid = try fields.decode(Bool.self, forKey: .valid)
        let isRefused = try fields.decodeIfPresent(RefusalReason.self, forKey: .reason) != nil
        refusal = isRefused ? try RefusalDetails(from: decoder) : nil
        failures = try fields.decodeIfPresent([RefusalDetails].self, forKey: .failures)

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

/// Why a code is refused, with the facts a shop needs to explain it.
public struct RefusalDetails: Equatable, Sendable, Decodable {
    /// The reason. It is stable: translate from it.
    public var reason: RefusalReason
    /// An English sentence, for logs and as a last resort.
    public var message: String?
    /// The limit, rule or attribute.
    public var scope: String?
    /// The limit that the rule sets: minor units for amounts, else a count.
    public var limit: Int64?
    /// The actual value, in the same unit.
    public var actual: Int64?
    /// The difference to the limit.
    public var missing: Int64?
    /// Uses that other orders hold.
    public var held: Int64?
    /// When the code becomes valid, ISO 8601 in UTC.
    public var startsAt: String?
    /// When the code expired, ISO 8601 in UTC.
    public var endedAt: String?
    /// The code that this one cannot be combined with, or the id of an automatic coupon.
    public var conflictsWith: String?

    private enum CodingKeys: String, CodingKey {
        case reason, message, scope, limit, actual, missing, held
        case startsAt = "starts_at"
        case endedAt = "ended_at"
        case conflictsWith = "conflicts_with"
    }
}
