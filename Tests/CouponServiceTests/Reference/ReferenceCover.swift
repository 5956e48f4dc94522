// Which lines a coupon covers, the rules about the cart, and what comes off.

extension Reference {
    static func meets(_ rule: Attributes, _ facts: Attributes) -> Bool {
        rule.allSatisfy { !Set($0.value).isDisjoint(with: facts[$0.key] ?? []) }
    }

    /// The same where the facts that are not there are not held against it.
    static func mayMeet(_ rule: Attributes, _ facts: Attributes) -> Bool {
        meets(rule.filter { facts[$0.key] != nil }, facts)
    }
}

extension Reference.Judge {
    /// For each line of the cart, whether the coupon, its offer and the code's context cover it.
    func marks(of candidate: Reference.Candidate, in cart: Reference.Cart) -> [Bool] {
        let coupon = candidate.coupon
        return cart.lines.map { line in
            let facts = line.facts(in: ask.context)
            let isExcluded = coupon.excludes.contains { name, values in
                !Set(values).isDisjoint(with: facts[name] ?? [])
            }
            let isMeant =
                coupon.appliesTo.isEmpty
                || coupon.appliesTo.contains { Reference.meets($0, facts) }
            return isMeant && !isExcluded && !(coupon.skipsSaleItems && line.isOnSale)
                && Reference.meets(candidate.offer?.appliesTo ?? [:], facts)
                && Reference.meets(candidate.asked.context, facts)
        }
    }

    /// For each line of the cart, the clause that it belongs to.
    func clauses(of candidate: Reference.Candidate, in cart: Reference.Cart) -> [Int?] {
        zip(cart.lines, marks(of: candidate, in: cart)).map { line, isCovered in
            guard isCovered else { return nil }
            let facts = line.facts(in: ask.context)
            return candidate.coupon.clauses.firstIndex { Reference.meets($0.appliesTo, facts) }
        }
    }

    private func bought(
        _ bought: Reference.Bought, _ candidate: Reference.Candidate, in cart: Reference.Cart
    ) -> [Bool] {
        zip(cart.lines, marks(of: candidate, in: cart)).map { line, isCovered in
            isCovered && Reference.meets(bought.appliesTo, line.facts(in: ask.context))
        }
    }

    /// The covered lines: those of `get`, and those of a clause, where there are such.
    func cover(of candidate: Reference.Candidate, in cart: Reference.Cart) -> [Bool] {
        if !candidate.coupon.clauses.isEmpty {
            return clauses(of: candidate, in: cart).map { $0 != nil }
        }
        if let discount = candidate.discount, discount.kind == "buy_x_get_y" {
            return bought(discount.get, candidate, in: cart)
        }
        return marks(of: candidate, in: cart)
    }

    /// Whether `context` excludes the cover, for a request without a cart.
    func isCoverPossible(_ candidate: Reference.Candidate) -> Bool {
        let coupon = candidate.coupon
        let facts = ask.context.merging(candidate.asked.context) { _, own in own }
        return
            (coupon.appliesTo.isEmpty
            || coupon.appliesTo.contains { Reference.mayMeet($0, facts) })
            && Reference.mayMeet(candidate.offer?.appliesTo ?? [:], facts)
            && (coupon.clauses.isEmpty
                || coupon.clauses.contains { Reference.mayMeet($0.appliesTo, facts) })
            && Reference.mayMeet(candidate.discount?.get.appliesTo ?? [:], facts)
            && !coupon.excludes.contains { name, values in
                !Set(values).isDisjoint(with: facts[name] ?? [])
            }
    }

    // MARK: Rules about the cart

