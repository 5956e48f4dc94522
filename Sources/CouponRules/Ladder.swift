// One rule after the other, in the order of `Check`: each function answers nil when its rule holds.
// A check may have several parts (a limit for each period, a clause for each attribute); the first
// that fails is told, and whoever wants all asks again after those that were told.

extension Judge {
    /// Asks one rule, whose parts that fail were `told` already so many.
    func ask(
        _ check: Check, after told: Int, _ candidate: borrowing Candidate,
        _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ evaluation: EvaluationContext
    ) -> Refusal? {
        switch check {
        case .inactive: Refusal(.couponInactive)
        case .archived: Refusal(.couponArchived)
        case .start: startRefusal(candidate, at: evaluation.instant)
        case .end: endRefusal(candidate, at: evaluation.instant)
        case .blackout: blackoutRefusal(candidate, tables, evaluation)
        case .timeWindows:
            timeWindowRefusal(candidate.coupon, tables, at: evaluation.neededBookingTime)
        case .usesLimit, .periodLimits, .customerLimit:
            limitRefusal(check, after: told, candidate, purchase)
        case .budget: budgetRefusal(candidate, purchase, tables)
        case .currency: currencyRefusal(candidate.coupon, purchase, tables)
        case .context: contextRefusal(after: told, candidate, purchase, tables)
        case .customerGiven: customerGivenRefusal(after: told, candidate, purchase)
        case .customers: customerRefusal(candidate, purchase, tables)
        case .groups: groupRefusal(candidate.coupon, purchase, tables)
        case .previousOrders: previousOrdersRefusal(candidate.coupon, purchase)
        case .cartGiven:
            !purchase.hasCart && evaluation.purpose != .validate ? Refusal(.cartRequired) : nil
        case .contains: containsRefusal(after: told, candidate.coupon, purchase, tables)
        case .triggerGiven: triggerRefusal(candidate.coupon.discount, purchase, tables)
        case .cover: coverRefusal(candidate, purchase, tables, evaluation)
        case .minimumSubtotal, .maximumSubtotal:
            subtotalRefusal(check, candidate.coupon, purchase, tables)
        case .minimumItems, .maximumItems: itemCountRefusal(check, candidate.coupon, purchase)
        case .tierSubtotal: tierSubtotalRefusal(candidate.coupon.discount, purchase, tables)
        case .tierItems: tierItemsRefusal(candidate.coupon.discount, purchase, tables)
        case .triggerCount: triggerCountRefusal(candidate.coupon.discount, purchase, tables)
        case .ticketLimit: ticketRefusal(candidate, purchase)
        }
    }

    // MARK: When

    private func startRefusal(_ candidate: borrowing Candidate, at instant: Instant) -> Refusal? {
        let startsAt = max(
            candidate.coupon.startsAt, candidate.terms.startsAt,
            candidate.offer?.startsAt ?? .distantPast)
        if instant >= startsAt { return nil }
        var refusal = Refusal(.notStarted)
        refusal.startsAt = startsAt
        return refusal
    }

    private func endRefusal(_ candidate: borrowing Candidate, at instant: Instant) -> Refusal? {
        let endsAt = min(
            candidate.coupon.endsAt, candidate.terms.endsAt,
            candidate.offer?.endsAt ?? .distantFuture)
        if instant < endsAt { return nil }
        var refusal = Refusal(.expired)
        refusal.endedAt = endsAt
        return refusal
    }

    /// The same booking may fall on different days in the zones of the coupon and of its offer.
    private func blackoutRefusal(
        _ candidate: borrowing Candidate, _ tables: borrowing RuleTables,
        _ evaluation: EvaluationContext
    ) -> Refusal? {
        let ranges = candidate.coupon.blackouts
        var isBlack =
            !ranges.isEmpty && tables.isBlackedOut(evaluation.neededBookingTime.date, in: ranges)
        if let offer = candidate.offer, !offer.blackouts.isEmpty {
            isBlack =
                isBlack
                || tables.isBlackedOut(evaluation.neededOfferBookingDate, in: offer.blackouts)
        }
        return isBlack ? Refusal(.blackoutDate) : nil
    }

    private func timeWindowRefusal(
        _ coupon: Coupon, _ tables: borrowing RuleTables, at time: BookingTime
    ) -> Refusal? {
        for index in coupon.windows.range where tables.windows[index].contains(time) {
            return nil
        }
        return Refusal(.outsideTimeWindow)
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
        if discount.givesMoney {
            isLacking = isLacking || tables.lacks(currency, in: coupon.limits.budget)
        }
        if discount.kind == .tiers {
            isLacking = isLacking || tierLacksCurrency(discount, purchase, tables)
        } else if discount.kind == .clauses {
            isLacking = isLacking || clauseLacksCurrency(discount, purchase, tables)
        }
        return isLacking ? Refusal(.currencyNotSupported) : nil
    }

    private func contextRefusal(
        after told: Int, _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Refusal? {
        var left = told
        let needed = candidate.coupon.requirements.context
        if let refusal = contextRefusal(needed, after: &left, purchase, tables) { return refusal }
        return contextRefusal(candidate.offer?.context ?? .empty, after: &left, purchase, tables)
    }

    private func contextRefusal(
        _ clauses: Run, after left: inout Int, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Refusal? {
        for index in clauses.range
        where !purchase.contextMeets(tables.clauses[index], by: tables) {
            if left == 0 {
                var refusal = Refusal(.contextNotEligible)
                refusal.scope = .attribute(tables.clauses[index].attribute)
                return refusal
            }
            left -= 1
        }
        return nil
    }

    /// What the customer rules need to know and the request does not say.
    private func customerGivenRefusal(
        after told: Int, _ candidate: borrowing Candidate, _ purchase: borrowing Purchase
    ) -> Refusal? {
        let checks = candidate.checks
        let customer = purchase.customer
        var left = told
        func isNext(_ check: Check, isGiven: Bool) -> Bool {
            if isGiven || !checks.contains(check) { return false }
            left -= 1
            return left < 0
        }
        var refusal = Refusal(.customerRequired)
        if isNext(.customers, isGiven: customer.isIdentified) {
            refusal.scope = .customers
        } else if isNext(.groups, isGiven: customer.isGiven) {
            refusal.scope = .groups
        } else if isNext(.previousOrders, isGiven: customer.previousOrders != nil) {
            refusal.scope = .previousOrders
        } else if isNext(.customerLimit, isGiven: customer.isIdentified) {
            refusal.scope = .perCustomer
        } else {
            return nil
        }
        return refusal
    }

    private func customerRefusal(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Refusal? {
        let customer = purchase.customer
        guard customer.isIdentified else { return nil }
        let listed = candidate.coupon.requirements.customers
        let isListed =
            listed.isEmpty || tables.contains(customer.id, in: listed)
            || tables.contains(customer.email, in: listed)
        let owner = candidate.terms.customer
        let isOwner =
            !candidate.terms.isBoundToCustomer
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
}

extension RuleTables {
    /// Whether `date` lies in one of a run of ranges.
    fileprivate func isBlackedOut(_ date: CivilDate, in ranges: Run) -> Bool {
        for index in ranges.range where blackouts[index].contains(date) { return true }
        return false
    }
}
