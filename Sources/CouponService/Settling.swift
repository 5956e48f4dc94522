// Several codes in one order. Each has been judged by itself; here they meet: which of them cannot
// go together, what each takes off what the ones before it left, and what gift cards pay of the
// rest. A coupon that came by itself stands back wherever it would cost a requested code its use.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Checkout {
    /// Settles all entries, once each has been judged alone.
    mutating func settle(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant
    ) {
        judgingOrder.removeAll()
        for index in entries.indices where entries[index].isGood && entries[index].coupon != nil {
            insertInJudgingOrder(index, catalog)
        }
        settleConflicts(catalog, parser, ledger, at: now)
        priceAll(catalog)
        if isCostingRequested { admitAutomaticCoupons(catalog) }
        for index in entries.indices { countBeside(index) }
        payWithGiftCards(catalog)
    }

    // MARK: The order of judging

    private mutating func insertInJudgingOrder(_ index: Int, _ catalog: borrowing Catalog) {
        judgingOrder.append(index)
        var place = judgingOrder.count - 1
        while place > 0, precedes(index, judgingOrder[place - 1], catalog) {
            judgingOrder[place] = judgingOrder[place - 1]
            place -= 1
        }
        judgingOrder[place] = index
    }

    /// By priority, then kind, then the code's text, and of one text by the coupon's id; a coupon
    /// without a code by its id, before all.
    private func precedes(_ index: Int, _ other: Int, _ catalog: borrowing Catalog) -> Bool {
        let priority = candidates[index].coupon.stacking.priority
        let otherPriority = candidates[other].coupon.stacking.priority
        if priority != otherPriority { return priority < otherPriority }
        let rank = candidates[index].coupon.judgingRank(in: catalog.tables)
        let otherRank = candidates[other].coupon.judgingRank(in: catalog.tables)
        if rank != otherRank { return rank < otherRank }
        guard let leftCode = entries[index].code, let rightCode = entries[other].code else {
            if (entries[index].code == nil) != (entries[other].code == nil) {
                return entries[index].code == nil
            }
            return index < other
        }
        let (left, right) = (catalog.text(of: leftCode), catalog.text(of: rightCode))
        if !left.isEqual(to: right) { return left.precedes(right) }
        guard let coupon = entries[index].coupon, let otherCoupon = entries[other].coupon else {
            return index < other
        }
        return catalog.id(of: coupon).precedes(catalog.id(of: otherCoupon))
    }

    // MARK: Conflicts

    /// Refuses what cannot go together: requested codes before coupons that came by themselves, of
    /// either the first to be judged stands.
    private mutating func settleConflicts(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant
    ) {
        standing.removeAll()
        settleConflicts(areAutomatic: false, catalog, parser, ledger, at: now)
        settleConflicts(areAutomatic: true, catalog, parser, ledger, at: now)
    }

    private mutating func settleConflicts(
        areAutomatic: Bool, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant
    ) {
        for place in judgingOrder.indices {
            let index = judgingOrder[place]
            guard entries[index].isAutomatic == areAutomatic else { continue }
            if isRefusedForConflict(index) { continue }
            if sharesCounter(index, catalog) {
                // It may have to take another offer, or another owner of its code, now.
                judgeAlone(index, catalog, parser, ledger, at: now)
                if !entries[index].isGood || isRefusedForConflict(index) { continue }
            }
            standing.append(index)
        }
    }

    private mutating func isRefusedForConflict(_ index: Int) -> Bool {
        guard let other = conflict(of: index) else { return false }
        refuseAsNotCombinable(index, with: other)
        return true
    }

    /// The first standing entry that this one cannot go together with.
    private func conflict(of index: Int) -> Int? {
        let stacking = candidates[index].coupon.stacking
        for place in standing.indices {
            let other = standing[place]
            let otherStacking = candidates[other].coupon.stacking
            let isSameGroup =
                stacking.group != .unmentioned && stacking.group == otherStacking.group
            if stacking.isExclusive || otherStacking.isExclusive || isSameGroup
                || entries[other].coupon == entries[index].coupon
            {
                return other
            }
        }
        return nil
    }

    private mutating func refuseAsNotCombinable(_ index: Int, with other: Int) {
        var refusal = Refusal(.notCombinable)
        refusal.conflictsWith = other
        refuse(index, refusal)
    }

    /// Refuses an entry that nothing spoke against so far.
    private mutating func refuse(_ index: Int, _ refusal: Refusal) {
        entries[index].refusal = refusal
        entries[index].discount = .zero
        entries[index].shippingDiscount = .zero
        entries[index].shares = .empty
        guard entries[index].evaluation.explains else { return }
        entries[index].failures = Run(first: failures.count, count: 1)
        failures.append(refusal)
    }

    // MARK: Counters that several coupons share

    /// Whether an offer of the entry's coupon shares its counter with what a standing entry uses: so
    /// that its uses must be looked at again.
    private func sharesCounter(_ index: Int, _ catalog: borrowing Catalog) -> Bool {
        for row in candidates[index].coupon.offers.range {
            let counter = catalog.tables.offers[row].counter
            if counter != .unmentioned && usesBeside(index, of: counter) > 0 { return true }
        }
        return false
    }

    /// How many standing entries but this one use a shared counter.
    func usesBeside(_ index: Int, of counter: Symbol) -> Int64 {
        var count: Int64 = 0
        for place in standing.indices {
            let other = standing[place]
            if other != index, entries[other].isGood,
                candidates[other].offer?.counter == counter
            {
                count += 1
            }
        }
        return count
    }

    /// Counts what all other standing entries use of the shared counter of this one.
    private mutating func countBeside(_ index: Int) {
        guard entries[index].isGood, let offer = candidates[index].offer,
            offer.counter != .unmentioned
        else { return }
        let beside = usesBeside(index, of: offer.counter)
        candidates[index].uses[.offer].used += beside - entries[index].usesBeside
        entries[index].usesBeside = beside
    }

    // MARK: Money

    /// Prices the standing entries one after the other in judging order.
    private mutating func priceAll(_ catalog: borrowing Catalog) {
        judge.begin(purchase)
        for place in judgingOrder.indices {
            let index = judgingOrder[place]
            guard isStanding(index) else { continue }
            judge.price(
                candidates[index], on: purchase, by: catalog.tables, entries[index].evaluation)
            if let refusal = judge.refusals.first {
                refuse(index, refusal)
            } else {
                keepMoney(of: index)
                judge.deduct()
            }
        }
    }

    private func isStanding(_ index: Int) -> Bool {
        for place in standing.indices where standing[place] == index { return true }
        return false
    }

    /// Notes what the judge made of an entry.
    mutating func keepMoney(of index: Int) {
        entries[index].discount = judge.discount
        entries[index].shippingDiscount = judge.shippingDiscount
        entries[index].shares = Run(first: shares.count, count: judge.lineDiscounts.count)
        for line in judge.lineDiscounts.indices { shares.append(judge.lineDiscounts[line]) }
    }

    // MARK: Automatic coupons

    /// Whether a requested code came to nothing where coupons that came by themselves had their part.
    private var isCostingRequested: Bool {
        var hasAutomatic = false
        var hasRefused = false
        for place in standing.indices {
            let entry = entries[standing[place]]
            if entry.isAutomatic { hasAutomatic = true } else if !entry.isGood { hasRefused = true }
        }
        return hasAutomatic && hasRefused
    }

    /// Prices the requested codes alone, then lets in one automatic coupon after the other, as long as
    /// no requested code is refused for it.
    private mutating func admitAutomaticCoupons(_ catalog: borrowing Catalog) {
        queue.removeAll()
        var requestedCount = 0
        for place in standing.indices {
            let index = standing[place]
            if entries[index].isAutomatic {
                queue.append(index)
            } else {
                standing[requestedCount] = index
                requestedCount += 1
            }
        }
        standing.truncate(to: requestedCount)
        reprice(catalog)
        for place in standing.indices {
            entries[standing[place]].standsAlone = entries[standing[place]].isGood
        }
        for place in queue.indices {
            standing.append(queue[place])
            reprice(catalog)
            guard let cost = firstRequestedAtStake else { continue }
            _ = standing.removeLast()
            refuseAsNotCombinable(queue[place], with: cost)
            reprice(catalog)
        }
    }

    private mutating func reprice(_ catalog: borrowing Catalog) {
        for place in standing.indices {
            entries[standing[place]].refusal = nil
            entries[standing[place]].failures = .empty
        }
        priceAll(catalog)
    }

    /// The first requested code that is refused though it was good without automatic coupons.
    private var firstRequestedAtStake: Int? {
        for place in standing.indices {
            let entry = entries[standing[place]]
            if !entry.isAutomatic && entry.standsAlone && !entry.isGood { return standing[place] }
        }
        return nil
    }

    // MARK: Gift cards

    /// Lets the gift cards pay what is left: the one that expires first, then by code; a card once.
    private mutating func payWithGiftCards(_ catalog: borrowing Catalog) {
        queue.removeAll()
        for index in entries.indices where entries[index].isGood && entries[index].giftCard != nil {
            queue.append(index)
            var place = queue.count - 1
            while place > 0, paysBefore(index, queue[place - 1], catalog) {
                queue[place] = queue[place - 1]
                place -= 1
            }
            queue[place] = index
        }
        var due = Totals(purchase, entries).total
        for place in queue.indices {
            let index = queue[place]
            let isAgain =
                place > 0 && entries[queue[place - 1]].giftCard == entries[index].giftCard
            if isAgain {
                refuseAsNotCombinable(index, with: queue[place - 1])
                // The first of several stands beside all others.
                queue[place] = queue[place - 1]
                continue
            }
            guard let candidate = entries[index].cardCandidate else { continue }
            let payment = judge.pay(candidate, due: purchase.hasCart ? due : nil)
            if let refusal = judge.refusals.first {
                refuse(index, refusal)
            } else {
                entries[index].payment = payment
                due -= payment
            }
        }
    }

    private func paysBefore(_ index: Int, _ other: Int, _ catalog: borrowing Catalog) -> Bool {
        guard let left = entries[index].cardCandidate, let right = entries[other].cardCandidate,
            let leftCode = entries[index].code, let rightCode = entries[other].code
        else { return false }
        if left.terms.expiresAt != right.terms.expiresAt {
            return left.terms.expiresAt < right.terms.expiresAt
        }
        return catalog.text(of: leftCode).precedes(catalog.text(of: rightCode))
    }
}

extension Span where Element == UInt8 {
    /// Whether it comes before `other`, byte by byte.
    fileprivate func precedes(_ other: Span<UInt8>) -> Bool {
        for index in 0..<Swift.min(count, other.count) where self[index] != other[index] {
            return self[index] < other[index]
        }
        return count < other.count
    }
}
