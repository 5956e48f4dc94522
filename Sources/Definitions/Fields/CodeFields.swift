// The codes that a coupon names itself. Those of a codes file are read elsewhere.

import CouponRules

extension DefinitionField {
    /// `[SUMMER20, {code: VIP20, …}]`.
    func codes() -> [CodeDefinition] {
        if case .scalar(let text, _) = node.content {
            refuse("Found \(node.described) where a list is expected: write [\(text.shortened)].")
            return []
        }
        return list().compactMap { $0.code() }
    }

    private func code() -> CodeDefinition? {
        guard case .map = node.content else {
            return name().map { CodeDefinition(text: $0, path: path, line: node.line) }
        }
        guard var map = map() else { return nil }
        let text = map.require("code", "it is what a customer types")?.name()
        var code = CodeDefinition(text: text ?? "", path: path, line: node.line)
        let maxUses = map.take("max_uses")
        code.maxUses = maxUses?.count()
        let customer = map.take("customer")
        code.customer = customer?.customer()
        code.customerLine = customer?.node.line ?? 0
        (code.startsAt, code.endsAt, code.windowLine) = map.takeWindow()
        code.isMultiUse = map.take("multi_use")?.flag()
        code.revenue = map.take("revenue")?.money()?.minorUnits
        let credit = map.take("customer_credit")
        code.customerCredit = credit?.name()
        code.used = map.take("used")?.countOrZero() ?? 0
        code.discountGiven = map.take("discount_given")?.amounts(leastAmount: 0) ?? []
        map.refuseUnknownKeys(moved: [
            "customer_id": "customer", "customer_credit_id": "customer_credit",
            "valid_from_date": "starts_at", "valid_to_date": "ends_at",
            "expires_at": "ends_at", "limit": "max_uses",
        ])

        if code.isMultiUse == false, let uses = code.maxUses, uses > 1 {
            maxUses?.refuse("A code that is not `multi_use` has one use, not \(uses).")
        }
        if credit != nil && code.customer == nil {
            credit?.refuse("`customer_credit` needs a `customer`.")
        }
        return text == nil ? nil : code
    }

    /// The customer whom a code is bound to; an empty text is nobody.
    private func customer() -> String? {
        guard let text = text(), !text.trimmed.isEmpty else { return nil }
        return name()?.asCustomer
    }
}
