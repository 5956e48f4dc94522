// Validate, reserve and apply: which coupon owns a code, which codes can be combined, and what is left
// for each.

extension Reference {
    /// A code of a request or an automatic coupon, before its verdict.
    struct Entry {
        var asked = CodeAsk()
        var isAuto = false
        var candidate: Candidate?
        var card: Int?
        /// Every rule that fails; after all rules, the late reasons.
        var failures: [Refusal] = []
        /// The only failure is one that depends on what others leave.
        var isLate = false
        var gain = Values.nothing(0)
        /// What a gift card pays.
        var paid: Int64 = 0

        /// What other entries call it.
        var name: JSON {
            if let candidate { return .text(candidate.code?.text ?? candidate.coupon.id) }
            return .text(asked.text)
        }
    }
}

extension Reference.Judge {
    /// The hold of the asking order, or of the session that it takes over, for a code.
    private func ownHold(_ isMeant: (Reference.Use) -> Bool) -> Reference.Use? {
        for id in [ask.order, ask.holdOf].compactMap({ $0 }) {
            guard let order = books.orders[id], order.isLive(at: now) else { continue }
            if let use = order.uses.first(where: { !$0.isReleased && isMeant($0) }) { return use }
        }
        return nil
    }

    private func candidate(_ place: Int, _ code: Reference.Code?, _ asked: Reference.CodeAsk)
        -> Reference.Candidate
    {
        let coupon = books.catalog.coupons[place]
        let text = code.map { Reference.plain($0.text) }
        var instant = now
        if let at = ask.at {
            instant = at.instant(in: coupon.zone)
        } else if ask.op != "reserve", let hold = ownHold({ $0.coupon == place && $0.code == text })
        {
            instant = hold.judgedAt
        }
        return Reference.Candidate(
            place: place, coupon: coupon, code: code, asked: asked, judgedAt: instant)
    }

    /// A code may open access before its tickets are in the cart. But a cart with lines says which
    /// offer or owner is meant, so one that covers none of them comes last.
    private func coversNothing(_ entry: Reference.Entry) -> Bool {
        guard let candidate = entry.candidate, candidate.opensAccess else { return false }
        guard let cart else { return !isCoverPossible(candidate) }
        return !cover(of: candidate, in: cart).contains(true)
    }

    /// The first offer that passes the whole ladder, on the cart as it is; otherwise the one that
    /// comes furthest. A coupon without offers passes or not.
    func alone(_ candidate: Reference.Candidate) -> Reference.Entry {
        var best: Reference.Entry?
        let offers: [Reference.Offer?] =
            candidate.coupon.offers.isEmpty ? [nil] : candidate.coupon.offers.map { $0 }
        var standing: Reference.Entry?
        for offer in offers {
            var fitted = candidate
            fitted.offer = offer
            var entry = Reference.Entry(asked: candidate.asked, candidate: fitted)
            entry.failures = failures(of: fitted)
            if entry.failures.isEmpty, let cart { price(&entry, from: .init(of: cart)) }
            if entry.failures.isEmpty {
                guard coversNothing(entry) else { return entry }
                standing = standing ?? entry
                continue
            }
            if Reference.place(of: entry.failures[0]) > Reference.place(of: best?.failures[0]) {
                best = entry
            }
        }
        return standing ?? best ?? Reference.Entry(asked: candidate.asked)
    }

    /// What a code stands for, judged by itself.
    func entry(for asked: Reference.CodeAsk) -> Reference.Entry {
        let text = Reference.plain(asked.text)
        var owners: [(place: Int, code: Reference.Code)] = []
        for (place, coupon) in books.catalog.coupons.enumerated()
        where asked.coupon == nil || asked.coupon == coupon.id {
            for code in coupon.codes where Reference.plain(code.text) == text {
                owners.append((place, code))
            }
        }
        let cards = books.catalog.cards
        if asked.coupon == nil,
            let card = cards.firstIndex(where: { Reference.plain($0.code) == text })
        {
            return Reference.Entry(asked: asked, card: card)
        }
        if let hold = ownHold({ $0.code == text && $0.coupon != nil }),
            owners.contains(where: { $0.place == hold.coupon })
        {
            owners.removeAll { $0.place != hold.coupon }
        }
        var best: Reference.Entry?
        for owner in owners {
            let entry = alone(candidate(owner.place, owner.code, asked))
            guard let standing = best else {
                best = entry
                continue
            }
            let isBetter =
                if entry.failures.isEmpty && standing.failures.isEmpty {
                    coversNothing(entry) != coversNothing(standing)
                        ? coversNothing(standing) : entry.gain.total > standing.gain.total
                } else if entry.failures.isEmpty || standing.failures.isEmpty {
                    entry.failures.isEmpty
                } else {
                    Reference.place(of: entry.failures[0])
                        > Reference.place(of: standing.failures[0])
                }
            if isBetter { best = entry }
        }
        return best
            ?? Reference.Entry(asked: asked, failures: [["reason": "code_unknown"]])
    }

