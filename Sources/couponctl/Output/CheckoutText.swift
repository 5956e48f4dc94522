import CouponClient

// The verdict, then the sums, then one line for each code. For example:
//
//     valid: 10.00 USD off
//
//       subtotal   50.00
//       discount  -10.00
//       total      40.00 USD
//
//       SUMMER20  valid  cou_summer  10.00 off, 84 left

/// The reply to a checkout, for people.
enum CheckoutText {
    private static let indent = "  "

    static func lines(_ reply: CouponReply, _ style: Style) -> [String] {
        var lines = [headline(reply, style)]
        let sums = self.sums(reply)
        if !sums.isEmpty { lines += [""] + sums }
        if !reply.codes.isEmpty { lines += [""] + codes(reply, style) }
        return lines
    }

    private static func headline(_ reply: CouponReply, _ style: Style) -> String {
        guard reply.valid else {
            return style.bad("refused") + (reply.reason.map { ": \($0.rawValue)" } ?? "")
        }
        let off = (reply.discount ?? 0) + (reply.shippingDiscount ?? 0)
        let worth = off > 0 ? ": \(AmountText.full(off, reply.currency)) off" : ""
        if reply.reserved == true {
            let end = reply.expiresAt.map { " until \($0)" } ?? ""
            return style.good("reserved") + end + worth
        }
        guard reply.applied == true else { return style.good("valid") + worth }
        let order = reply.order.map { " to order \($0)" } ?? ""
        let again = reply.replayed == true ? " before, nothing consumed now" : ""
        return style.good("applied") + order + again + worth
    }

    private static func sums(_ reply: CouponReply) -> [String] {
        guard let subtotal = reply.subtotal, let total = reply.total else { return [] }
        let currency = reply.currency
        var table = Table([.left, .right, .left])
        func add(_ name: String, _ amount: Int64, unlessZero: Bool = true) {
            if amount == 0 && unlessZero { return }
            table.add(name, AmountText.bare(amount, currency), "")
        }
        add("subtotal", subtotal, unlessZero: false)
        add("shipping", reply.shipping ?? 0)
        add("discount", -(reply.discount ?? 0))
        add("shipping discount", -(reply.shippingDiscount ?? 0))
        table.add("total", AmountText.bare(total, currency), currency ?? "")
        if let giftCardAmount = reply.giftCardAmount, giftCardAmount > 0 {
            add("gift cards", -giftCardAmount)
            let due = reply.amountDue ?? total - giftCardAmount
            table.add("to pay", AmountText.bare(due, currency), currency ?? "")
        }
        return table.lines.map { indent + $0 }
    }

    /// One line for each code, then its discount on each cart line and each further failing rule.
    private static func codes(_ reply: CouponReply, _ style: Style) -> [String] {
        var table = Table([.left, .left, .left, .left])
        for verdict in reply.codes {
            table.add(
                verdict.code ?? "(no code)", verdict.valid ? "valid" : "refused",
                verdict.coupon ?? verdict.giftCard ?? "", facts(verdict, currency: reply.currency))
        }
        return zip(table.lines, reply.codes).flatMap { line, verdict in
            // The first failing rule is the refusal itself.
            let further = (verdict.failures ?? []).filter { $0 != verdict.refusal }
            let shown = indent + (verdict.valid ? line : style.strong(line))
            let below =
                shares(verdict, currency: reply.currency)
                + further.map { "also " + refusal($0, currency: reply.currency) }
            return [shown] + below.map { indent + indent + style.faint($0) }
        }
    }

    /// The code's discount on each line, if there are several lines.
    private static func shares(_ verdict: CodeVerdict, currency: String?) -> [String] {
        guard let shares = verdict.lineDiscounts, shares.count > 1 else { return [] }
        let amounts = shares.map { AmountText.bare($0, currency) }
        return ["line by line: " + amounts.joined(separator: ", ")]
    }

    private static func facts(_ verdict: CodeVerdict, currency: String?) -> String {
        if let refused = verdict.refusal { return refusal(refused, currency: currency) }
        var facts: [String] = []
        if let type = verdict.type { facts.append(type) }
        if let offer = verdict.offer { facts.append("offer \(offer)") }
        let off = (verdict.discount ?? 0) + (verdict.shippingDiscount ?? 0)
        if off > 0 { facts.append("\(AmountText.bare(off, currency)) off") }
        if let amount = verdict.amount {
            facts.append("pays \(AmountText.bare(amount, currency))")
        }
        if let balance = verdict.balance {
            facts.append("\(AmountText.bare(balance, currency)) left on the card")
        }
        if let ticketLimit = verdict.ticketLimit {
            facts.append("for at most \(ticketLimit) units")
        }
        if let duration = verdict.duration {
            let months = verdict.durationInMonths.map { " for \($0) months" } ?? ""
            facts.append(duration + months)
        }
        for gift in verdict.giftItems ?? [] { facts.append("\(gift.quantity) × \(gift.product)") }
        if let unlocks = verdict.unlocks { facts.append("unlocks \(unlocks)") }
        if let remaining = verdict.remaining { facts.append("\(remaining) left") }
        if let redemption = verdict.redemption { facts.append("redemption \(redemption)") }
        return facts.joined(separator: ", ")
    }

    /// The reason, the facts that its message omits, and the message.
    private static func refusal(_ refusal: RefusalDetails, currency: String?) -> String {
        var facts: [String] = []
        if let scope = refusal.scope { facts.append(scope) }
        if let other = refusal.conflictsWith { facts.append("with \(other)") }
        if let held = refusal.held {
            // Other orders hold money of a gift card, and uses of any other code.
            let isMoney = refusal.reason == .giftCardEmpty
            facts.append((isMoney ? AmountText.bare(held, currency) : String(held)) + " held")
        }
        let details = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
        let message = refusal.message.map { ": \($0)" } ?? ""
        return refusal.reason.rawValue + details + message
    }
}
