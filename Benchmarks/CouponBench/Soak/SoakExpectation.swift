/// The uses of a limit, and how many of it others hold, at least and at most.
struct SoakUsesSeen {
    var used: Int
    var held: ClosedRange<Int>

    /// Used and held together.
    var sum: ClosedRange<Int> { (used + held.lowerBound)...(used + held.upperBound) }
}

// Each of these returns what is wrong with a reply, nil if it is as expected.

extension SoakReply {
    func fault(asError code: String) -> String? {
        error?.code == code ? nil : "it must be the error \(code)"
    }

    /// A purchase that is judged now, under the definitions of an edition.
    func fault(
        asVerdictOn purchase: SoakPurchase, _ edition: Int, _ uses: SoakUsesSeen
    ) -> String? {
        guard let valid, let entry = codes?.first, codes?.count == 1, error == nil,
            entry.code == purchase.code.text
        else { return "it must be a verdict on \(purchase.code.text)" }
        if replayed == true { return "it must not be a replay" }
        if subtotal != purchase.subtotal { return "the subtotal is \(purchase.subtotal)" }
        let expected = valid ? purchase.discount(inEdition: edition) : 0
        if discount != expected { return "the discount must be \(expected)" }
        if total != purchase.subtotal - expected { return "the total is not the difference" }
        guard let counter = purchase.counter else {
            return valid ? nil : "\(purchase.code.text) has no limit and must be valid"
        }
        let limit = counter.limit(inEdition: edition)
        return valid
            ? fault(of: entry, asValidUnder: limit, uses)
            : fault(of: entry, asRefusedBy: counter, limit, uses)
    }

    private func fault(of entry: Code, asValidUnder limit: Int, _ uses: SoakUsesSeen) -> String? {
        if uses.sum.lowerBound >= limit {
            return
                "at least \(uses.sum.lowerBound) of \(limit) are used or held: it must be refused"
        }
        let left = (limit - uses.sum.upperBound - 1)...(limit - uses.sum.lowerBound - 1)
        guard let remaining = entry.remaining, left.contains(remaining) else {
            return "remaining must be \(left.text)"
        }
        return nil
    }

    private func fault(
        of entry: Code, asRefusedBy counter: SoakCounter, _ limit: Int, _ uses: SoakUsesSeen
    ) -> String? {
        if uses.sum.upperBound < limit {
            return "at most \(uses.sum.upperBound) of \(limit) are used or held: it must be valid"
        }
        if reason != counter.reason || entry.reason != reason {
            return "the reason must be \(counter.reason)"
        }
        if entry.limit != limit { return "the limit is \(limit)" }
        guard let actual = entry.actual, uses.sum.contains(actual) else {
            return "actual must be \(uses.sum.text)"
        }
        // A customer's refusal does not show what is only held.
        if case .customer = counter { return nil }
        return uses.held.contains(entry.held ?? 0) ? nil : "held must be \(uses.held.text)"
    }

    /// An apply that is repeated.
    func fault(asReplayOf purchase: SoakPurchase, _ discount: Int, _ redemption: String) -> String?
    {
        guard replayed == true, valid == true, applied == true, error == nil else {
            return "it must be a replay"
        }
        if self.discount != discount || total != purchase.subtotal - discount {
            return "the discount was \(discount)"
        }
        return codes?.first?.redemption == redemption ? nil : "the redemption was \(redemption)"
    }

    func fault(asReleaseOf was: String, isReplay: Bool) -> String? {
        guard released == true, error == nil else { return "it must be released" }
        if (replayed == true) != isReplay {
            return isReplay ? "it must be a replay" : "it must not be a replay"
        }
        return codes?.map(\.was) == [was] ? nil : "the code was \(was)"
    }

    func fault(asUsageOf purchase: SoakPurchase, _ edition: Int, _ uses: SoakUsesSeen) -> String? {
        if error != nil { return "it must be the usage" }
        guard let counter = purchase.counter else {
            return result == nil ? nil : "\(purchase.code.text) has no limit"
        }
        let limit = counter.limit(inEdition: edition)
        guard let found = result?.limits.first, result?.limits.count == 1,
            found.kind == counter.kind, found.limit == limit
        else { return "the only limit is \(limit) for \(counter.kind)" }
        if found.used != uses.used { return "used must be \(uses.used)" }
        if !uses.held.contains(found.held) { return "held must be \(uses.held.text)" }
        return found.remaining == max(0, limit - found.used - found.held)
            ? nil : "remaining is not the difference"
    }
}

extension ClosedRange<Int> {
    fileprivate var text: String {
        lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)"
    }
}

/// How many replies of each kind there were.
struct SoakCounts {
    private(set) var replies = 0
    private(set) var accepted = 0
    private(set) var refused = 0
    private(set) var applied = 0
    private(set) var reserved = 0
    private(set) var released = 0
    private(set) var replayed = 0
    private(set) var errors = 0

    mutating func add(_ reply: SoakReply) {
        replies += 1
        if reply.error != nil { errors += 1 }
        if reply.valid == false { refused += 1 }
        if reply.replayed == true {
            replayed += 1
            return
        }
        if reply.valid == true { accepted += 1 }
        if reply.applied == true { applied += 1 }
        if reply.reserved == true { reserved += 1 }
        if reply.released == true { released += 1 }
    }
}
