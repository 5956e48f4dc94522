// Codes in a coupon’s definition. Those of a codes file are read elsewhere.

import CouponRules

extension CodeDefinition {
    /// An element of `[SUMMER20, {code: VIP20, …}]`; nil when it has no code.
    init?(_ field: DefinitionField) {
        guard case .map = field.node.content, var map = field.map() else {
            guard let text = field.name() else { return nil }
            self.init(text: text, path: field.path, line: field.node.line)
            return
        }
        let text = map.require("code", "it is what a customer types")?.name()
        self.init(text: text ?? "", path: field.path, line: field.node.line)
        let maxUsesField = map.take("max_uses")
        maxUses = maxUsesField?.count()
        let customerField = map.take("customer")
        // An empty text binds the code to no customer.
        if customerField?.text()?.trimmed.isEmpty == false {
            customer = customerField?.name()?.asCustomer
        }
        customerLine = customerField?.node.line ?? 0
        (startsAt, endsAt, windowLine) = map.takeWindow()
        isMultiUse = map.take("multi_use")?.flag()
        revenue = map.take("revenue")?.money()?.minorUnits
        let credit = map.take("customer_credit")
        customerCredit = credit?.name()
        used = map.take("used")?.countOrZero() ?? 0
        discountGiven = map.take("discount_given")?.amounts(leastAmount: 0) ?? []
        map.refuseUnknownKeys(moved: [
            "customer_id": "customer", "customer_credit_id": "customer_credit",
            "valid_from_date": "starts_at", "valid_to_date": "ends_at",
            "expires_at": "ends_at", "limit": "max_uses",
        ])

        if isMultiUse == false, let uses = maxUses, uses > 1 {
            maxUsesField?.refuse("A code that is not `multi_use` has one use, not \(uses).")
        }
        if credit != nil && customer == nil {
            credit?.refuse("`customer_credit` needs a `customer`.")
        }
        if text == nil { return nil }
    }
}
