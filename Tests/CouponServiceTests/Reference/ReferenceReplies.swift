// Requests answered: the reply as the contract has it, without `message`, which is for people, and
// with a mark in place of a redemption's number.

extension Reference {
    /// The shop that the daemon should be.
    struct Model {
        private var books: Books

        init(_ catalog: Catalog) { books = Books(catalog) }

        mutating func reply(to ask: Ask, at now: Int64) -> JSON {
            switch ask.op {
            case "release": books.release(ask, at: now)
            case "usage": Judge(ask: ask, books: books, now: now).usage()
            case "validate":
                Judge(ask: ask, books: books, now: now).verdict().reply
            default: take(ask, at: now)
            }
        }

        /// Reserve and apply.
        private mutating func take(_ ask: Ask, at now: Int64) -> JSON {
            // Of an order that only holds, codes may be released one by one: a later reserve or apply
            // replaces what is left of it. Only what was applied can be in conflict.
            if let id = ask.order, let known = books.orders[id], known.isApplied, !known.isReleased
            {
                let isSame =
                    ask.op == "apply" && !known.isPartlyReleased
                    && known.sameness == ask.sameness(in: books.catalog)
                return isSame ? replay(of: known) : conflict(with: known)
            }
            let judge = Judge(ask: ask, books: books, now: now)
            var (reply, entries, isValid) = judge.verdict()
            guard case .object(var all) = reply else { return reply }
            let isApply = ask.op == "apply"
            all[isApply ? "applied" : "reserved"] = .boolean(isValid)
            if isApply { all["order"] = Reference.json(ask.order) }
            var order = Order(isApplied: isApply)
            if isValid {
                order.sameness = ask.sameness(in: books.catalog)
                order.expiresAt = isApply ? 0 : now + (ask.ttl ?? 900) * 1_000
                if !isApply { all["expires_at"] = .text(Reference.written(order.expiresAt)) }
                entries.removeAll { !$0.failures.isEmpty }
                order.uses = entries.map { judge.use(of: $0) }
            }
            reply = .object(all)
            if isValid {
                order.reply = reply
                books.record(order, for: ask, at: now)
            }
            return reply
        }

        /// The stored facts of an apply.
        private func replay(of order: Order) -> JSON {
            guard case .object(var all) = order.reply, case .list(let entries) = all["codes"] else {
                return .absent
            }
            all["replayed"] = true
            // Auto coupons that were left out are explained, and not on record.
            let stored = entries.filter { $0["code"] != .null || $0["valid"] == true }
            all["codes"] = .list(
                stored.map { entry in
                    guard case .object(var kept) = entry else { return entry }
                    kept["remaining"] = nil
                    kept["failures"] = nil
                    // Of a refusal the reason is on record, not the numbers of that day.
                    if kept["valid"] == false {
                        let facts: Set = ["code", "coupon", "gift_card", "valid", "reason"]
                        kept = kept.filter { facts.contains($0.key) }
                    }
                    return .object(kept)
                })
            return .object(all)
        }

        private func conflict(with order: Order) -> JSON {
            guard case .object(let all) = order.reply else { return .absent }
            var details: [String: JSON] = [
                "codes": .list(order.uses.map { $0.released["code"] })
            ]
            details["discount"] = all["discount"]
            details["total"] = all["total"]
            return Books.error("idempotency_conflict", .object(details))
        }
    }
}

