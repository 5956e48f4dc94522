// Buy so many, get so many others. A set is what is bought, the triggers, and what is got with it.
// Units that only `buy` covers are triggers first, so that as many as possible are left to be got;
// then the dearest of those that both cover. Got are the cheapest that are left. So the shop is never
// asked for more than its author meant, and the result depends on nothing but the units.
//
// Here a line is covered when `get` covers it: only such lines can be discounted. Units are counted
// by lots, and the number of sets follows from three counts, so a million units cost what one does.

/// Units of a cart by what they may serve as.
private struct SetCounts {
    var onlyBought: Int64 = 0
    var shared: Int64 = 0
    var onlyGot: Int64 = 0

    var triggers: Int64 { onlyBought + shared }

    /// The largest number of sets t with t·buy triggers and more than (t − 1)·get further units to
    /// be got: the last set may be partial.
    func sets(_ terms: SetTerms) -> Int64 {
        let gettable = shared + onlyGot
        if gettable == 0 { return 0 }
        // Further units are the smaller of all that can be got, and of all units but the triggers
        // (the case in which shared ones serve as such); each case bounds t on its own.
        let all = onlyBought + gettable
        let most = min(
            triggers / terms.buyQuantity, (gettable - 1) / terms.getQuantity + 1,
            (all + terms.getQuantity - 1) / (terms.buyQuantity + terms.getQuantity))
        return terms.setsMost > 0 ? min(most, terms.setsMost) : most
    }
}

extension Judge {
    /// Finds the lines whose units can be bought and those whose units can be got, of those that the
    /// coupon covers; only the latter stay covered.
    mutating func coverBySets(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) {
        let terms = tables.sets[Int(rule.parts.first)]
        isTrigger.empty()
        for index in purchase.lines.indices {
            let line = purchase.lines[index]
            isTrigger.append(
                isCovered[index] && purchase.line(line, meetsAnyOf: terms.buys, by: tables))
            if isCovered[index] && !purchase.line(line, meetsAnyOf: terms.gets, by: tables) {
                isCovered[index] = false
                coveredRemaining[index] = .zero
            }
        }
    }

    /// Discounts the units that are got.
    mutating func discountSets(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables,
        atMost most: Money
    ) {
        let terms = tables.sets[Int(rule.parts.first)]
        let counts = setCounts(purchase)
        let sets = counts.sets(terms)
        let sharedTriggers = max(0, sets * terms.buyQuantity - counts.onlyBought)

        lots.removeAll()
        for index in purchase.lines.indices where isCovered[index] && isTrigger[index] {
            let line = purchase.lines[index]
            lots.append(
                UnitLot(line, at: index, left: remaining[index], count: line.quantity, .dearest))
        }
        takeUnits(sharedTriggers, of: purchase)

        lots.removeAll()
        for index in purchase.lines.indices where isCovered[index] {
            let line = purchase.lines[index]
            let count = line.quantity - unitsTaken[index]
            if count == 0 { continue }
            lots.append(UnitLot(line, at: index, left: remaining[index], count: count, .cheapest))
        }
        let got = sets * terms.getQuantity
        takeUnits(rule.unitsMost > 0 ? min(got, rule.unitsMost) : got, of: purchase)
        weighTakenUnits(of: purchase)
        takesSomeUnits = true
        discountByPercentage(rule, purchase, atMost: most)
    }

    private func setCounts(_ purchase: borrowing Purchase) -> SetCounts {
        var counts = SetCounts()
        for index in purchase.lines.indices {
            let quantity = purchase.lines[index].quantity
            switch (isTrigger[index], isCovered[index]) {
            case (true, true): counts.shared += quantity
            case (true, false): counts.onlyBought += quantity
            case (false, true): counts.onlyGot += quantity
            case (false, false): break
            }
        }
        return counts
    }

    // MARK: Rules

    /// That something is bought. Where `buy` covers all that the coupon does, it is the cover that
    /// finds nothing.
    func triggerRefusal(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Refusal? {
        let buys = tables.sets[Int(rule.parts.first)].buys
        if !purchase.hasCart || buys.isEmpty || isTrigger.contains(true) { return nil }
        var refusal = Refusal(.requiredItemsMissing)
        let map = tables.maps[Int(buys.first)]
        refusal.scope = .attribute(tables.clauses[Int(map.first)].attribute)
        return refusal
    }

    /// That enough is bought for one set, and that a unit is left to be got with it.
    func triggerCountRefusal(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Refusal? {
        let terms = tables.sets[Int(rule.parts.first)]
        let counts = setCounts(purchase)
        // Nothing bought and nothing to be got are other refusals.
        if counts.triggers == 0 { return nil }
        if counts.triggers < terms.buyQuantity {
            return belowRefusal(
                .belowMinimumQuantity, limit: terms.buyQuantity, actual: counts.triggers)
        }
        if !isCovered.contains(true) || counts.sets(terms) > 0 { return nil }
        // All that could be got is needed as a trigger: one more unit makes a set.
        return belowRefusal(
            .belowMinimumQuantity, limit: terms.buyQuantity + 1, actual: counts.triggers)
    }
}
