// The ladder of reasons, one check after another in the order of the contract's table. All are
// examined; the first that fails is the reason.

extension Reference {
    /// Members of a refusal: `reason`, and the facts beside it.
    typealias Refusal = [String: JSON]

    static let reasons = [
        "code_unknown", "coupon_inactive", "coupon_archived", "not_started", "expired",
        "blackout_date", "outside_time_window", "usage_limit_reached", "budget_exhausted",
        "period_limit_reached", "currency_not_supported", "context_not_eligible",
        "customer_required", "customer_not_eligible", "customer_group_not_eligible",
        "not_first_order", "customer_limit_reached", "cart_required", "required_items_missing",
        "no_eligible_items", "below_minimum_amount", "above_maximum_amount",
        "below_minimum_quantity", "above_maximum_quantity", "not_combinable", "no_effect",
        "gift_card_empty",
    ]

    static func place(of refusal: Refusal?) -> Int {
        guard case .text(let reason) = refusal?["reason"] else { return -1 }
        return reasons.firstIndex(of: reason) ?? -1
    }

    static let accessTypes: Set<String> = ["presale", "reserve", "invite", "access"]

    /// A code, or an auto coupon, that is judged for a request.
    struct Candidate {
        /// Its place in the catalog.
        let place: Int
        let coupon: Coupon
        let code: Code?
        var offer: Offer?
        let asked: CodeAsk
        /// Windows and periods are judged as of this instant.
        let judgedAt: Int64

        var opensAccess: Bool { Reference.accessTypes.contains(coupon.type) }

        var discount: Discount? {
            if coupon.discount != nil || !coupon.clauses.isEmpty { return coupon.discount }
            return coupon.type == "comp" ? Discount(kind: "percentage", percent: 1_000_000) : nil
        }

        var givesMoney: Bool {
            if !coupon.clauses.isEmpty { return true }
            guard let discount else { return false }
            return discount.kind != "gift_item" && discount.kind != "none"
        }

        /// The day of booking and its time, in the coupon's zone or that of its offer.
        func booking(of ask: Ask, in zone: String) -> Wall {
            guard let given = ask.bookingDate else { return Wall(at: judgedAt, in: zone) }
            if given.isDate { return Wall(day: given.day, second: nil) }
            // A local time without a zone is in the zone of the offer.
            if !given.isInstant && zone != coupon.zone {
                return Wall(day: given.day, second: given.secondOfDay)
            }
            return Wall(at: given.instant(in: coupon.zone), in: zone)
        }
    }

    /// One request on one set of books.
    struct Judge {
        let ask: Ask
        let books: Books
        let now: Int64
        /// Uses of counters that offers share, by codes of the same request that go before.
        var taken: [String: Int64] = [:]

        var cart: Cart? { ask.cart }
        var takesUses: Bool { ask.op == "reserve" || ask.op == "apply" }
    }
}

extension Reference.Judge {
    /// The limits of a candidate, with what codes before it take of a counter that offers share.
    private func bounds(of candidate: Reference.Candidate) -> [Reference.Bound] {
        var bounds = books.bounds(of: candidate, for: ask, at: now)
        let beside = taken[candidate.offer?.counter ?? ""] ?? 0
        for place in bounds.indices where bounds[place].kind == "offer" {
            bounds[place].count.used += beside
        }
        return bounds
    }

    /// All rules that fail, in order of precedence; the late ones are not among them.
    func failures(of candidate: Reference.Candidate) -> [Reference.Refusal] {
        let bounds = bounds(of: candidate)
        // Lists every limit that is reached, every attribute, and everything that is not known.
        let timely = [
            status(of: candidate), start(of: candidate), end(of: candidate),
            blackout(of: candidate), windows(of: candidate),
        ]
        let counted =
            usesLimit(bounds) + [earlyBudget(of: candidate)].compactMap { $0 } + periods(bounds)
        let circumstances =
            [currency(of: candidate)].compactMap { $0 } + context(of: candidate)
            + customerGiven(candidate)
        let personal = [
            customers(of: candidate), groups(of: candidate), previousOrders(of: candidate),
        ]
        return timely.compactMap { $0 } + counted + circumstances + personal.compactMap { $0 }
            + customerLimit(bounds) + [cartGiven(candidate)].compactMap { $0 }
            + cartFailures(of: candidate)
    }

