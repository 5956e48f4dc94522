// One rule after the other, in the order of `Checks`: each function answers nil when its rule holds.

extension Claim {
    /// The coupon's checks and those that this code adds.
    package var checks: Checks {
        var checks = coupon.checks
        if terms.isDisabled { checks.insert(.inactive) }
        if terms.startsAt != .distantPast { checks.insert(.start) }
        if terms.endsAt != .distantFuture { checks.insert(.end) }
        if terms.usesLimit > 0 { checks.insert(.usesLimit) }
        if terms.isBoundToCustomer { checks.formUnion([.customerGiven, .customers]) }
        return checks
    }
}

extension Occasion {
    fileprivate var neededBookingTime: BookingTime {
        guard let bookingTime else {
            preconditionFailure("who judges a coupon by its dates says which date it is")
        }
        return bookingTime
    }
}

extension Judge {
    /// Asks one rule.
    func ask(
        _ check: Checks, _ claim: borrowing Claim, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ occasion: Occasion
    ) -> Refusal? {
        let coupon = claim.coupon
        return switch check {
        case .inactive: Refusal(.couponInactive)
        case .archived: Refusal(.couponArchived)
        case .start: startRefusal(claim, at: occasion.instant)
        case .end: endRefusal(claim, at: occasion.instant)
        case .blackout: blackoutRefusal(coupon, tables, on: occasion.neededBookingTime.date)
        case .timeWindows: timeWindowRefusal(coupon, tables, at: occasion.neededBookingTime)
        case .usesLimit: usesRefusal(claim)
        case .currency: currencyRefusal(coupon, purchase, tables)
        case .context: contextRefusal(coupon, purchase, tables)
        case .customerGiven: customerGivenRefusal(claim, purchase)
        case .customers: customerRefusal(claim, purchase, tables)
        case .groups: groupRefusal(coupon, purchase, tables)
        case .previousOrders: previousOrdersRefusal(coupon, purchase)
        case .cartGiven:
            !purchase.hasCart && occasion.purpose != .validate ? Refusal(.cartRequired) : nil
        case .contains: containsRefusal(coupon, purchase, tables)
        case .triggerGiven: triggerRefusal(coupon.discount, purchase, tables)
        case .cover: coverRefusal(coupon, purchase, tables, occasion)
        case .minimumSubtotal, .maximumSubtotal: subtotalRefusal(check, coupon, purchase, tables)
        case .minimumItems, .maximumItems: itemCountRefusal(check, coupon, purchase)
        case .tierSubtotal: tierSubtotalRefusal(coupon.discount, purchase, tables)
        case .tierItems: tierItemsRefusal(coupon.discount, purchase, tables)
        case .triggerCount: triggerCountRefusal(coupon.discount, purchase, tables)
        default: preconditionFailure("every check has its rule")
        }
    }

    // MARK: When

    private func startRefusal(_ claim: borrowing Claim, at instant: Instant) -> Refusal? {
        let startsAt = max(claim.coupon.startsAt, claim.terms.startsAt)
        if instant >= startsAt { return nil }
        var refusal = Refusal(.notStarted)
        refusal.startsAt = startsAt
        return refusal
    }

    private func endRefusal(_ claim: borrowing Claim, at instant: Instant) -> Refusal? {
        let endsAt = min(claim.coupon.endsAt, claim.terms.endsAt)
        if instant < endsAt { return nil }
        var refusal = Refusal(.expired)
        refusal.endedAt = endsAt
        return refusal
    }

    private func blackoutRefusal(
        _ coupon: Coupon, _ tables: borrowing RuleTables, on date: CivilDate
    ) -> Refusal? {
        for index in coupon.blackouts.range where tables.blackouts[index].contains(date) {
            return Refusal(.blackoutDate)
        }
        return nil
    }

    private func timeWindowRefusal(
        _ coupon: Coupon, _ tables: borrowing RuleTables, at time: BookingTime
    ) -> Refusal? {
        for index in coupon.windows.range where tables.windows[index].contains(time) {
            return nil
        }
        return Refusal(.outsideTimeWindow)
    }

