import CouponClient

// From the typed code to the paid order: a use is held, several codes share a cart, a gift card pays
// a part, a payment fails, an order is cancelled. The codes and cards are in the sample catalog.

extension ShopDay {
    mutating func holdTheLastUse() throws {
        try transcript.ask(
            "A mailed code is good for one order. It is held while the shopper pays.",
            Self.mailedCode("reserve", "SUN-4F7K-Q2MZ", order: "o-3001"), shop,
            expecting: ["valid": true, "reserved": true, "discount": 900, "codes.0.remaining": 0])
        try transcript.ask(
            "Another shopper tries the same code. The refusal says that its use is held.",
            Self.mailedCode("reserve", "SUN-4F7K-Q2MZ", order: "o-3002"), shop,
            expecting: [
                "reserved": false, "reason": "usage_limit_reached", "expires_at": .null,
                "codes.0.scope": "code", "codes.0.limit": 1, "codes.0.held": 1,
            ])
        try transcript.ask(
            "She has paid: apply uses her hold.",
            Self.mailedCode("apply", "SUN-4F7K-Q2MZ", order: "o-3001"), shop,
            expecting: ["applied": true, "order": "o-3001", "codes.0.remaining": 0])
        try transcript.ask(
            "Nothing is held any more, and the one use is counted.",
            #"{"id":"k","op":"usage","code":"SUN-4F7K-Q2MZ"}"#, shop,
            expecting: [
                "result.limits.0.kind": "code", "result.limits.0.limit": 1,
                "result.limits.0.used": 1, "result.limits.0.held": 0,
                "result.limits.0.remaining": 0,
            ])
    }

