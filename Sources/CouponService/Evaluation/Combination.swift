// Several codes in one order. Each has been evaluated by itself; here they are combined: which of them
// cannot go together, what each takes off what the ones before it left, and what gift cards pay of the
// rest. An automatic coupon yields wherever it would make a requested code worthless.

import CouponCatalog
import CouponRules
import CouponStore
import FlatStorage

/// Combines the entries of one request after the other.
struct Combination: ~Copyable {
    /// Numbers of the entries that passed alone, in the order of judging.
    private var judgingOrder = FlatArray<Int>(capacity: 16)
    /// Numbers of the entries that are considered one after the other: automatic coupons, gift cards.
    private var queue = FlatArray<Int>(capacity: 16)

    /// Combines all entries, once each has been evaluated alone.
    mutating func combine(
        _ entries: inout Entries, by evaluator: inout Evaluator, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest,
        _ ledger: borrowing Ledger
    ) {
        judgingOrder.removeAll()
        for index in entries.indices
        where entries.rows[index].isGood && entries.rows[index].coupon != nil {
            insertInJudgingOrder(index, entries, catalog)
        }
        // Requested codes go before automatic coupons; of either the first to be judged stands.
        resolveConflicts(areAutomatic: false, &entries, &evaluator, catalog, request, ledger)
        resolveConflicts(areAutomatic: true, &entries, &evaluator, catalog, request, ledger)
        priceStanding(&entries, &evaluator, catalog, request)
        if Self.costsRequested(entries) {
            admitAutomaticCoupons(&entries, &evaluator, catalog, request)
        }
        for index in entries.indices { Self.countBeside(index, &entries) }
        payWithGiftCards(&entries, &evaluator, catalog, request)
    }

    // MARK: The order of judging

    private mutating func insertInJudgingOrder(
        _ index: Int, _ entries: borrowing Entries, _ catalog: borrowing Catalog
    ) {
        judgingOrder.append(index)
        var place = judgingOrder.count - 1
        while place > 0, Self.precedes(index, judgingOrder[place - 1], entries, catalog) {
            judgingOrder[place] = judgingOrder[place - 1]
            place -= 1
        }
        judgingOrder[place] = index
    }

    /// By priority, then kind, then the code's text, and of one text by the coupon's id; a coupon
    /// without a code by its id, before all codes.
    private static func precedes(
        _ index: Int, _ other: Int, _ entries: borrowing Entries, _ catalog: borrowing Catalog
    ) -> Bool {
        let priority = entries.candidates[index].coupon.stacking.priority
        let otherPriority = entries.candidates[other].coupon.stacking.priority
        if priority != otherPriority { return priority < otherPriority }
        let rank = entries.candidates[index].coupon.judgingRank(in: catalog.tables)
        let otherRank = entries.candidates[other].coupon.judgingRank(in: catalog.tables)
        if rank != otherRank { return rank < otherRank }
        guard let leftCode = entries.rows[index].code, let rightCode = entries.rows[other].code
        else {
            if (entries.rows[index].code == nil) != (entries.rows[other].code == nil) {
                return entries.rows[index].code == nil
            }
            return index < other
        }
        let (left, right) = (catalog.text(of: leftCode), catalog.text(of: rightCode))
        if !left.isEqual(to: right) { return left.precedes(right) }
        guard let coupon = entries.rows[index].coupon, let otherCoupon = entries.rows[other].coupon
        else {
            return index < other
        }
        return catalog.id(of: coupon).precedes(catalog.id(of: otherCoupon))
    }

    // MARK: Conflicts

    /// Lets the entries stand, automatic or requested ones, that conflict with none that stands.
    private mutating func resolveConflicts(
        areAutomatic: Bool, _ entries: inout Entries, _ evaluator: inout Evaluator,
        _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest, _ ledger: borrowing Ledger
    ) {
        for place in judgingOrder.indices {
            let index = judgingOrder[place]
            guard entries.rows[index].isAutomatic == areAutomatic else { continue }
            if isRefusedForConflict(index, &entries) { continue }
            if Self.sharesCounter(index, entries, catalog) {
                // Now it may have to take another offer, or another owner of its code.
                evaluator.evaluate(index, &entries, catalog, request, ledger)
                if !entries.rows[index].isGood || isRefusedForConflict(index, &entries) { continue }
            }
            entries.rows[index].isStanding = true
        }
    }

    private func isRefusedForConflict(_ index: Int, _ entries: inout Entries) -> Bool {
        let other =
            firstConflict(of: index, areAutomatic: false, entries)
            ?? firstConflict(of: index, areAutomatic: true, entries)
        guard let other else { return false }
        entries.refuseAsNotCombinable(index, with: other)
        return true
    }

    /// The first standing entry, requested or automatic, that this one cannot be combined with.
    private func firstConflict(
        of index: Int, areAutomatic: Bool, _ entries: borrowing Entries
    ) -> Int? {
        let stacking = entries.candidates[index].coupon.stacking
        for place in judgingOrder.indices {
            let other = judgingOrder[place]
            guard entries.rows[other].isStanding, entries.rows[other].isAutomatic == areAutomatic
            else {
                continue
            }
            let otherStacking = entries.candidates[other].coupon.stacking
            let isSameGroup =
                stacking.group != .unmentioned && stacking.group == otherStacking.group
            if stacking.isExclusive || otherStacking.isExclusive || isSameGroup
                || entries.rows[other].coupon == entries.rows[index].coupon
            {
                return other
            }
        }
        return nil
    }

