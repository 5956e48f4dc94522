import CouponClient

// A verdict first, then the sums, then one line for each code. For example:
//
//     valid: 10.00 USD off
//
//       subtotal   50.00
//       discount  -10.00
//       total      40.00 USD
//
//       SUMMER20  valid  cou_summer  10.00 off, 84 left

/// The answer to a checkout, for people.
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
        if let giftCardAmount = reply.giftCardAmount {
            add("gift cards", -giftCardAmount)
            add("to pay", reply.amountDue ?? total - giftCardAmount, unlessZero: false)
        }
        return table.lines.map { indent + $0 }
    }

    /// One line for each code, and below it one for each further failing rule.
    private static func codes(_ reply: CouponReply, _ style: Style) -> [String] {
        var table = Table([.left, .left, .left, .left])
        for verdict in reply.codes {
            table.add(
                verdict.code ?? "(no code)", verdict.valid ? "valid" : "refused",
                verdict.coupon ?? "", facts(verdict, currency: reply.currency))
        }
        return zip(table.lines, reply.codes).flatMap { line, verdict in
            // The first failing rule is the refusal itself.
            let further = (verdict.failures ?? []).filter { $0 != verdict.refusal }
            let shown = indent + (verdict.valid ? line : style.strong(line))
            return [shown]
                + further.map { indent + indent + style.faint("also " + refusal($0)) }
        }
    }

    private static func facts(_ verdict: CodeVerdict, currency: String?) -> String {
        if let refused = verdict.refusal { return refusal(refused) }
        var facts: [String] = []
        let off = (verdict.discount ?? 0) + (verdict.shippingDiscount ?? 0)
        if off > 0 { facts.append("\(AmountText.bare(off, currency)) off") }
        if let amount = verdict.amount {
            facts.append("pays \(AmountText.bare(amount, currency))")
        }
        if let balance = verdict.balance {
            facts.append("\(AmountText.bare(balance, currency)) left on the card")
        }
        for gift in verdict.giftItems ?? [] { facts.append("\(gift.quantity) × \(gift.product)") }
        if let unlocks = verdict.unlocks { facts.append("unlocks \(unlocks)") }
        if let remaining = verdict.remaining { facts.append("\(remaining) left") }
        if let redemption = verdict.redemption { facts.append("redemption \(redemption)") }
        return facts.joined(separator: ", ")
    }

    private static func refusal(_ refusal: Refusal) -> String {
        let message = refusal.message.map { ": \($0)" } ?? ""
        return refusal.reason.rawValue + message
    }
}
