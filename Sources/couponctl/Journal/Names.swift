import CouponStore

// What is a number on disk has a name here.

extension CounterKind {
    var name: String {
        switch self {
        case .total: "total"
        case .code: "code"
        case .offer: "offer"
        case .customer: "customer"
        case .email: "email"
        case .codeCustomer: "code_customer"
        case .codeEmail: "code_email"
        case .day: "day"
        case .week: "week"
        case .month: "month"
        case .bookingDate: "booking_date"
        case .budget: "budget"
        case .sharedOffer: "shared_offer"
        case .giftCard: "gift_card"
        }
    }
}

extension OrderState {
    var name: String {
        switch self {
        case .reserved: "reserved"
        case .applied: "applied"
        case .partlyApplied: "partly_applied"
        case .released: "released"
        }
    }
}

extension OrderModes {
    var names: [JSONText] {
        let all: [(OrderModes, String)] = [
            (.partial, "partial"), (.auto, "auto"), (.hasCart, "cart"),
        ]
        return all.filter { contains($0.0) }.map { .string($0.1) }
    }
}

extension CodeFlags {
    var names: [JSONText] {
        let all: [(CodeFlags, String)] = [
            (.valid, "valid"), (.hasLineDiscounts, "line_discounts"), (.released, "released"),
            (.automatic, "automatic"), (.caseSensitive, "case_sensitive"),
            (.lastRelease, "last_release"), (.keepsUse, "keeps_use"), (.wasHeld, "was_held"),
            (.giftCard, "gift_card"),
        ]
        return all.filter { contains($0.0) }.map { .string($0.1) }
    }
}
