import CouponRules
import Testing

@Suite struct `A reason` {
    /// In the order of the protocol's list.
    static let names = [
        "code_unknown", "coupon_inactive", "coupon_archived", "not_started", "expired",
        "blackout_date", "outside_time_window", "usage_limit_reached", "budget_exhausted",
        "period_limit_reached", "currency_not_supported", "context_not_eligible",
        "customer_required", "customer_not_eligible", "customer_group_not_eligible",
        "not_first_order", "customer_limit_reached", "cart_required", "required_items_missing",
        "no_eligible_items", "below_minimum_amount", "above_maximum_amount",
        "below_minimum_quantity", "above_maximum_quantity", "not_combinable", "no_effect",
        "gift_card_empty",
    ]

    @Test func `has its wire code in the order of precedence`() {
        #expect(Reason.allCases.map(\.code.description) == Self.names)
        #expect(Reason.allCases == Reason.allCases.sorted())
        #expect(Reason.codeUnknown < Reason.couponInactive)
    }
}

@Suite struct `A coupon's type` {
    @Test func `has its name in definitions`() {
        let names = ["discount", "presale", "reserve", "comp", "auto", "invite", "access"]
        #expect(CouponKind.allCases.map(\.code.description) == names)
    }

    @Test func `opens access or gives money`() {
        let opening = CouponKind.allCases.filter(\.opensAccess)
        #expect(opening == [.presale, .reserve, .invite, .access])
    }
}