    /// Auto coupons by id.
    func autoClaims() -> [Reference.Entry] {
        guard ask.auto else { return [] }
        let coupons = books.catalog.coupons
        return coupons.indices.filter { coupons[$0].type == "auto" }
            .sorted { coupons[$0].id < coupons[$1].id }
            .map { place in
                var entry = alone(candidate(place, nil, Reference.CodeAsk()))
                entry.isAuto = true
                return entry
            }
    }

    // MARK: Together

    /// All entries with their verdicts: the codes of the request, then auto coupons.
    func verdicts() -> [Reference.Entry] {
        var entries = ask.codes.map { entry(for: $0) } + autoClaims()
        let order = entries.indices.filter { entries[$0].candidate != nil }
            .sorted { Reference.isJudged(entries[$0], before: entries[$1]) }
        // Late reasons of a code alone are examined again, on what is left then.
        for place in order where entries[place].isLate {
            entries[place].failures = []
            entries[place].isLate = false
        }
        settleConflicts(&entries, in: order)
        var running = order.filter { entries[$0].failures.isEmpty && !entries[$0].isAuto }
        var priced = priceAll(entries, running)
        // An automatic coupon that would make a requested one worthless is left out.
        for place in order where entries[place].isAuto && entries[place].failures.isEmpty {
            let trial = order.filter { running.contains($0) || $0 == place }
            let outcome = priceAll(entries, trial)
            let loser = running.first {
                !entries[$0].isAuto && priced[$0].failures.isEmpty
                    && !outcome[$0].failures.isEmpty
            }
            if let loser {
                entries[place].failures = [
                    ["reason": "not_combinable", "conflicts_with": entries[loser].name]
                ]
                priced[place].failures = entries[place].failures
            } else {
                running = trial
                priced = outcome
            }
        }
        payCards(&priced)
        return priced
    }

    private func settleConflicts(_ entries: inout [Reference.Entry], in order: [Int]) {
        var accepted: [Int] = []
        var taken: [String: Int64] = [:]
        let asking = order.filter { !entries[$0].isAuto } + order.filter { entries[$0].isAuto }
        for place in asking where entries[place].failures.isEmpty {
            refuse(&entries[place], besides: accepted.map { entries[$0] })
            // Offers of several coupons may share a counter: the codes before this one use it too,
            // so this one may have to take another offer or owner, or cannot stand.
            let offers = entries[place].candidate?.coupon.offers ?? []
            if entries[place].failures.isEmpty,
                offers.contains(where: { taken[$0.counter ?? ""] != nil })
            {
                entries[place] = judged(again: entries[place], after: taken)
                if entries[place].failures.isEmpty {
                    refuse(&entries[place], besides: accepted.map { entries[$0] })
                }
            }
            guard entries[place].failures.isEmpty else { continue }
            accepted.append(place)
            if let counter = entries[place].candidate?.offer?.counter {
                taken[counter, default: 0] += 1
            }
        }
    }

    /// Refuses an entry that cannot be combined with one that was accepted before.
    private func refuse(_ entry: inout Reference.Entry, besides accepted: [Reference.Entry]) {
        guard let mine = entry.candidate else { return }
        let rival = accepted.first { other in
            guard let theirs = other.candidate else { return false }
            let (one, two) = (mine.coupon.stacking, theirs.coupon.stacking)
            return mine.place == theirs.place || one.isExclusive || two.isExclusive
                || (one.group != nil && one.group == two.group)
        }
        guard let rival else { return }
        entry.failures = [["reason": "not_combinable", "conflicts_with": rival.name]]
    }

    private func judged(
        again entry: Reference.Entry, after taken: [String: Int64]
    ) -> Reference.Entry {
        var later = self
        later.taken = taken
        var next = entry
        if entry.isAuto, let candidate = entry.candidate {
            next = later.alone(self.candidate(candidate.place, nil, Reference.CodeAsk()))
            next.isAuto = true
        } else {
            next = later.entry(for: entry.asked)
        }
        if next.isLate {
            next.failures = []
            next.isLate = false
        }
        return next
    }

    /// Each is computed on what those before it left.
    private func priceAll(_ entries: [Reference.Entry], _ running: [Int]) -> [Reference.Entry] {
        var entries = entries
        guard let cart else { return entries }
        var left = Reference.Values(of: cart)
        for place in running {
            price(&entries[place], from: left)
            if entries[place].failures.isEmpty { left = left.less(entries[place].gain) }
        }
        return entries
    }

