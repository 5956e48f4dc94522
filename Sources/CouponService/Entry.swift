// A request asks about entries: one for each code that it names, and one for each coupon that needs
// no code, where those are considered. An entry is found in the catalog, judged by itself, settled
// among the others, and told; each step fills in its part.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// A code of the request, or a coupon that came by itself, and what became of it.
struct Entry: BitwiseCopyable {
    enum Subject: BitwiseCopyable {
        /// No such code, or not of the coupon that was asked for.
        case unknown
        /// A coupon, and the code it was asked for by.
        case coupon(CouponID, CodeID?)
        case giftCard(GiftCardID, CodeID)
    }

    /// Where it stands among the codes of the request; nil for a coupon that came by itself.
    let place: Int?
    /// A run of `Checkout/owners`: the coupons that have the code, or the one that came by itself.
    var owners = Run.empty
    /// What it was judged as; of several owners the one that stands.
    var subject = Subject.unknown
    var evaluation: EvaluationContext
    /// The number of the offer that it was judged with.
    var offer: Int?
    /// Uses of the same shared counter by other entries, as far as its candidate counts them.
    var usesBeside: Int64 = 0
    /// The counters of its coupon: a run of `Checkout/counted`.
    var counters = Run.empty
    /// What it was judged by, when it is a gift card.
    var cardCandidate: GiftCardCandidate?

    /// Why it is refused; nil when it is good.
    var refusal: Refusal?
    /// Whether a requested code is good without the coupons that came by themselves.
    var standsAlone = false
    /// All that speaks against it, where that is asked for: a run of `Checkout/failures`.
    var failures = Run.empty
    var discount = Money.zero
    var shippingDiscount = Money.zero
    /// What it takes off each line: a run of `Checkout/shares`.
    var shares = Run.empty
    /// What a gift card pays.
    var payment = Money.zero
    /// The number of its use, once it is applied; 0 before.
    var redemption: UInt64 = 0

    init(place: Int?, evaluation: EvaluationContext) {
        self.place = place
        self.evaluation = evaluation
    }

    var isAutomatic: Bool { place == nil }
    // Inlined, or the whole entry is copied for the call.
    var isGood: Bool { @inline(__always) get { refusal == nil } }

    @inline(__always)
    var coupon: CouponID? {
        if case .coupon(let coupon, _) = subject { return coupon }
        return nil
    }

    @inline(__always)
    var code: CodeID? {
        switch subject {
        case .unknown: nil
        case .coupon(_, let code): code
        case .giftCard(_, let code): code
        }
    }

    var giftCard: GiftCardID? {
        if case .giftCard(let card, _) = subject { return card }
        return nil
    }
}

/// A code of the catalog and the coupon that owns it; a coupon that needs no code has none.
struct CodeOwner: BitwiseCopyable {
    var coupon: CouponID
    var code: CodeID?
}

extension Checkout {
    /// Makes the entries of the request, and says what of it their coupons look at.
    mutating func findEntries(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ purpose: EvaluationContext.Purpose, at now: Instant
    ) -> IntakeNeeds {
        entries.removeAll()
        owners.removeAll()
        counted.removeAll()
        codeHashes.removeAll()
        failures.removeAll()
        shares.removeAll()
        standing.removeAll()
        let evaluation = EvaluationContext(
            purpose: purpose, instant: now, explains: parser.request.explains)
        let store = catalog.store(named: storeName.bytes)
        var needs: IntakeNeeds = []
        for place in parser.request.codes.indices {
            append(Entry(place: place, evaluation: evaluation))
            needs.formUnion(findOwners(of: place, in: store, catalog, parser))
        }
        guard parser.request.considersAutoCoupons, let store else { return needs }
        for index in catalog.autoCoupons(in: store).indices {
            let coupon = catalog.autoCoupons(in: store)[index]
            var entry = Entry(place: nil, evaluation: evaluation)
            entry.owners = Run(first: owners.count, count: 1)
            entry.subject = .coupon(coupon, nil)
            append(entry)
            owners.append(CodeOwner(coupon: coupon, code: nil))
            needs.formUnion(IntakeNeeds(coupon, CodeTerms(), catalog))
        }
        return needs
    }

    private mutating func append(_ entry: Entry) {
        entries.append(entry)
        // Whatever is left of an earlier request is written over before it is read.
        if candidates.count < entries.count {
            candidates.append(Candidate(coupon: Coupon(), terms: CodeTerms()))
        }
    }

    /// Reads the code at `place` and notes who owns it.
    private mutating func findOwners(
        of place: Int, in store: StoreID?, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser
    ) -> IntakeNeeds {
        let written = parser.bytes(of: parser.request.codes[place].code)
        do throws(CodeText.Fault) {
            try codeText.read(written)
        } catch {
            // Nothing that cannot be a code is one; a shopper's typing is no broken request.
            codeHashes.append(hash64(written, seed: 1))
            return []
        }
        codeHashes.append(hash64(codeText.folded, seed: 0))
        guard let store else { return [] }

        var needs: IntakeNeeds = []
        let first = owners.count
        var walk = catalog.findCodes(in: store, matching: codeText)
        while let code = catalog.nextCode(&walk, matching: codeText) {
            guard isWanted(code, at: place, catalog, parser) else { continue }
            if let card = catalog.giftCard(of: code) {
                entries[place].subject = .giftCard(card, code)
                return []
            }
            guard let coupon = catalog.coupon(of: code) else { continue }
            if owners.count == first { entries[place].subject = .coupon(coupon, code) }
            owners.append(CodeOwner(coupon: coupon, code: code))
            needs.formUnion(IntakeNeeds(coupon, catalog.terms(of: code), catalog))
        }
        entries[place].owners = Run(first: first, count: owners.count - first)
        return needs
    }

    /// Whether `code` is of the coupon that the request asks for, if it asks for one.
    private func isWanted(
        _ code: CodeID, at place: Int, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser
    ) -> Bool {
        // An operation about one code says it beside that code, the others in its object.
        let isBeside = parser.request.codes[place].coupon.isEmpty
        let wanted =
            isBeside ? parser.request.coupon : parser.request.codes[place].coupon
        if wanted.isEmpty { return true }
        guard let coupon = catalog.coupon(of: code) else { return false }
        return catalog.id(of: coupon).isEqual(to: parser.bytes(of: wanted))
    }
}
