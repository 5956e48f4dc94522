// Which coupon a code stands for. A code may belong to several coupons; each is judged alone, and
// the best valid one stands: the largest discount, then the one defined first.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// A code and the coupon that it was judged for.
struct Owner: BitwiseCopyable {
    var code: CodeID
    var coupon: CouponID
    var claim: Claim
}

/// What the catalog has for the code of a request.
enum Finding: BitwiseCopyable {
    /// No such code, or not of the coupon that was asked for.
    case unknown
    /// Some owner has rules that this version cannot judge.
    case unserved(Unserved)
    /// Owners; what they look at.
    case owned(IntakeNeeds)
}

extension Service {
    /// Reads the code of `entry` into `codeText` and looks at its owners.
    mutating func find(_ entry: CodeEntry) -> Finding {
        codeKey.removeAll()
        do throws(CodeText.Fault) {
            try codeText.read(parser.bytes(of: entry.code))
        } catch {
            // Nothing that cannot be a code is one; a shopper's typing is no broken request.
            codeKey.append(parser.bytes(of: entry.code))
            return .unknown
        }
        codeKey.append(codeText.folded)
        guard let store = catalog.store(named: storeName) else { return .unknown }

        var needs: IntakeNeeds = []
        var isOwned = false
        var walk = catalog.findCodes(in: store, matching: codeText)
        while let code = catalog.nextCode(&walk, matching: codeText) {
            guard isWanted(code, by: entry) else { continue }
            let unserved = catalog.unserved(of: code)
            guard unserved.isEmpty, let coupon = catalog.coupon(of: code) else {
                return .unserved(unserved)
            }
            isOwned = true
            needs.formUnion(IntakeNeeds(claim(code, coupon, entry)))
        }
        return isOwned ? .owned(needs) : .unknown
    }

    /// Judges the owners that ``find(_:)`` saw; afterwards `judge` holds the verdict on the one
    /// that stands. When none is valid, the one whose reason is furthest down the ladder stands.
    mutating func judgeOwners(
        of entry: CodeEntry, _ purpose: Occasion.Purpose, at now: Instant
    ) -> Owner {
        guard let store = catalog.store(named: storeName) else {
            preconditionFailure("an owned code has a store")
        }
        var best: Owner?
        var bestRank = Rank.none
        var last: CodeID?
        var walk = catalog.findCodes(in: store, matching: codeText)
        while let code = catalog.nextCode(&walk, matching: codeText) {
            guard isWanted(code, by: entry), let coupon = catalog.coupon(of: code) else { continue }
            let owner = Owner(code: code, coupon: coupon, claim: claim(code, coupon, entry))
            judge(owner, purpose, at: now)
            last = code
            let rank = Rank(judge)
            if rank.isBetter(than: bestRank)
                || (rank == bestRank && coupon.index < best?.coupon.index ?? .max)
            {
                best = owner
                bestRank = rank
            }
        }
        guard let best else { preconditionFailure("an owned code has an owner") }
        if last != best.code { judge(best, purpose, at: now) }
        return best
    }

    private mutating func judge(_ owner: Owner, _ purpose: Occasion.Purpose, at now: Instant) {
        let asked = parser.request.at
        let occasion = Occasion(
            purpose: purpose, instant: asked.map { instant(of: $0, in: owner.claim.coupon.zone) } ?? now,
            explains: parser.request.explains)
        judge.begin(purchase)
        judge.judge(owner.claim, on: purchase, by: catalog.tables, occasion)
    }

    /// The instant that a client's moment means for a coupon of this zone; a date is its beginning.
    private func instant(of moment: Moment, in zone: ZoneID) -> Instant {
        switch moment {
        case .instant(let instant): instant
        case .local(let time): catalog.zones.instant(of: time, in: zone)
        case .date(let date): catalog.zones.instant(of: CivilTime(startOf: date), in: zone)
        }
    }

    private func isWanted(_ code: CodeID, by entry: CodeEntry) -> Bool {
        if entry.coupon.isEmpty { return true }
        guard let coupon = catalog.coupon(of: code) else { return false }
        return catalog.id(of: coupon).isEqual(to: parser.bytes(of: entry.coupon))
    }

    /// The code's claim, with the uses that count against it. Leaves its key in `codeKey`.
    private mutating func claim(_ code: CodeID, _ coupon: CouponID, _ entry: CodeEntry) -> Claim {
        var claim = Claim(
            coupon: catalog.coupons[Int(coupon.index)], terms: catalog.terms(of: code))
        claim.discountMax = entry.amount
        codeKey.removeAll()
        catalog.appendKeyText(of: code, to: &codeKey)
        if claim.coupon.usesLimit > 0 {
            claim.couponUses = uses(.total, of: coupon, before: claim.coupon.usesBefore)
        }
        if claim.codeUsesLimit > 0 {
            claim.codeUses = uses(.code, of: coupon, before: claim.terms.usesBefore)
        }
        return claim
    }

    /// Uses counted and held by others, from before the daemon when none was recorded since.
    func uses(_ kind: CounterKind, of coupon: CouponID, before: Int64) -> UseCount {
        let counter = ledger.usage.find(
            kind, couponKey: catalog.usageKey(of: coupon),
            couponHash: catalog.usageKeyHash(of: coupon),
            detail: kind == .total ? Span() : codeKey.bytes)
        guard let counter else { return UseCount(used: before) }
        let own = ownUses(kind, of: coupon)
        return UseCount(
            used: Int64(ledger.usage.used(counter)) - own,
            held: Int64(ledger.usage.held(counter)))
    }

    /// What the order that the request names has consumed itself: editing it must not be refused
    /// for its own use.
    private func ownUses(_ kind: CounterKind, of coupon: CouponID) -> Int64 {
        if parser.request.order.isEmpty { return 0 }
        let order = parser.bytes(of: parser.request.order)
        guard let id = ledger.orders.find(store: storeName, order: order) else { return 0 }
        let view = recorded(ledger.orders.image(id))
        guard view.facts.state == .applied else { return 0 }
        let couponKey = catalog.usageKey(of: coupon)
        var own: UInt64 = 0
        var codes = view.codes
        while let code = codes.next() {
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                let isSame =
                    consumption.kind == kind && consumption.couponKey.isEqual(to: couponKey)
                    && (kind == .total || consumption.detail.isEqual(to: codeKey.bytes))
                if isSame { own += consumption.amount }
            }
        }
        return Int64(own)
    }
}

/// How good a verdict is, to choose between the owners of one code.
private struct Rank: Equatable {
    var isValid: Bool
    var money: Money
    /// How far down the ladder a refusal came; later reasons are closer to a success.
    var step: Int

    static let none = Rank(isValid: false, money: .zero, step: -1)

    private init(isValid: Bool, money: Money, step: Int) {
        self.isValid = isValid
        self.money = money
        self.step = step
    }

    init(_ judge: borrowing Judge) {
        isValid = judge.refusals.isEmpty
        money = judge.discount + judge.shippingDiscount
        step = isValid ? 0 : Int(judge.refusals[0].reason.rawValue)
    }

    func isBetter(than other: Rank) -> Bool {
        if isValid != other.isValid { return isValid }
        if isValid { return money > other.money }
        return step > other.step
    }
}
