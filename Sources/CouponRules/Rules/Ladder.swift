// The rules are checked in the order of `Check`. A rule that fails appends its refusal; one
// with several parts (a limit for each period, a clause for each attribute) appends one for each
// part that fails. The first refusal ends it, unless the evaluation explains.

/// The rules of a candidate in order of precedence, and the refusals of those that fail.
@usableFromInline
package struct Ladder: ~Copyable {
    /// The failures of the last candidate: the first only, unless the evaluation explains.
    @usableFromInline package private(set) var refusals: [Refusal] = []
    /// Whether every failure is wanted.
    private var explains = false

    init() { refusals.reserveCapacity(Check.allCases.count + 1) }

    /// Forgets the last verdict.
    @inline(__always)
    mutating func begin(explains: Bool) {
        self.explains = explains
        refusals.empty()
    }

    /// Whether no further rule needs to be checked.
    @inline(__always)
    var isDecided: Bool { !refusals.isEmpty && !explains }

    /// Keeps a failure, unless an earlier one has decided.
    @inline(never)
    mutating func refuse(_ refusal: borrowing Refusal) {
        if !isDecided { refusals.append(copy refusal) }
    }

    /// Checks the rules of `candidate`; `cover` has its lines.
    mutating func examine(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ evaluation: EvaluationContext, _ cover: borrowing Cover
    ) {
        begin(explains: evaluation.explains)
        var pending = candidate.checks
        while let check = pending.removeFirst() {
            require(check, candidate, purchase, tables, evaluation, cover)
            if isDecided { return }
        }
    }

    private mutating func require(
        _ check: Check, _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ evaluation: EvaluationContext, _ cover: borrowing Cover
    ) {
        switch check {
        case .inactive: refuse(Refusal(.couponInactive))
        case .archived: refuse(Refusal(.couponArchived))
        case .start: requireStart(candidate, at: evaluation.instant)
        case .end: requireNoEnd(candidate, at: evaluation.instant)
        case .blackout: requireNoBlackout(candidate, tables, evaluation)
        case .timeWindows: requireTimeWindow(candidate, tables, at: evaluation.neededBookingTime)
        case .usesLimit: requireUsesLeft(candidate)
        case .budget: requireBudget(candidate, purchase, tables)
        case .periodLimits: requirePeriodUsesLeft(candidate)
        case .currency: requireCurrency(candidate, purchase, tables, cover)
        case .context: requireContext(candidate, purchase, tables)
        case .customerGiven: requireCustomer(candidate, purchase)
        case .customers: requireListedCustomer(candidate, purchase, tables)
        case .groups: requireGroup(candidate, purchase, tables)
        case .previousOrders: requireFewPreviousOrders(candidate, purchase)
        case .customerLimit: requireCustomerUsesLeft(candidate, purchase)
        case .cartGiven:
            if !purchase.hasCart && evaluation.purpose != .validate {
                refuse(Refusal(.cartRequired))
            }
        case .contains: requireItems(candidate, purchase, tables)
        case .triggerGiven: requireTrigger(candidate, purchase, tables, cover)
        case .cover: requireCover(candidate, purchase, tables, evaluation, cover)
        case .minimumSubtotal: requireMinimumSubtotal(candidate, purchase, tables, cover)
        case .tierSubtotal: requireTierSubtotal(candidate, purchase, tables, cover)
        case .maximumSubtotal: requireMaximumSubtotal(candidate, purchase, tables, cover)
        case .minimumItems: requireMinimumItems(candidate, purchase, cover)
        case .tierItems: requireTierItems(candidate, purchase, tables, cover)
        case .triggerCount: requireTriggerCount(candidate, purchase, tables, cover)
        case .maximumItems: requireMaximumItems(candidate, purchase, cover)
        case .ticketLimit: requireTicketLimit(candidate, purchase, cover)
        }
    }

    // MARK: When

    private mutating func requireStart(_ candidate: borrowing Candidate, at instant: Instant) {
        let startsAt = max(
            candidate.coupon.startsAt, candidate.terms.startsAt,
            candidate.offer?.startsAt ?? .distantPast)
        if instant >= startsAt { return }
        var refusal = Refusal(.notStarted)
        refusal.startsAt = startsAt
        refuse(refusal)
    }

    private mutating func requireNoEnd(_ candidate: borrowing Candidate, at instant: Instant) {
        let endsAt = min(
            candidate.coupon.endsAt, candidate.terms.endsAt,
            candidate.offer?.endsAt ?? .distantFuture)
        if instant < endsAt { return }
        var refusal = Refusal(.expired)
        refusal.endedAt = endsAt
        refuse(refusal)
    }

    /// The same booking may fall on different days in the zones of the coupon and of its offer.
    private mutating func requireNoBlackout(
        _ candidate: borrowing Candidate, _ tables: borrowing RuleTables,
        _ evaluation: EvaluationContext
    ) {
        let ranges = candidate.coupon.blackouts
        var isBlack =
            !ranges.isEmpty && tables.isBlackedOut(evaluation.neededBookingTime.date, in: ranges)
        if let ranges = candidate.offer?.blackouts, !ranges.isEmpty {
            isBlack =
                isBlack || tables.isBlackedOut(evaluation.neededOfferBookingDate, in: ranges)
        }
        if isBlack { refuse(Refusal(.blackoutDate)) }
    }

    private mutating func requireTimeWindow(
        _ candidate: borrowing Candidate, _ tables: borrowing RuleTables, at time: BookingTime
    ) {
        for index in candidate.coupon.windows.range where tables.windows[index].contains(time) {
            return
        }
        refuse(Refusal(.outsideTimeWindow))
    }

    // MARK: Where and who

    private mutating func requireCurrency(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ cover: borrowing Cover
    ) {
        guard purchase.hasCart else { return }
        let currency = purchase.currency
        let discount = candidate.coupon.discount
        let needs = candidate.coupon.requirements
        var isLacking =
            tables.lacks(currency, in: discount.amounts)
            || tables.lacks(currency, in: discount.caps)
            || tables.lacks(currency, in: needs.minimumSubtotal)
            || tables.lacks(currency, in: needs.maximumSubtotal)
        if !isLacking && discount.givesMoney {
            isLacking = tables.lacks(currency, in: candidate.coupon.limits.budget)
        }
        if !isLacking { isLacking = discount.partsLack(currency, cover, purchase, tables) }
        if isLacking { refuse(Refusal(.currencyNotSupported)) }
    }

    private mutating func requireContext(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) {
        requireContext(candidate.coupon.requirements.context, purchase, tables)
        requireContext(candidate.offer?.context ?? .empty, purchase, tables)
    }

    private mutating func requireContext(
        _ clauses: Run, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) {
        for index in clauses.range
        where !purchase.contextMeets(tables.clauses[index], by: tables) {
            var refusal = Refusal(.contextNotEligible)
            refusal.scope = .attribute(tables.clauses[index].attribute)
            refuse(refusal)
            if isDecided { return }
        }
    }

    /// Facts that the customer rules need and the request does not give.
    private mutating func requireCustomer(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase
    ) {
        let checks = candidate.checks
        let customer = purchase.customer
        if checks.contains(.customers) && !customer.isIdentified { refuseWithout(.customers) }
        if checks.contains(.groups) && !customer.isGiven { refuseWithout(.groups) }
        if checks.contains(.previousOrders) && customer.previousOrders == nil {
            refuseWithout(.previousOrders)
        }
        if checks.contains(.customerLimit) && !customer.isIdentified { refuseWithout(.perCustomer) }
    }

    private mutating func refuseWithout(_ scope: Refusal.Scope) {
        var refusal = Refusal(.customerRequired)
        refusal.scope = scope
        refuse(refusal)
    }

    private mutating func requireListedCustomer(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) {
        let customer = purchase.customer
        guard customer.isIdentified else { return }
        let listed = candidate.coupon.requirements.customers
        let isListed =
            listed.isEmpty || tables.contains(customer.id, in: listed)
            || tables.contains(customer.email, in: listed)
        let owner = candidate.terms.customer
        let isOwner =
            !candidate.terms.isBoundToCustomer
            || (owner != .unmentioned && (owner == customer.id || owner == customer.email))
        if !isListed || !isOwner { refuse(Refusal(.customerNotEligible)) }
    }

    private mutating func requireGroup(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) {
        guard purchase.customer.isGiven else { return }
        let groups = candidate.coupon.requirements.groups
        for index in purchase.customer.groups.range
        where tables.contains(purchase.groups[index], in: groups) {
            return
        }
        refuse(Refusal(.customerGroupNotEligible))
    }

    private mutating func requireFewPreviousOrders(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase
    ) {
        let limit = candidate.coupon.requirements.previousOrdersMax
        guard let orders = purchase.customer.previousOrders, orders > limit else { return }
        var refusal = Refusal(.notFirstOrder)
        refusal.limit = limit
        refusal.actual = orders
        refuse(refusal)
    }
}

extension RuleTables {
    /// Whether `date` lies in one of a run of ranges.
    fileprivate func isBlackedOut(_ date: CivilDate, in ranges: Run) -> Bool {
        for index in ranges.range where blackouts[index].contains(date) { return true }
        return false
    }
}