    // MARK: How often

    private func usesRefusal(_ claim: borrowing Claim) -> Refusal? {
        if let refusal = limitRefusal(claim, .total, .coupon) { return refusal }
        return limitRefusal(claim, .code, .code)
    }

    private func limitRefusal(
        _ claim: borrowing Claim, _ kind: LimitKind, _ scope: Refusal.Scope
    ) -> Refusal? {
        let (limit, uses) = (claim.limit(of: kind), claim.uses[kind])
        if limit == 0 || uses.sum < limit { return nil }
        var refusal = Refusal(.usageLimitReached)
        refusal.scope = scope
        refusal.limit = limit
        refusal.actual = uses.sum
        refusal.held = uses.held > 0 ? uses.held : nil
        return refusal
    }

    // MARK: Where and who

    private func currencyRefusal(
        _ coupon: Coupon, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Refusal? {
        if !purchase.hasCart { return nil }
        let (discount, needs, currency) = (coupon.discount, coupon.requirements, purchase.currency)
        var isLacking =
            tables.lacks(currency, in: discount.amounts)
            || tables.lacks(currency, in: discount.caps)
            || tables.lacks(currency, in: needs.minimumSubtotal)
            || tables.lacks(currency, in: needs.maximumSubtotal)
        if discount.kind == .tiers {
            isLacking = isLacking || tierLacksCurrency(discount, purchase, tables)
        } else if discount.kind == .clauses {
            isLacking = isLacking || clauseLacksCurrency(discount, purchase, tables)
        }
        return isLacking ? Refusal(.currencyNotSupported) : nil
    }

    private func contextRefusal(
        _ coupon: Coupon, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Refusal? {
        for index in coupon.requirements.context.range
        where !purchase.contextMeets(tables.clauses[index], by: tables) {
            var refusal = Refusal(.contextNotEligible)
            refusal.scope = .attribute(tables.clauses[index].attribute)
            return refusal
        }
        return nil
    }

    /// What the customer rules need to know and the request does not say.
    private func customerGivenRefusal(
        _ claim: borrowing Claim, _ purchase: borrowing Purchase
    ) -> Refusal? {
        let checks = claim.checks
        let customer = purchase.customer
        var refusal = Refusal(.customerRequired)
        if checks.contains(.customers) && !customer.isIdentified {
            refusal.scope = .customers
        } else if checks.contains(.groups) && !customer.isGiven {
            refusal.scope = .groups
        } else if checks.contains(.previousOrders) && customer.previousOrders == nil {
            refusal.scope = .previousOrders
        } else {
            return nil
        }
        return refusal
    }

    private func customerRefusal(
        _ claim: borrowing Claim, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Refusal? {
        let customer = purchase.customer
        guard customer.isIdentified else { return nil }
        let listed = claim.coupon.requirements.customers
        let isListed =
            listed.isEmpty || tables.contains(customer.id, in: listed)
            || tables.contains(customer.email, in: listed)
        let owner = claim.terms.customer
        let isOwner =
            !claim.terms.isBoundToCustomer
            || (owner != .unmentioned && (owner == customer.id || owner == customer.email))
        return isListed && isOwner ? nil : Refusal(.customerNotEligible)
    }

    private func groupRefusal(
        _ coupon: Coupon, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Refusal? {
        guard purchase.customer.isGiven else { return nil }
        for index in purchase.customer.groups.range
        where tables.contains(purchase.groups[index], in: coupon.requirements.groups) {
            return nil
        }
        return Refusal(.customerGroupNotEligible)
    }

    private func previousOrdersRefusal(
        _ coupon: Coupon, _ purchase: borrowing Purchase
    ) -> Refusal? {
        guard let orders = purchase.customer.previousOrders,
            orders > coupon.requirements.previousOrdersMax
        else { return nil }
        var refusal = Refusal(.notFirstOrder)
        refusal.limit = coupon.requirements.previousOrdersMax
        refusal.actual = orders
        return refusal
    }

    // MARK: What is in the cart

    private func containsRefusal(
        _ coupon: Coupon, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Refusal? {
        guard purchase.hasCart else { return nil }
        nextClause: for index in coupon.requirements.contains.range {
            let clause = tables.clauses[index]
            for line in purchase.lines.indices
            where purchase.line(purchase.lines[line], meets: clause, by: tables) {
                continue nextClause
            }
            var refusal = Refusal(.requiredItemsMissing)
            refusal.scope = .attribute(clause.attribute)
            return refusal
        }
        return nil
    }

    private func coverRefusal(
        _ coupon: Coupon, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables,
        _ occasion: Occasion
    ) -> Refusal? {
        // A presale code is tried before anything is in the cart.
        if coupon.kind.opensAccess && occasion.purpose != .apply { return nil }
        let isCoveringNone =
            purchase.hasCart
            ? !isCovered.contains(true) : purchase.contextRulesOut(coupon, in: tables)
        return isCoveringNone ? Refusal(.noEligibleItems) : nil
    }

    private func subtotalRefusal(
        _ check: Checks, _ coupon: Coupon, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Refusal? {
        let needs = coupon.requirements
        let isMinimum = check == .minimumSubtotal
        let run = isMinimum ? needs.minimumSubtotal : needs.maximumSubtotal
        guard purchase.hasCart, let bound = tables.amount(in: run, for: purchase.currency)
        else { return nil }
        let actual = boundedSubtotal(coupon, purchase).minorUnits
        return isMinimum
            ? belowRefusal(.belowMinimumAmount, limit: bound.minorUnits, actual: actual)
            : aboveRefusal(.aboveMaximumAmount, limit: bound.minorUnits, actual: actual)
    }

    private func itemCountRefusal(
        _ check: Checks, _ coupon: Coupon, _ purchase: borrowing Purchase
    ) -> Refusal? {
        guard purchase.hasCart else { return nil }
        let needs = coupon.requirements
        let actual = boundedItemCount(coupon, purchase)
        return check == .minimumItems
            ? belowRefusal(.belowMinimumQuantity, limit: needs.minimumItems, actual: actual)
            : aboveRefusal(.aboveMaximumQuantity, limit: needs.maximumItems, actual: actual)
    }

    /// Reaching a bound passes.
    func belowRefusal(_ reason: Reason, limit: Int64, actual: Int64) -> Refusal? {
        if actual >= limit { return nil }
        var refusal = Refusal(reason)
        refusal.limit = limit
        refusal.actual = actual
        refusal.missing = limit - actual
        return refusal
    }

    private func aboveRefusal(_ reason: Reason, limit: Int64, actual: Int64) -> Refusal? {
        if actual <= limit { return nil }
        var refusal = Refusal(reason)
        refusal.limit = limit
        refusal.actual = actual
        return refusal
    }

    /// Original prices of the lines that the coupon's bounds look at.
    private func boundedSubtotal(_ coupon: Coupon, _ purchase: borrowing Purchase) -> Money {
        coupon.requirements.base == .cart ? purchase.subtotal : coveredSubtotal(purchase)
    }

    private func boundedItemCount(_ coupon: Coupon, _ purchase: borrowing Purchase) -> Int64 {
        coupon.requirements.base == .cart ? purchase.itemCount : coveredItemCount(purchase)
    }

    /// The covered lines at original prices.
    func coveredSubtotal(_ purchase: borrowing Purchase) -> Money {
        var sum = Money.zero
        for index in purchase.lines.indices where isCovered[index] {
            sum += purchase.lines[index].value
        }
        return sum
    }

    func coveredItemCount(_ purchase: borrowing Purchase) -> Int64 {
        var sum: Int64 = 0
        for index in purchase.lines.indices where isCovered[index] {
            sum += purchase.lines[index].quantity
        }
        return sum
    }
}
