// A random combination may be impossible: a cover without a product, or more items than fit. The
// catalog refuses to load such coupons, so they are corrected as their author would do.

extension Reference.Coupon {
    /// Makes every cover leave a product, and every count leave a cart.
    mutating func mend() {
        mendCovers()
        if let discount, discount.kind == "buy_x_get_y", let most = requires.maxItems {
            self.discount?.buy.quantity = min(discount.buy.quantity, most - 1)
        }
        if requires.base == "eligible", let least = requires.minItems,
            Reference.accessTypes.contains(type), !offers.isEmpty,
            offers.allSatisfy({ ($0.ticketLimit ?? least) < least })
        {
            offers[0].ticketLimit = nil
        }
    }

    private mutating func mendCovers() {
        if products.isEmpty { excludes["product"] = nil }
        let products = products
        discount?.buy.appliesTo.mend(products)
        discount?.get.appliesTo.mend(products)
        for place in clauses.indices { clauses[place].appliesTo.mend(products) }
        for place in offers.indices { offers[place].appliesTo.mend(products) }
    }

    /// The products that it may cover.
    private var products: Set<String> {
        let all = Generator.words["product"] ?? []
        let named = appliesTo.isEmpty ? all : appliesTo.flatMap { $0["product"] ?? all }
        return Set(named).subtracting(excludes["product"] ?? [])
    }
}

extension Reference.Attributes {
    /// Names one of `products` where it names none of them.
    fileprivate mutating func mend(_ products: Set<String>) {
        guard let named = self["product"], products.isDisjoint(with: named) else { return }
        self["product"] = products.min().map { [$0] }
    }
}
