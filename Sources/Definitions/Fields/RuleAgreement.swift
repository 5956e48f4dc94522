// What a coupon covers is narrowed in several places, and so is how many items it is for. Where two of
// them leave nothing, no cart could ever use the coupon, or a part of it. Of attributes in general
// that cannot be seen, because a line may have several values of one; but it has only one product.

import CouponRules

/// The products that a cover leaves room for.
private struct ProductCover {
    /// Of each of its maps; nil where the map does not choose by product.
    private let products: [Set<String>?]
    private let excluded: Set<String>

    init(_ maps: [AttributeMap], excluding excludes: AttributeMap) {
        let excluded = excludes.products ?? []
        self.excluded = excluded
        products = maps.isEmpty ? [nil] : maps.map { $0.products?.subtracting(excluded) }
    }

    var isEmpty: Bool { products.allSatisfy { $0?.isEmpty == true } }

    /// Whether a line may be covered by this and by one of `maps`, too.
    func mayMeet(_ maps: [AttributeMap]) -> Bool {
        maps.isEmpty || maps.contains { map in products.contains { mayMeet($0, map.products) } }
    }

    private func mayMeet(_ own: Set<String>?, _ other: Set<String>?) -> Bool {
        guard let other else { return own?.isEmpty != true }
        return own.map { !$0.isDisjoint(with: other) } ?? !other.isSubset(of: excluded)
    }
}

extension AttributeMap {
    fileprivate var products: Set<String>? {
        entries.first { $0.attribute == "product" }.map { Set($0.values) }
    }
}

extension CouponDefinition {
    /// Refuses each cover that leaves no product: of the coupon, or of a part beside the coupon's.
    func refuseEmptyCovers(_ map: inout FieldMap) {
        let cover = ProductCover(appliesTo, excluding: excludes)
        if cover.isEmpty {
            map.take("applies_to")?.refuse(
                "All products that it names are in `excludes`: no line could ever be covered.")
            return
        }
        let discountField =
            discount?.buy == nil && discount?.get == nil ? nil : map.take("discount")
        let parts = [("buy", discount?.buy?.appliesTo), ("get", discount?.get?.appliesTo)]
        for case (let name, let part?) in parts where !cover.mayMeet(part) {
            discountField?.value(of: name)?.refuseStrangeCover()
        }
        refuse(discounts.map(\.appliesTo), in: map.take("discounts"), beside: cover)
        refuse(offers.map(\.appliesTo), in: map.take("offers"), beside: cover)
    }

    /// `list` is where the elements stand that have `covers`.
    private func refuse(
        _ covers: [[AttributeMap]], in list: DefinitionField?, beside cover: ProductCover
    ) {
        // If an element could not be read, the places would be off.
        guard let list, case .list(let nodes) = list.node.content, nodes.count == covers.count
        else { return }
        for (index, part) in covers.enumerated() where !cover.mayMeet(part) {
            DefinitionField(
                node: nodes[index], path: list.path.appendingIndex(index), scope: list.scope
            )
            .refuseStrangeCover()
        }
    }

    /// Bounds of the number of items that another count rules out.
    func refuseCountsOutOfReach(_ requires: DefinitionField) {
        if let buy = discount?.buy, let get = discount?.get,
            let most = requirements.maximumItems, most <= buy.quantity
        {
            // With `base: eligible` only lines are counted that can be got.
            let countsBought =
                requirements.base == .cart || get.appliesTo.isEmpty
                || get.appliesTo == buy.appliesTo
            if countsBought {
                requires.value(of: "max_items")?.refuse(
                    "At most \(most) items, and the discount needs \(buy.quantity) to be bought "
                        + "and one more to be got: no cart has both.")
            }
        }
        let tickets = offers.compactMap(\.ticketLimit)
        if kind.opensAccess, requirements.base == .eligible, tickets.count == offers.count,
            let most = tickets.max(), let least = requirements.minimumItems, most < least
        {
            requires.value(of: "min_items")?.refuse(
                "At least \(least) items, and no offer has a `ticket_limit` over \(most): no cart "
                    + "has both.")
        }
    }
}

extension DefinitionField {
    /// Refuses the `applies_to` of a part of a coupon.
    fileprivate func refuseStrangeCover() {
        value(of: "applies_to")?.refuse(
            "Of the products that it names the coupon covers none: see its own `applies_to` and "
                + "`excludes`.")
    }
}