extension Reference.Judge {
    /// The reply as to a validate, every entry, and whether the request is good.
    func verdict() -> (reply: JSON, entries: [Reference.Entry], isValid: Bool) {
        let all = verdicts()
        let requested = all.filter { !$0.isAuto }
        let isSomeValid = all.contains { $0.failures.isEmpty }
        let isValid =
            ask.isPartial
            ? requested.isEmpty || isSomeValid : requested.allSatisfy { $0.failures.isEmpty }
        let listed = all.filter { !$0.isAuto || $0.failures.isEmpty || ask.explain }
        // What `explain` adds changes nothing else.
        let several = all.count { !$0.isAuto || $0.failures.isEmpty } > 1
        var reply: [String: JSON] = ["valid": .boolean(isValid)]
        if !isValid {
            reply["reason"] = requested.first { !$0.failures.isEmpty }?.failures.first?["reason"]
        }
        reply["codes"] = .list(
            listed.map { entry(of: $0, among: all, isGood: isValid, isOneOfMany: several) })
        if let cart {
            var left = Reference.Values(of: cart)
            for entry in all where isValid && entry.failures.isEmpty && entry.candidate != nil {
                left = left.less(entry.gain)
            }
            let full = Reference.Values(of: cart)
            let taken = full.less(left)
            reply["currency"] = .text(cart.currency)
            reply["subtotal"] = .integer(full.sum)
            reply["discount"] = .integer(taken.sum)
            reply["shipping_discount"] = .integer(taken.shipping)
            reply["total"] = .integer(left.total)
            reply["line_discounts"] = .list(taken.lines.map { .integer($0) })
            if all.contains(where: { $0.card != nil }) {
                let paid = isValid ? all.reduce(0) { $0 + $1.paid } : 0
                reply["gift_card_amount"] = .integer(paid)
                reply["amount_due"] = .integer(left.total - paid)
            }
        }
        return (.object(reply), all, isValid)
    }

    private func entry(
        of entry: Reference.Entry, among all: [Reference.Entry], isGood: Bool, isOneOfMany: Bool
    ) -> JSON {
        var fields = entry.failures.first ?? [:]
        fields["valid"] = .boolean(entry.failures.isEmpty)
        fields["code"] = entry.isAuto ? .null : .text(entry.asked.text)
        if ask.explain {
            fields["failures"] = .list(entry.failures.map { .object($0) })
        }
        let isTaken = isGood && entry.failures.isEmpty
        if isTaken && ask.op == "apply" { fields["redemption"] = "some" }
        if let card = entry.card {
            let terms = books.catalog.cards[card]
            fields["code"] = .text(terms.code)
            fields["gift_card"] = .text(terms.id)
            if isTaken && cart != nil { fields["amount"] = .integer(entry.paid) }
            if isTaken {
                let spent = books.spent(from: card, for: ask, at: now)
                fields["balance"] = .integer(max(0, terms.amount - spent.sum) - entry.paid)
            }
            return .object(fields)
        }
        guard let candidate = entry.candidate else { return .object(fields) }
        if let code = candidate.code { fields["code"] = .text(code.text) }
        fields["coupon"] = .text(candidate.coupon.id)
        guard entry.failures.isEmpty else { return .object(fields) }
        // Codes of one request may share the counter of their offers.
        let sharing = all.count { other in
            other.failures.isEmpty && other.candidate?.offer?.counter != nil
                && other.candidate?.offer?.counter == candidate.offer?.counter
        }
        let left = books.bounds(of: candidate, for: ask, at: now)
            .map { $0.limit - $0.count.sum - ($0.kind == "offer" ? Int64(max(1, sharing)) : 1) }
            .min()
        fields["remaining"] = Reference.json(left)
        if isTaken && cart != nil {
            fields["discount"] = .integer(entry.gain.sum)
            if entry.gain.shipping > 0 {
                fields["shipping_discount"] = .integer(entry.gain.shipping)
            }
            if isOneOfMany {
                fields["line_discounts"] = .list(entry.gain.lines.map { .integer($0) })
            }
        }
        fields.merge(facts(of: candidate)) { _, fact in fact }
        return .object(fields)
    }

