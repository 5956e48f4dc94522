// Buy so many, get so many others. A set is the units that are bought, the triggers, and the units
// that are got with them. Units that only `buy` covers are triggers first, so that as many as
// possible are left to be got; then the dearest of those that both cover. The cheapest of the rest
// are got. So the shop never gives more than the coupon says, and the result depends on the units
// only.
//
// Here a line is covered when `get` covers it: only such lines can be discounted. Units are counted
// by lots, and the number of sets follows from three counts, so a million units cost the same as
// one.

/// Units of a cart by what they may serve as.
struct SetCounts {
    private(set) var onlyBought: Int64 = 0
    private var shared: Int64 = 0
    private var onlyGot: Int64 = 0

    init(_ purchase: borrowing Purchase, _ cover: borrowing Cover) {
        for index in purchase.lines.indices {
            let quantity = purchase.lines[index].quantity
            switch (cover.isTrigger(index), cover[index]) {
            case (true, true): shared += quantity
            case (true, false): onlyBought += quantity
            case (false, true): onlyGot += quantity
            case (false, false): break
            }
        }
    }

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

extension UnitSelection {
    /// Takes the units that are got with those that are bought; `left` is the remaining value of
    /// each line.
    mutating func takeSetUnits(
        of rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables,
        _ cover: borrowing Cover, left: borrowing [Money]
    ) {
        let terms = tables.sets[Int(rule.parts.first)]
        let counts = SetCounts(purchase, cover)
        let sets = counts.sets(terms)
        let sharedTriggers = max(0, sets * terms.buyQuantity - counts.onlyBought)

        removeLots()
        for index in purchase.lines.indices where cover[index] && cover.isTrigger(index) {
            let line = purchase.lines[index]
            add(UnitLot(line, at: index, left: left[index], count: line.quantity, .dearest))
        }
        take(sharedTriggers, lineCount: purchase.lines.count)

        removeLots()
        for index in purchase.lines.indices where cover[index] {
            let line = purchase.lines[index]
            let count = line.quantity - taken(of: index)
            if count == 0 { continue }
            add(UnitLot(line, at: index, left: left[index], count: count, .cheapest))
        }
        let got = sets * terms.getQuantity
        take(rule.unitsMost > 0 ? min(got, rule.unitsMost) : got, lineCount: purchase.lines.count)
    }
}
