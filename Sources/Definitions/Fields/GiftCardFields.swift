import CouponRules

extension GiftCardDefinition {
    /// An element of `gift_cards`; nil when it lacks a field that it needs.
    init?(_ field: DefinitionField) {
        guard var map = field.map() else { return nil }
        let id = map.take("id")?.name()
        let code = map.require("code", "it is what a customer pays with")?.name()
        let amountField = map.require("amount", "it is what was paid in")
        let amount = amountField?.money()
        if amount == .zero { amountField?.refuse("A gift card is worth at least 1.") }
        let balanceField = map.take("balance")
        let balance = balanceField == nil ? amount : balanceField?.money()
        let currencyField = map.take("currency")
        let currency = currencyField == nil ? field.scope.currency : currencyField?.currency()
        let isActive = map.take("status")?.choice([("active", true), ("inactive", false)]) ?? true
        let expiresField = map.take("expires_at")
        let expiresAt = expiresField?.moment()
        let purchasedBy = map.take("purchased_by")?.metadata() ?? []
        let createdAt = map.take("created_at")?.moment()
        map.refuseUnknownKeys(moved: ["ends_at": "expires_at", "value": "amount"])

        if currencyField == nil && currency == nil {
            field.refuse("`currency` is missing, and the file names none at its top.")
        }
        if let amount, let balance, balance > amount {
            balanceField?.refuse(
                "More is left (\(balance.minorUnits)) than was paid in (\(amount.minorUnits)).")
        }
        if Moment.isEmptyWindow(from: createdAt, to: expiresAt) {
            expiresField?.refuse("It must be after `created_at`.")
        }

        guard let code, let amount, let balance, let currency else { return nil }
        self.init(
            place: field.scope.place(field.node.position), path: field.path,
            code: code, amount: amount, balance: balance, currency: currency)
        self.id = id
        self.isActive = isActive
        self.expiresAt = expiresAt
        self.purchasedBy = purchasedBy
        self.createdAt = createdAt
    }
}