    /// The facts of a coupon in a verdict, for any cart.
    private func facts(of candidate: Reference.Candidate) -> [String: JSON] {
        let coupon = candidate.coupon
        var facts: [String: JSON] = [:]
        if coupon.type != "discount" { facts["type"] = .text(coupon.type) }
        if let discount = coupon.discount, discount.kind == "gift_item" {
            facts["gift_items"] = [
                ["product": .text(discount.product), "quantity": .integer(discount.quantity)]
            ]
        }
        if let offer = candidate.offer {
            facts["offer"] = .text(offer.id)
            facts["ticket_limit"] = Reference.json(offer.ticketLimit)
        }
        if candidate.opensAccess {
            if let own = candidate.offer?.appliesTo, !own.isEmpty {
                facts["unlocks"] = Reference.json(own)
            } else if coupon.appliesTo.count == 1 {
                facts["unlocks"] = Reference.json(coupon.appliesTo[0])
            } else if !coupon.appliesTo.isEmpty {
                facts["unlocks"] = .list(coupon.appliesTo.map { Reference.json($0) })
            }
        }
        return facts
    }

    /// What an entry that stands uses up.
    func use(of entry: Reference.Entry) -> Reference.Use {
        var use = Reference.Use()
        use.customer = ask.customer?.id
        use.address = ask.customer?.address
        use.currency = cart?.currency ?? ""
        if let card = entry.card {
            let terms = books.catalog.cards[card]
            use.card = card
            use.code = Reference.plain(terms.code)
            use.money = entry.paid
            use.judgedAt = cardInstant(card)
            use.released = ["code": .text(terms.code), "gift_card": .text(terms.id)]
        } else if let candidate = entry.candidate {
            let coupon = candidate.coupon
            use.coupon = candidate.place
            use.code = candidate.code.map { Reference.plain($0.text) }
            use.offer = candidate.offer?.id
            use.counter = candidate.offer?.counter
            use.judgedAt = candidate.judgedAt
            use.wall = Reference.Wall(at: candidate.judgedAt, in: coupon.zone)
            use.bookingDay = candidate.booking(of: ask, in: coupon.zone).day
            use.money = entry.gain.total
            use.keepsUse = !coupon.isReusable
            use.released = [
                "code": candidate.code.map { .text($0.text) } ?? .null, "coupon": .text(coupon.id),
            ]
        }
        return use
    }

    // MARK: Usage

    func usage() -> JSON {
        guard let asked = ask.codes.first else { return .absent }
        let found = entry(for: asked)
        // A gift card has money, and no limits.
        if found.card != nil { return ["result": .null] }
        guard var candidate = found.candidate else { return Reference.Books.error("not_found") }
        // If an offer of the coupon is for this context, it is reported, even if it is sold out.
        if !isCoverPossible(candidate) {
            let others = candidate.coupon.offers.map { offer in
                var other = candidate
                other.offer = offer
                return other
            }
            candidate = others.first { isCoverPossible($0) } ?? candidate
        }
        func row(_ kind: String, _ limit: Int64, _ count: Reference.Count) -> [String: JSON] {
            [
                "kind": .text(kind), "limit": .integer(limit), "used": .integer(count.used),
                "held": .integer(count.held), "remaining": .integer(max(0, limit - count.sum)),
            ]
        }
        var bounds = books.bounds(of: candidate, for: ask, at: now)
        // A customer has one row, of the limit that is nearer.
        let own = bounds.indices.filter { bounds[$0].kind == "customer" }
        if own.count == 2 {
            let left = own.map { bounds[$0].limit - bounds[$0].count.sum }
            bounds.remove(at: left[1] < left[0] ? own[0] : own[1])
        }
        var rows = bounds.map { row($0.kind, $0.limit, $0.count) }
        for (currency, budget) in candidate.coupon.limits.budget.sorted(by: { $0.key < $1.key }) {
            let count = books.given(by: candidate.place, currency, for: ask, at: now)
            var budgetRow = row("budget", budget, count)
            budgetRow["currency"] = .text(currency)
            rows.append(budgetRow)
        }
        let isUnlimited =
            rows.isEmpty && candidate.coupon.limits.perCustomer == nil
            && candidate.code?.multiUse != true
        if isUnlimited || !isCoverPossible(candidate) { return ["result": .null] }
        return ["result": ["limits": .list(rows.map { .object($0) })]]
    }
}