    func cartFailures(of candidate: Reference.Candidate) -> [Reference.Refusal] {
        let isUnasked = candidate.opensAccess && ask.op != "apply"
        guard let cart else {
            return isCoverPossible(candidate) ? [] : [["reason": "no_eligible_items"]]
        }
        let cover = cover(of: candidate, in: cart)
        var failures: [Reference.Refusal] = []
        let rules = candidate.coupon.requires
        for (name, values) in rules.contains.sorted(by: { $0.key < $1.key })
        where !cart.lines.contains(where: {
            Reference.meets([name: values], $0.facts(in: ask.context))
        }) {
            failures.append(["reason": "required_items_missing", "scope": .text(name)])
        }
        let triggers = sets(of: candidate, in: cart)
        // Where any covered line is a trigger, nothing in particular is missing.
        if let triggers, triggers.triggers == 0,
            let scope = candidate.discount?.buy.appliesTo.keys.sorted().first
        {
            failures.append(["reason": "required_items_missing", "scope": .text(scope)])
        }
        if !isUnasked && !cover.contains(true) {
            failures.append(["reason": "no_eligible_items"])
        }
        return failures + amountFailures(of: candidate, in: cart, cover)
            + countFailures(of: candidate, in: cart, cover, triggers)
    }

    private func sets(
        of candidate: Reference.Candidate, in cart: Reference.Cart,
        from basis: [Int64]? = nil, left: [Int64]? = nil
    ) -> Reference.Sets? {
        guard let discount = candidate.discount, discount.kind == "buy_x_get_y" else { return nil }
        let full = cart.lines.map(\.value)
        let chosen = Reference.Chosen(
            cart: cart, units: cart.lines.map(\.quantity), basis: basis ?? full, left: left ?? full)
        return Reference.sets(
            discount, buys: bought(discount.buy, candidate, in: cart),
            gets: bought(discount.get, candidate, in: cart),
            ticketLimit: candidate.offer?.ticketLimit, chosen)
    }

    private static func below(_ reason: String, _ limit: Int64, _ actual: Int64)
        -> Reference.Refusal
    {
        [
            "reason": .text(reason), "limit": .integer(limit), "actual": .integer(actual),
            "missing": .integer(limit - actual),
        ]
    }

    private static func above(_ reason: String, _ limit: Int64, _ actual: Int64)
        -> Reference.Refusal
    {
        ["reason": .text(reason), "limit": .integer(limit), "actual": .integer(actual)]
    }

    private func amountFailures(
        of candidate: Reference.Candidate, in cart: Reference.Cart, _ cover: [Bool]
    ) -> [Reference.Refusal] {
        let rules = candidate.coupon.requires
        let covered = zip(cart.lines, cover).reduce(0) { $0 + ($1.1 ? $1.0.value : 0) }
        let subtotal = rules.base == "eligible" ? covered : cart.subtotal
        var failures: [Reference.Refusal] = []
        if let least = rules.minSubtotal[cart.currency], subtotal < least {
            failures.append(Self.below("below_minimum_amount", least, subtotal))
        }
        let lowest = candidate.discount?.tiers.first?.minSubtotal[cart.currency]
        if let lowest, covered < lowest {
            failures.append(Self.below("below_minimum_amount", lowest, covered))
        }
        if let most = rules.maxSubtotal[cart.currency], subtotal > most {
            failures.append(Self.above("above_maximum_amount", most, subtotal))
        }
        return failures
    }

    private func countFailures(
        of candidate: Reference.Candidate, in cart: Reference.Cart, _ cover: [Bool],
        _ sets: Reference.Sets?
    ) -> [Reference.Refusal] {
        let rules = candidate.coupon.requires
        let covered = zip(cart.lines, cover).reduce(0) { $0 + ($1.1 ? $1.0.quantity : 0) }
        let items =
            rules.base == "eligible" ? covered : cart.lines.reduce(0) { $0 + $1.quantity }
        var failures: [Reference.Refusal] = []
        if let least = rules.minItems, items < least {
            failures.append(Self.below("below_minimum_quantity", least, items))
        }
        if let lowest = candidate.discount?.tiers.first?.minItems, covered < lowest {
            failures.append(Self.below("below_minimum_quantity", lowest, covered))
        }
        if let sets, let discount = candidate.discount, sets.triggers > 0, sets.count == 0 {
            // With enough triggers it is the unit to be got that is missing: all are triggers.
            let isShort = sets.triggers < discount.buy.quantity
            if isShort || cover.contains(true) {
                let needed = discount.buy.quantity + (isShort ? 0 : 1)
                failures.append(Self.below("below_minimum_quantity", needed, sets.triggers))
            }
        }
        if let most = rules.maxItems, items > most {
            failures.append(Self.above("above_maximum_quantity", most, items))
        }
        if let most = candidate.offer?.ticketLimit, candidate.opensAccess, covered > most {
            failures.append(Self.above("above_maximum_quantity", most, covered))
        }
        return failures
    }

