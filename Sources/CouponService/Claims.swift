// Which coupon a code stands for. A code may belong to several coupons; each is judged alone, and
// the best valid one stands: the largest discount, then the one defined first.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// A code of the catalog and the coupon that owns it.
struct Ownership: BitwiseCopyable {
    var code: CodeID
    var coupon: CouponID
}

/// An owner and what it was judged by.
struct Owner: BitwiseCopyable {
    var code: CodeID
    var coupon: CouponID
    var claim: Claim
}

/// What the catalog has for the code of a request.
enum Finding: BitwiseCopyable {
    /// No such code, or not of the coupon that was asked for.
    case unknown
    /// Owners, noted in `owners`; what they look at.
    case owned(IntakeNeeds)
}

extension Checkout {
    /// Reads the request's code into `codeText` and notes its owners.
    mutating func find(_ catalog: borrowing Catalog, _ parser: borrowing RequestParser) -> Finding {
        let entry = parser.request.codes[0]
        owners.removeAll()
        do throws(CodeText.Fault) {
            try codeText.read(parser.bytes(of: entry.code))
        } catch {
            // Nothing that cannot be a code is one; a shopper's typing is no broken request.
            return .unknown
        }
        guard let store = catalog.store(named: storeName.bytes) else { return .unknown }

        var needs: IntakeNeeds = []
        var walk = catalog.findCodes(in: store, matching: codeText)
        while let code = catalog.nextCode(&walk, matching: codeText) {
            guard isWanted(code, catalog, parser) else { continue }
            guard let coupon = catalog.coupon(of: code) else { return .unknown }
            owners.append(Ownership(code: code, coupon: coupon))
            needs.formUnion(
                IntakeNeeds(catalog.coupons[Int(coupon.index)], catalog.terms(of: code)))
        }
        return owners.count == 0 ? .unknown : .owned(needs)
    }

    /// Judges the owners that ``find(_:_:)`` noted; afterwards `judge` holds the verdict on the one
    /// that stands. When none is valid, the one whose reason is furthest down the ladder stands.
    mutating func judgeOwners(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, _ purpose: Occasion.Purpose, at now: Instant
    ) -> Owner {
        precondition(owners.count > 0, "only an owned code is judged")
        var best = owner(0, catalog, parser, ledger)
        judge(best, catalog, parser, purpose, at: now)
        if owners.count == 1 { return best }

        var bestRank = Rank(judge, definedAt: best.coupon)
        for index in 1..<owners.count {
            let next = owner(index, catalog, parser, ledger)
            judge(next, catalog, parser, purpose, at: now)
            let rank = Rank(judge, definedAt: next.coupon)
            if rank.isBetter(than: bestRank) {
                best = next
                bestRank = rank
            }
        }
        judge(best, catalog, parser, purpose, at: now)
        return best
    }

    private mutating func judge(
        _ owner: Owner, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ purpose: Occasion.Purpose, at now: Instant
    ) {
        let zone = owner.claim.coupon.zone
        var occasion = Occasion(
            purpose: purpose, instant: now, explains: parser.request.explains)
        switch parser.request.at {
        case nil: break
        case .instant(let instant): occasion.instant = instant
        case .local(let time): occasion.instant = catalog.zones.instant(of: time, in: zone)
        case .date(let date):
            occasion.instant = catalog.zones.instant(of: CivilTime(startOf: date), in: zone)
        }
        if owner.claim.coupon.isJudgedByBookingTime {
            occasion.bookingTime = catalog.zones.bookingTime(
                of: parser.request.bookingDate, orAt: occasion.instant, in: zone)
        }
        judge.begin(purchase)
        judge.judge(owner.claim, on: purchase, by: catalog.tables, occasion)
    }

    private func isWanted(
        _ code: CodeID, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser
    ) -> Bool {
        let wanted = parser.request.codes[0].coupon
        if wanted.isEmpty { return true }
        guard let coupon = catalog.coupon(of: code) else { return false }
        return catalog.id(of: coupon).isEqual(to: parser.bytes(of: wanted))
    }

    /// An owner with the uses that count against it.
    private mutating func owner(
        _ index: Int, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger
    ) -> Owner {
        let (code, coupon) = (owners[index].code, owners[index].coupon)
        var claim = Claim(
            coupon: catalog.coupons[Int(coupon.index)], terms: catalog.terms(of: code))
        claim.discountMax = parser.request.codes[0].amount
        if claim.limit(of: .total) > 0 {
            claim.uses[.total] =
                uses(.total, of: coupon, catalog, parser, ledger)
                ?? UseCount(used: claim.coupon.usesBefore)
        }
        if claim.limit(of: .code) > 0 {
            codeKey.removeAll()
            catalog.appendKeyText(of: code, to: &codeKey)
            claim.uses[.code] =
                uses(.code, of: coupon, catalog, parser, ledger)
                ?? UseCount(used: claim.terms.usesBefore)
        }
        return Owner(code: code, coupon: coupon, claim: claim)
    }

    /// Uses recorded, and held by others; nil when none ever was.
    private func uses(
        _ kind: CounterKind, of coupon: CouponID, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: borrowing Ledger
    ) -> UseCount? {
        let counter = ledger.usage.find(
            kind, couponKey: catalog.usageKey(of: coupon),
            couponHash: catalog.usageKeyHash(of: coupon),
            detail: kind == .total ? Span() : codeKey.bytes)
        guard let counter else { return nil }
        let own = ownUses(kind, of: coupon, catalog, parser, ledger)
        return UseCount(
            used: Int64(ledger.usage.used(counter)) - own,
            held: Int64(ledger.usage.held(counter)))
    }

    /// What the order that the request names has consumed itself: editing it must not be refused
    /// for its own use.
    private func ownUses(
        _ kind: CounterKind, of coupon: CouponID, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: borrowing Ledger
    ) -> Int64 {
        if parser.request.order.isEmpty { return 0 }
        let order = parser.bytes(of: parser.request.order)
        guard let id = ledger.orders.find(store: storeName.bytes, order: order) else { return 0 }
        let image = OrderImageView(recorded: ledger.orders.image(id))
        guard image.facts.state == .applied else { return 0 }
        let couponKey = catalog.usageKey(of: coupon)
        var own: UInt64 = 0
        var codes = image.codes
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
private struct Rank {
    let isValid: Bool
    let money: Money
    /// How far down the ladder a refusal came; later reasons are closer to a success.
    let step: Int
    let place: UInt32

    init(_ judge: borrowing Judge, definedAt coupon: CouponID) {
        isValid = judge.refusals.isEmpty
        money = judge.discount + judge.shippingDiscount
        step = isValid ? 0 : Int(judge.refusals[0].reason.rawValue)
        place = coupon.index
    }

    func isBetter(than other: Rank) -> Bool {
        if isValid != other.isValid { return isValid }
        if isValid && money != other.money { return money > other.money }
        if !isValid && step != other.step { return step > other.step }
        return place < other.place
    }
}
