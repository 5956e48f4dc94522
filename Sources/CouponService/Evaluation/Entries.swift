import CouponRules
import CouponWire
import FlatStorage

/// The entries of one request, and the runs that they point into.
///
/// Its memory is kept from request to request.
struct Entries: ~Copyable {
    // The first two are not private: each step reads and fills its part of them in place. An accessor
    // of this type copies the whole row, or allocates a coroutine's frame (Swift 6.3.1).
    var rows = FlatArray<Entry>(capacity: 16)
    /// By entry. Candidates are large, so they lie apart, and their places are used again.
    var candidates = FlatArray<Candidate>(capacity: 16)
    private var owners = FlatArray<CodeOwner>(capacity: 16)
    private var failures = FlatArray<Refusal>(capacity: 16)
    private var shares = FlatArray<Money>(capacity: 64)
    private let inPlace = InPlace()

    mutating func removeAll() {
        rows.removeAll()
        owners.removeAll()
        failures.removeAll()
        shares.removeAll()
    }

    mutating func append(_ entry: Entry) {
        rows.append(entry)
        // A candidate left over from an earlier request is overwritten before it is read.
        if candidates.count < rows.count {
            candidates.append(Candidate(coupon: Coupon(), terms: CodeTerms()))
        }
    }

    var count: Int { rows.count }
    var indices: Range<Int> { rows.indices }

    // MARK: Owners

    var ownerCount: Int { owners.count }

    mutating func appendOwner(_ owner: CodeOwner) { owners.append(owner) }

    func owner(_ place: Int) -> CodeOwner { owners[place] }

    /// The first owner of a coupon's entry, as look-up found them.
    func firstOwner(of index: Int) -> CodeOwner { owners[Int(rows[index].owners.first)] }

    /// How many other standing entries use a shared counter.
    func usesBeside(_ index: Int, of counter: Symbol) -> Int64 {
        var count: Int64 = 0
        for other in rows.indices
        where other != index && rows[other].isStanding && rows[other].isGood
            && candidates[other].offer?.counter == counter
        {
            count += 1
        }
        return count
    }

    // MARK: Refusals

    func failure(_ place: Int) -> Refusal { failures[place] }

    /// Notes the refusals that the judge found: the first, and all where the entry explains.
    mutating func keepRefusals(of index: Int, from judge: borrowing Judge) {
        rows[index].refusal = judge.refusals.first
        let first = failures.count
        if rows[index].evaluation.explains {
            for place in judge.refusals.indices { failures.append(judge.refusals[place]) }
        }
        rows[index].failures = Run(first: first, count: failures.count - first)
    }

    /// Refuses an entry that was good so far.
    mutating func refuse(_ index: Int, _ refusal: Refusal) {
        rows[index].refusal = refusal
        rows[index].discount = .zero
        rows[index].shippingDiscount = .zero
        rows[index].shares = .empty
        guard rows[index].evaluation.explains else { return }
        rows[index].failures = Run(first: failures.count, count: 1)
        failures.append(refusal)
    }

    mutating func refuseAsNotCombinable(_ index: Int, with other: Int) {
        var refusal = Refusal(.notCombinable)
        refusal.conflictsWith = other
        refuse(index, refusal)
    }

    mutating func clearRefusal(of index: Int) {
        rows[index].refusal = nil
        rows[index].failures = .empty
    }

    /// Why the first refused code of the request is refused; nil when none is.
    var firstRefusal: Refusal? {
        for index in rows.indices where !rows[index].isAutomatic {
            if let refusal = rows[index].refusal { return refusal }
        }
        return nil
    }

    /// Whether the request is good: in mode `all` when each requested code is, in mode `partial` when
    /// any is. Automatic coupons make no request bad.
    func isGood(_ mode: Request.Mode) -> Bool {
        switch mode {
        case .all: return firstRefusal == nil
        case .partial:
            for index in rows.indices where rows[index].isGood { return true }
            return firstRefusal == nil
        }
    }

    // MARK: Money

    /// Notes what the judge takes off for an entry.
    mutating func keepMoney(of index: Int, from judge: borrowing Judge) {
        rows[index].discount = judge.discount
        rows[index].shippingDiscount = judge.shippingDiscount
        rows[index].shares = Run(first: shares.count, count: judge.lineDiscounts.count)
        for line in judge.lineDiscounts.indices { shares.append(judge.lineDiscounts[line]) }
    }

    /// What an entry takes off a line.
    func share(of index: Int, line: Int) -> Money {
        let run = rows[index].shares
        return run.isEmpty ? .zero : shares[Int(run.first) + line]
    }

    /// How far the runs of refusals and shares reach.
    var mark: Mark { Mark(failureCount: failures.count, shareCount: shares.count) }

    /// Forgets the refusals and shares that were kept after `mark`.
    mutating func truncate(to mark: Mark) {
        failures.truncate(to: mark.failureCount)
        shares.truncate(to: mark.shareCount)
    }

    struct Mark: BitwiseCopyable {
        fileprivate let failureCount: Int
        fileprivate let shareCount: Int
    }

    // MARK: The reply

    /// Whether a reply lists the entry: automatic coupons that are not used are left out, unless the
    /// request asks for an explanation.
    func isListed(_ index: Int) -> Bool {
        !rows[index].isAutomatic || rows[index].isGood || rows[index].evaluation.explains
    }

    /// Whether each entry shows its own part of each line. An explanation makes no difference.
    var areSeveral: Bool {
        var count = 0
        for index in rows.indices where !rows[index].isAutomatic || rows[index].isGood {
            count += 1
        }
        return count > 1
    }
}