    private func status(of candidate: Reference.Candidate) -> Reference.Refusal? {
        switch candidate.coupon.status {
        case "inactive": ["reason": "coupon_inactive"]
        case "archived": ["reason": "coupon_archived"]
        default: nil
        }
    }

    // MARK: Time

    private func start(of candidate: Reference.Candidate) -> Reference.Refusal? {
        let (coupon, offer) = (candidate.coupon, candidate.offer)
        let starts = [
            coupon.startsAt?.instant(in: coupon.zone),
            candidate.code?.startsAt?.instant(in: coupon.zone),
            offer?.startsAt?.instant(in: offer?.zone ?? coupon.zone),
        ].compactMap { $0 }
        guard let latest = starts.max(), candidate.judgedAt < latest else { return nil }
        return ["reason": "not_started", "starts_at": .text(Reference.written(latest))]
    }

    private func end(of candidate: Reference.Candidate) -> Reference.Refusal? {
        let (coupon, offer) = (candidate.coupon, candidate.offer)
        let ends = [
            coupon.endsAt?.instant(in: coupon.zone, isEnd: true),
            candidate.code?.endsAt?.instant(in: coupon.zone, isEnd: true),
            offer?.endsAt?.instant(in: offer?.zone ?? coupon.zone, isEnd: true),
        ].compactMap { $0 }
        guard let earliest = ends.min(), candidate.judgedAt >= earliest else { return nil }
        return ["reason": "expired", "ended_at": .text(Reference.written(earliest))]
    }

    private func blackout(of candidate: Reference.Candidate) -> Reference.Refusal? {
        func isBlack(_ ranges: [Reference.DayRange], in zone: String) -> Bool {
            guard !ranges.isEmpty else { return false }
            let day = candidate.booking(of: ask, in: zone).day
            return ranges.contains { $0.first <= day && day <= $0.last }
        }
        let zone = candidate.coupon.zone
        let offer = candidate.offer
        let isRefused =
            isBlack(candidate.coupon.blackout, in: zone)
            || isBlack(offer?.blackout ?? [], in: offer?.zone ?? zone)
        return isRefused ? ["reason": "blackout_date"] : nil
    }

    private func windows(of candidate: Reference.Candidate) -> Reference.Refusal? {
        let windows = candidate.coupon.windows
        guard !windows.isEmpty else { return nil }
        let wall = candidate.booking(of: ask, in: candidate.coupon.zone)
        return windows.contains { $0.holds(on: wall) } ? nil : ["reason": "outside_time_window"]
    }

    // MARK: Counts

    private func usesLimit(_ bounds: [Reference.Bound]) -> [Reference.Refusal] {
        let scopes = ["total": "coupon", "code": "code", "offer": "offer"]
        return bounds.compactMap { bound in
            guard let scope = scopes[bound.kind], bound.count.sum >= bound.limit else { return nil }
            var refusal: Reference.Refusal = [
                "reason": "usage_limit_reached", "scope": .text(scope),
                "limit": .integer(bound.limit), "actual": .integer(bound.count.sum),
            ]
            if bound.count.held > 0 { refusal["held"] = .integer(bound.count.held) }
            return refusal
        }
    }

    private func earlyBudget(of candidate: Reference.Candidate) -> Reference.Refusal? {
        guard let currency = cart?.currency, let budget = candidate.coupon.limits.budget[currency]
        else { return nil }
        let count = books.given(by: candidate.place, currency, for: ask, at: now)
        guard count.sum >= budget else { return nil }
        return [
            "reason": "budget_exhausted", "limit": .integer(budget), "actual": .integer(count.sum),
        ]
    }

    private func periods(_ bounds: [Reference.Bound]) -> [Reference.Refusal] {
        let scopes = ["day", "week", "month", "booking_date"]
        return bounds.filter { scopes.contains($0.kind) && $0.count.sum >= $0.limit }.map { bound in
            [
                "reason": "period_limit_reached", "scope": .text(bound.kind),
                "limit": .integer(bound.limit), "actual": .integer(bound.count.sum),
            ]
        }
    }

    private func customerLimit(_ bounds: [Reference.Bound]) -> [Reference.Refusal] {
        bounds.filter { $0.kind == "customer" && $0.count.sum >= $0.limit }.map { bound in
            [
                "reason": "customer_limit_reached", "limit": .integer(bound.limit),
                "actual": .integer(bound.count.sum),
            ]
        }
    }