    /// The money of an entry that passed the rules, or the late reason that it has none.
    private func price(_ entry: inout Reference.Entry, from left: Reference.Values) {
        guard let cart, let candidate = entry.candidate else { return }
        entry.gain = gain(of: candidate, from: left)
        if let budget = candidate.coupon.limits.budget[cart.currency] {
            let count = books.given(by: candidate.place, cart.currency, for: ask, at: now)
            let rest = budget - count.sum
            if entry.gain.total > rest {
                guard candidate.coupon.limits.cutsToBudget else {
                    entry.failures = [
                        [
                            "reason": "budget_exhausted", "limit": .integer(budget),
                            "actual": .integer(count.sum),
                        ]
                    ]
                    entry.isLate = true
                    return
                }
                entry.gain = Reference.Values(
                    lines: Reference.proportional(
                        min(rest, entry.gain.sum), over: entry.gain.lines),
                    shipping: min(rest, entry.gain.shipping))
            }
        }
        let isShippingUnknown =
            candidate.discount?.kind == "shipping" && cart.shipping == nil && ask.op == "validate"
        let opensFirst =
            candidate.opensAccess && !cover(of: candidate, in: cart).contains(true)
            && ask.op != "apply"
        let isExempt =
            !candidate.givesMoney || candidate.coupon.type == "comp" || isShippingUnknown
            || opensFirst
        if entry.gain.total == 0 && !isExempt {
            entry.failures = [["reason": "no_effect"]]
            entry.isLate = true
        }
    }

    // MARK: Gift cards

    private func payCards(_ entries: inout [Reference.Entry]) {
        let cards = books.catalog.cards
        let order = entries.indices.filter { entries[$0].card != nil }.sorted { one, other in
            guard let a = entries[one].card, let b = entries[other].card else { return false }
            let (ends, others) = (cards[a].endsAt, cards[b].endsAt)
            if ends != others { return ends < others }
            return (cards[a].code, one) < (cards[b].code, other)
        }
        var due: Int64?
        if let cart {
            due = entries.reduce(Reference.Values(of: cart).total) { rest, entry in
                entry.failures.isEmpty && entry.candidate != nil ? rest - entry.gain.total : rest
            }
        }
        var seen: [Int] = []
        for place in order {
            guard let card = entries[place].card else { continue }
            entries[place].failures = cardFailures(card)
            guard entries[place].failures.isEmpty else { continue }
            if seen.contains(card) {
                entries[place].failures = [
                    ["reason": "not_combinable", "conflicts_with": .text(cards[card].code)]
                ]
                continue
            }
            seen.append(card)
            let spent = books.spent(from: card, for: ask, at: now)
            let balance = max(0, cards[card].amount - spent.sum)
            if due == 0 {
                entries[place].failures = [["reason": "no_effect"]]
            } else if balance == 0 {
                var refusal: Reference.Refusal = ["reason": "gift_card_empty"]
                if spent.held > 0 { refusal["held"] = .integer(spent.held) }
                entries[place].failures = [refusal]
            } else if let rest = due {
                entries[place].paid = min(rest, balance, entries[place].asked.amount ?? .max)
                due = rest - entries[place].paid
            }
        }
    }

    /// When a card's expiry is judged.
    func cardInstant(_ card: Int) -> Int64 {
        if let at = ask.at { return at.instant(in: "UTC") }
        guard ask.op != "reserve", let hold = ownHold({ $0.card == card }) else { return now }
        return hold.judgedAt
    }

    private func cardFailures(_ place: Int) -> [Reference.Refusal] {
        let card = books.catalog.cards[place]
        let now = cardInstant(place)
        var failures: [Reference.Refusal] = []
        if card.status != "active" { failures.append(["reason": "coupon_inactive"]) }
        if card.endsAt <= now {
            failures.append([
                "reason": "expired", "ended_at": .text(Reference.written(card.endsAt)),
            ])
        }
        if let cart, cart.currency != card.currency {
            failures.append(["reason": "currency_not_supported"])
        }
        if cart == nil && takesUses { failures.append(["reason": "cart_required"]) }
        return failures
    }
}

extension Reference.Card {
    /// When it expires; without an end far away.
    var endsAt: Int64 { expiresAt?.instant(in: "UTC", isEnd: true) ?? .max }
}

extension Reference {
    private static let kinds = [
        "fixed_price", "buy_x_get_y", "fixed_per_item", "fixed_per_line", "percentage",
        "fixed_amount", "shipping", "gift_item", "none",
    ]

    private static func rank(of candidate: Candidate) -> Int {
        guard let discount = candidate.discount ?? candidate.coupon.clauses.first?.discount else {
            return kinds.count - 1
        }
        var kind = discount.kind
        if let lowest = discount.tiers.first {
            kind = lowest.percent != nil ? "percentage" : "fixed_amount"
        }
        return kinds.firstIndex(of: kind) ?? kinds.count
    }

    /// Priority, kind, code text.
    static func isJudged(_ one: Entry, before other: Entry) -> Bool {
        guard let a = one.candidate, let b = other.candidate else { return false }
        let (first, second) = (a.coupon.stacking.priority, b.coupon.stacking.priority)
        if first != second { return first < second }
        if rank(of: a) != rank(of: b) { return rank(of: a) < rank(of: b) }
        // As they are stored, in the order of their bytes.
        let (text, otherText) = (a.code?.text ?? "", b.code?.text ?? "")
        return text != otherText ? text < otherText : a.coupon.id < b.coupon.id
    }
}