    // MARK: Money

    /// What the code takes off what is `left`, of a cart that passed the rules.
    func gain(of candidate: Reference.Candidate, from left: Reference.Values)
        -> Reference.Values
    {
        guard let cart else { return .nothing(0) }
        let full = Reference.Values(of: cart)
        let basis = candidate.coupon.stacking.base == "original" ? full : left
        var gain = Reference.Values.nothing(cart.lines.count)
        if !candidate.coupon.clauses.isEmpty {
            gain.lines = clausesGain(of: candidate, in: cart, basis.lines, left.lines)
            return gain
        }
        guard let discount = candidate.discount, candidate.givesMoney else { return gain }
        let bound = candidate.asked.amount
        if discount.kind == "shipping" {
            let amount =
                discount.percent.map {
                    Reference.share($0, of: basis.shipping, discount.rounding)
                } ?? discount.amount[cart.currency] ?? 0
            gain.shipping = min(
                amount, discount.cap[cart.currency] ?? .max, bound ?? .max, left.shipping)
            return gain
        }
        let cover = cover(of: candidate, in: cart)
        var chosen = Reference.Chosen(
            cart: cart, units: zip(cart.lines, cover).map { $1 ? $0.quantity : 0 },
            basis: basis.lines, left: left.lines)
        if let sets = sets(of: candidate, in: cart, from: basis.lines, left: left.lines) {
            chosen.units = sets.got
        } else {
            chosen.keep(
                [discount.unitsMax, candidate.offer?.ticketLimit].compactMap { $0 }.min(),
                dearest: discount.units == "dearest")
        }
        gain.lines = Reference.shares(
            of: discount, tier: tier(of: discount, in: cart, cover), over: chosen,
            currency: cart.currency, bound: bound)
        return gain
    }

    /// The highest tier that the covered lines meet.
    func tier(
        of discount: Reference.Discount, in cart: Reference.Cart, _ cover: [Bool]
    ) -> Reference.Tier? {
        let covered = zip(cart.lines, cover).filter(\.1).map(\.0)
        let (value, items) = (
            covered.reduce(0) { $0 + $1.value }, covered.reduce(0) { $0 + $1.quantity }
        )
        return discount.tiers.last { tier in
            (tier.minItems ?? 0) <= items && (tier.minSubtotal[cart.currency] ?? 0) <= value
        }
    }

    private func clausesGain(
        of candidate: Reference.Candidate, in cart: Reference.Cart, _ basis: [Int64],
        _ left: [Int64]
    ) -> [Int64] {
        let clauses = clauses(of: candidate, in: cart)
        var all = Reference.Chosen(
            cart: cart, units: zip(cart.lines, clauses).map { $1 == nil ? 0 : $0.quantity },
            basis: basis, left: left)
        all.keep(candidate.offer?.ticketLimit, dearest: true)
        var sum = basis.map { _ in Int64(0) }
        var taking = all
        taking.units = basis.map { _ in 0 }
        for (place, clause) in candidate.coupon.clauses.enumerated() {
            var own = all
            own.units = zip(all.units, clauses).map { $1 == place ? $0 : 0 }
            own.keep(clause.discount.unitsMax, dearest: clause.discount.units == "dearest")
            taking.units = zip(taking.units, own.units).map { $0 + $1 }
            let shares = Reference.shares(
                of: clause.discount, tier: nil, over: own, currency: cart.currency, bound: nil)
            sum = zip(sum, shares).map { $0 + $1 }
        }
        let most = min(
            candidate.coupon.clausesCap[cart.currency] ?? .max, candidate.asked.amount ?? .max)
        if sum.reduce(0, +) <= most { return sum }
        return Reference.proportional(most, over: taking.leftWorth)
    }
}