    // MARK: Where and who

    private func currency(of candidate: Reference.Candidate) -> Reference.Refusal? {
        guard let cart else { return nil }
        let coupon = candidate.coupon
        var needed = [
            coupon.requires.minSubtotal, coupon.requires.maxSubtotal, coupon.clausesCap,
            // A coupon that gives no money needs no budget.
            candidate.givesMoney ? coupon.limits.budget : [:],
        ]
        if let discount = coupon.discount {
            needed += discount.amounts
            // Of the tiers' amounts a cart needs the one that it comes to.
            let reached = tier(of: discount, in: cart, cover(of: candidate, in: cart))
            needed.append(reached?.amount ?? [:])
        }
        for (place, clause) in coupon.clauses.enumerated()
        where clauses(of: candidate, in: cart).contains(place) {
            needed += clause.discount.amounts
        }
        let isKnown = needed.allSatisfy { $0.isEmpty || $0[cart.currency] != nil }
        return isKnown ? nil : ["reason": "currency_not_supported"]
    }

    private func context(of candidate: Reference.Candidate) -> [Reference.Refusal] {
        [candidate.coupon.requires.context, candidate.offer?.context ?? [:]].flatMap { rule in
            rule.sorted { $0.key < $1.key }
                .filter { Set($0.value).isDisjoint(with: ask.context[$0.key] ?? []) }
                .map { ["reason": "context_not_eligible", "scope": .text($0.key)] }
        }
    }

    private func customerGiven(_ candidate: Reference.Candidate) -> [Reference.Refusal] {
        let rules = candidate.coupon.requires
        let isKnown = ask.customer?.id != nil || ask.customer?.address != nil
        let isBound = !rules.customers.isEmpty || candidate.code?.customer != nil
        let isCounted =
            candidate.coupon.limits.perCustomer != nil || candidate.code?.multiUse == true
        let missing = [
            isBound && !isKnown ? "customers" : nil,
            !rules.groups.isEmpty && ask.customer == nil ? "groups" : nil,
            rules.ordersMax != nil && ask.customer?.orders == nil ? "max_previous_orders" : nil,
            isCounted && !isKnown ? "per_customer" : nil,
        ].compactMap { $0 }
        return missing.map { ["reason": "customer_required", "scope": .text($0)] }
    }

    private func customers(of candidate: Reference.Candidate) -> Reference.Refusal? {
        guard let customer = ask.customer, customer.id != nil || customer.address != nil else {
            return nil
        }
        func isOne(of entries: [String]) -> Bool {
            entries.contains { entry in
                entry.contains("@") ? customer.address == entry.lowercased() : customer.id == entry
            }
        }
        let listed = candidate.coupon.requires.customers
        let owner = candidate.code?.customer
        let isMet = (listed.isEmpty || isOne(of: listed)) && owner.map { isOne(of: [$0]) } ?? true
        return isMet ? nil : ["reason": "customer_not_eligible"]
    }

    private func groups(of candidate: Reference.Candidate) -> Reference.Refusal? {
        let groups = candidate.coupon.requires.groups
        guard !groups.isEmpty, let customer = ask.customer else { return nil }
        return Set(groups).isDisjoint(with: customer.groups)
            ? ["reason": "customer_group_not_eligible"] : nil
    }

    private func previousOrders(of candidate: Reference.Candidate) -> Reference.Refusal? {
        guard let most = candidate.coupon.requires.ordersMax, let orders = ask.customer?.orders,
            orders > most
        else { return nil }
        return [
            "reason": "not_first_order", "limit": .integer(most), "actual": .integer(orders),
        ]
    }

    private func cartGiven(_ candidate: Reference.Candidate) -> Reference.Refusal? {
        guard takesUses, cart == nil else { return nil }
        let rules = candidate.coupon.requires
        let isNeeded =
            candidate.givesMoney || !rules.minSubtotal.isEmpty || !rules.maxSubtotal.isEmpty
            || rules.minItems != nil || rules.maxItems != nil || !rules.contains.isEmpty
        return isNeeded ? ["reason": "cart_required"] : nil
    }
}

extension Reference.Discount {
    /// All amounts that a cart needs in its currency.
    var amounts: [Reference.Amounts] {
        [amount, cap] + tiers.map(\.minSubtotal)
    }
}