    // MARK: Counters that several coupons share

    /// Whether an offer of the entry's coupon shares its counter with an offer that a standing entry
    /// uses, so that its uses must be read again.
    private static func sharesCounter(
        _ index: Int, _ entries: borrowing Entries, _ catalog: borrowing Catalog
    ) -> Bool {
        for row in entries.candidates[index].coupon.offers.range {
            let counter = catalog.tables.offers[row].counter
            if counter != .unmentioned && entries.usesBeside(index, of: counter) > 0 { return true }
        }
        return false
    }

    /// Counts what all other standing entries use of the shared counter of this one.
    private static func countBeside(_ index: Int, _ entries: inout Entries) {
        guard entries.rows[index].isGood, entries.rows[index].coupon != nil,
            let offer = entries.candidates[index].offer, offer.counter != .unmentioned
        else { return }
        let beside = entries.usesBeside(index, of: offer.counter)
        entries.candidates[index].uses[.offer].used += beside - entries.rows[index].usesBeside
        entries.rows[index].usesBeside = beside
    }

    // MARK: Money

    /// Prices the standing entries one after the other in judging order.
    private func priceStanding(
        _ entries: inout Entries, _ evaluator: inout Evaluator, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) {
        evaluator.beginPricing(request.purchase)
        for place in judgingOrder.indices {
            let index = judgingOrder[place]
            if entries.rows[index].isStanding {
                evaluator.price(index, &entries, catalog, request)
            }
        }
    }

    // MARK: Automatic coupons

    /// Whether a requested code is refused for its money where automatic coupons stand beside it.
    private static func costsRequested(_ entries: borrowing Entries) -> Bool {
        var hasAutomatic = false
        var hasRefused = false
        for index in entries.indices where entries.rows[index].isStanding {
            if entries.rows[index].isAutomatic {
                hasAutomatic = true
            } else if !entries.rows[index].isGood {
                hasRefused = true
            }
        }
        return hasAutomatic && hasRefused
    }

    /// Prices the requested codes alone, then admits one automatic coupon after the other, as long as
    /// no requested code is refused for it.
    private mutating func admitAutomaticCoupons(
        _ entries: inout Entries, _ evaluator: inout Evaluator, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) {
        queue.removeAll()
        for place in judgingOrder.indices {
            let index = judgingOrder[place]
            guard entries.rows[index].isStanding, entries.rows[index].isAutomatic else { continue }
            queue.append(index)
            entries.rows[index].isStanding = false
        }
        reprice(&entries, &evaluator, catalog, request)
        for index in entries.indices where entries.rows[index].isStanding {
            entries.rows[index].standsAlone = entries.rows[index].isGood
        }
        for place in queue.indices {
            let index = queue[place]
            entries.rows[index].isStanding = true
            reprice(&entries, &evaluator, catalog, request)
            guard let cost = firstRequestedAtStake(entries) else { continue }
            entries.rows[index].isStanding = false
            entries.refuseAsNotCombinable(index, with: cost)
            reprice(&entries, &evaluator, catalog, request)
        }
    }

    private func reprice(
        _ entries: inout Entries, _ evaluator: inout Evaluator, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) {
        for index in entries.indices where entries.rows[index].isStanding {
            entries.clearRefusal(of: index)
        }
        priceStanding(&entries, &evaluator, catalog, request)
    }

    /// The first requested code that is refused though it was good without automatic coupons.
    private func firstRequestedAtStake(_ entries: borrowing Entries) -> Int? {
        for place in judgingOrder.indices {
            let index = judgingOrder[place]
            if entries.rows[index].isStanding && !entries.rows[index].isAutomatic
                && entries.rows[index].standsAlone && !entries.rows[index].isGood
            {
                return index
            }
        }
        return nil
    }

    // MARK: Gift cards

    /// Lets the gift cards pay what is left: the one that expires first, then by code; a card once.
    private mutating func payWithGiftCards(
        _ entries: inout Entries, _ evaluator: inout Evaluator, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) {
        queue.removeAll()
        for index in entries.indices
        where entries.rows[index].isGood && entries.rows[index].giftCard != nil {
            queue.append(index)
            var place = queue.count - 1
            while place > 0, Self.paysBefore(index, queue[place - 1], entries, catalog) {
                queue[place] = queue[place - 1]
                place -= 1
            }
            queue[place] = index
        }
        if queue.count == 0 { return }
        var due = Totals(entries, of: request.purchase).total
        for place in queue.indices {
            let index = queue[place]
            let isAgain =
                place > 0 && entries.rows[queue[place - 1]].giftCard == entries.rows[index].giftCard
            if isAgain {
                entries.refuseAsNotCombinable(index, with: queue[place - 1])
                // The first of several stands beside all others.
                queue[place] = queue[place - 1]
                continue
            }
            evaluator.pay(index, &entries, due: request.purchase.hasCart ? due : nil)
            due -= entries.rows[index].payment
        }
    }

    private static func paysBefore(
        _ index: Int, _ other: Int, _ entries: borrowing Entries, _ catalog: borrowing Catalog
    ) -> Bool {
        guard let left = entries.rows[index].cardCandidate,
            let right = entries.rows[other].cardCandidate,
            let leftCode = entries.rows[index].code, let rightCode = entries.rows[other].code
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
