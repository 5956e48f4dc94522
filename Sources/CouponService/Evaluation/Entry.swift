// A request is a list of entries: one for each code that it names, and one for each automatic coupon
// that it considers. An entry is found in the catalog, evaluated by itself, combined with the others,
// and listed in the reply; each step fills in its part.

import CouponCatalog
import CouponRules
import CouponStore
import FlatStorage

/// A code of the request, or an automatic coupon, and what became of it.
struct Entry: BitwiseCopyable {
    enum Subject: BitwiseCopyable {
        /// No such code, or not of the coupon that the request names.
        case unknown
        /// A coupon, and the code that names it; an automatic coupon has none.
        case coupon(CouponID, CodeID?)
        case giftCard(GiftCardID, CodeID)
    }

    /// Where it stands among the codes of the request; nil for an automatic coupon.
    let place: Int?
    /// A run of ``Entries/owner(_:)``: the coupons that own the code, or the automatic one.
    var owners = Run.empty
    /// The coupon or card that it is evaluated as; of several owners the best.
    var subject = Subject.unknown
    var evaluation: EvaluationContext
    /// The number of the offer that it is evaluated with.
    var offer: Int?
    /// Uses of the same shared counter by other entries, as far as its candidate counts them.
    var usesBeside: Int64 = 0
    /// The counters of its coupon: a run of ``EntryCounters``.
    var counters = Run.empty
    /// What it is evaluated by, when it is a gift card.
    var cardCandidate: GiftCardCandidate?

    /// Why it is refused; nil when it is good.
    var refusal: Refusal?
    /// Whether it is among those that go together.
    var isStanding = false
    /// Whether a requested code is good without the automatic coupons.
    var standsAlone = false
    /// All its refusals, where the request asks for them: a run of ``Entries/failure(_:)``.
    var failures = Run.empty
    var discount = Money.zero
    var shippingDiscount = Money.zero
    /// What it takes off each line: a run of the shares in ``Entries``.
    var shares = Run.empty
    /// What a gift card pays.
    var payment = Money.zero
    /// The number of its redemption, once it is applied; 0 before.
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

/// A code of the catalog and the coupon that owns it; an automatic coupon has no code.
struct CodeOwner: BitwiseCopyable {
    var coupon: CouponID
    var code: CodeID?
}