    mutating func failAPayment() throws {
        try transcript.ask(
            "Another mailed code is held, for another order.",
            Self.mailedCode("reserve", "SUN-8T3P-W6XA", order: "o-3003"), shop,
            expecting: ["reserved": true, "codes.0.remaining": 0])
        try transcript.ask(
            "The payment fails, so the shop releases the code instead of waiting for the hold to lapse.",
            Self.release("o-3003"), shop,
            expecting: [
                "released": true, "replayed": .null, "codes.0.code": "SUN-8T3P-W6XA",
                "codes.0.was": "reserved",
            ])
        try transcript.ask(
            "A second release gives nothing back.", Self.release("o-3003"), shop,
            expecting: ["released": true, "replayed": true])
        try transcript.ask(
            "The code is free for the next shopper, who has a session but no order yet.",
            Self.mailedCode("reserve", "SUN-8T3P-W6XA", order: "session-9"), shop,
            expecting: ["reserved": true, "codes.0.remaining": 0])
        try transcript.ask(
            "His order takes over the holds of his session.",
            Self.mailedCode(
                "apply", "SUN-8T3P-W6XA", order: "o-3004", more: #""hold_of":"session-9","#),
            shop, expecting: ["applied": true, "order": "o-3004", "codes.0.remaining": 0])
    }

    mutating func combineCodes() throws {
        try transcript.ask(
            "Two loyalty codes on one order: their group allows one, and the reply names the conflict.",
            #"{"id":"m","op":"validate","codes":["LOYAL5","LOYAL8"],"# + Self.largeCart + "}",
            shop,
            expecting: [
                "valid": false, "reason": "not_combinable", "discount": 0, "codes.0.valid": true,
                "codes.1.valid": false, "codes.1.conflicts_with": "LOYAL5",
            ])
        // 5 % of the full prices first, then 10 % and 20 % of what is left of each line.
        try transcript.ask(
            "A promotion and a loyalty code combine, and an automatic coupon joins them.",
            #"{"id":"n","op":"validate","codes":["SUMMER20","LOYAL5"],"auto":true,"#
                + Self.largeCart + "}", shop,
            expecting: [
                "valid": true, "subtotal": 16800, "discount": 4397, "total": 12903,
                "line_discounts.0": 2880, "line_discounts.1": 1517,
                "codes.0.code": "SUMMER20", "codes.0.discount": 3101,
                "codes.1.code": "LOYAL5", "codes.1.discount": 840,
                "codes.2.code": .null, "codes.2.coupon": "cou_auto_volume",
                "codes.2.line_discounts.0": 0, "codes.2.line_discounts.1": 456,
            ])
    }

    mutating func payWithAGiftCard() throws {
        let paid: KeyValuePairs<String, JSONValue> = [
            "applied": true, "total": 12903, "gift_card_amount": 900, "amount_due": 12003,
            "codes.2.gift_card": "gc_small", "codes.2.amount": 900, "codes.2.balance": 0,
        ]
        try transcript.ask(
            "A gift card pays 9.00 of the total; the rest is still to be paid.", Self.order4001,
            shop,
            expecting: paid)
        try transcript.ask(
            "The shop repeats the request and gets the same amounts, from the record.",
            Self.order4001, shop,
            expecting: ["replayed": true, "gift_card_amount": 900, "amount_due": 12003])
        try transcript.ask(
            "The card has no balance left for another order.",
            #"{"id":"p","op":"reserve","order":"o-4002","code":"GC-2025-002","#
                + Self.largeCart + "}", shop,
            expecting: [
                "reserved": false, "reason": "gift_card_empty", "gift_card_amount": 0,
                "amount_due": 17300,
            ])
        try transcript.ask(
            "The order is cancelled: its uses and its money come back.",
            Self.release("o-4001"), shop,
            expecting: [
                "released": true, "codes.0.code": "SUMMER20", "codes.0.was": "applied",
                "codes.1.code": "LOYAL5", "codes.2.gift_card": "gc_small",
                "codes.3.coupon": "cou_auto_volume",
            ])
        try transcript.ask(
            "The card has its 9.00 back.",
            #"{"id":"q","op":"validate","code":"GC-2025-002"}"#, shop,
            expecting: ["valid": true, "codes.0.balance": 900])
    }

    mutating func countByLimit() throws {
        try transcript.ask(
            "A code with every kind of limit, for a booking in summer.",
            #"{"id":"r","op":"apply","order":"o-5001","code":"LIMITED","customer":"cus_7","#
                + #""booking_date":"2099-07-01","# + Self.cart + "}", shop,
            expecting: ["applied": true, "discount": 500, "codes.0.remaining": 1])
        try askForEveryLimit("Each limit has counted the use.", given: 500)
        try transcript.ask(
            "A cancelled order does not return the use of this code: its definition says so.",
            Self.release("o-5001"), shop,
            expecting: ["codes.0.was": "applied", "codes.0.use_returned": false])
        try askForEveryLimit("The uses stay counted; the discount is back in the budget.", given: 0)
    }

    private mutating func askForEveryLimit(_ comment: String, given: Int64) throws {
        try transcript.ask(
            comment,
            #"{"id":"s","op":"usage","code":"LIMITED","customer":"cus_7","#
                + #""booking_date":"2099-07-01"}"#, shop,
            expecting: [
                "result.limits.0.kind": "total", "result.limits.0.used": 1,
                "result.limits.1.kind": "code", "result.limits.1.used": 1,
                "result.limits.2.kind": "customer", "result.limits.2.used": 1,
                "result.limits.2.remaining": 1, "result.limits.3.kind": "day",
                "result.limits.4.kind": "week", "result.limits.5.kind": "month",
                "result.limits.6.kind": "booking_date", "result.limits.6.used": 1,
                "result.limits.7.kind": "budget", "result.limits.7.currency": "USD",
                "result.limits.7.used": .integer(given),
            ])
    }

    /// A request about a code that is good for one order.
    static func mailedCode(
        _ operation: String, _ code: String, order: String, more: String = ""
    ) -> String {
        #"{"id":"l","op":"\#(operation)","order":"\#(order)","code":"\#(code)",\#(more)"#
            + cart + "}"
    }

    private static func release(_ order: String) -> String {
        #"{"id":"o","op":"release","order":"\#(order)"}"#
    }

    /// An album at 120.00 USD, a dozen prints at 4.00 USD, and 5.00 USD for shipping.
    private static let largeCart =
        #""cart":{"currency":"USD","shipping":500,"lines":[{"product":"album","quantity":1,"#
        + #""unit_price":12000},{"product":"print-a4","category":"prints","quantity":12,"#
        + #""unit_price":400}]}"#

    private static let order4001 =
        #"{"id":"t","op":"apply","order":"o-4001","codes":["SUMMER20","LOYAL5","GC-2025-002"],"#
        + #""auto":true,"# + largeCart + "}"
}
