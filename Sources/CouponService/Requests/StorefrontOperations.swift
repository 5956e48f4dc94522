// The storefront's operations, from the request that was read to the reply that is written. Each step
// is a value with scratch memory of its own; this one calls them in order and hands on what they need.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// The outcome of a request, for the statistics.
enum RequestOutcome: BitwiseCopyable {
    case accepted
    case refused
    case replayed
    case conflicted
    /// The reply is an error.
    case faulted
}

/// Answers validate, reserve, apply, release, usage and code.discounts.
struct StorefrontOperations: ~Copyable {
    private var finder = EntryFinder()
    private var entries = Entries()
    private var evaluator = Evaluator()
    private var combination = Combination()
    private var verdict = Verdict()
    private var recorder = OrderRecorder()
    private var release = ReleaseChoice()
    private let inPlace = InPlace()

    /// validate: evaluate and reply; nothing changes.
    mutating func validate(
        _ catalog: borrowing Catalog, _ request: inout IncomingRequest,
        _ ledger: borrowing Ledger, _ reply: inout JSONWriter
    ) -> RequestOutcome {
        let needs = finder.find(&entries, for: .validate, catalog, request)
        guard takeInCart(needs, catalog, &request, &reply) else { return .faulted }
        evaluate(OwnOrders(request, ledger), catalog, request, ledger)
        return writeVerdict(catalog, request, &reply)
    }

    /// reserve and apply: evaluate, and in the same step hold or use what was evaluated, and record
    /// the order.
    ///
    /// An order that is applied is never evaluated again. The same request is answered from its
    /// image, another one is a conflict: so a shop that lost the reply may simply ask again.
    mutating func commit(
        _ purpose: EvaluationContext.Purpose, _ catalog: borrowing Catalog,
        _ request: inout IncomingRequest, _ ledger: inout Ledger, _ reply: inout JSONWriter
    ) -> RequestOutcome {
        let needs = finder.find(&entries, for: purpose, catalog, request)
        let own = OwnOrders(request, ledger)
        if let order = own.order,
            let outcome = answerFromRecord(ledger.image(of: order), purpose, request, &reply)
        {
            return outcome
        }
        guard takeInCart(needs, catalog, &request, &reply) else { return .faulted }
        evaluate(own, catalog, request, ledger)
        guard verdict.isGood else { return writeVerdict(catalog, request, &reply) }
        let obstacle = recorder.record(
            &entries, verdict, counters: &evaluator.counters, codeHashes: finder.codeHashes, own,
            catalog, request, &ledger)
        switch obstacle {
        case nil: return writeVerdict(catalog, request, &reply)
        case .full:
            ErrorReply.write(
                .overloaded, message: "The greatest number of orders is reached; nothing was used.",
                to: request.id, &reply)
            return .faulted
        case .noSpace:
            ErrorReply.writeNoSpace(to: request.id, &reply)
            return .faulted
        }
    }

    /// Answers for an order that is applied; nil when it may still be held, applied, or start afresh.
    private mutating func answerFromRecord(
        _ image: borrowing OrderImageView, _ purpose: EvaluationContext.Purpose,
        _ request: borrowing IncomingRequest, _ reply: inout JSONWriter
    ) -> RequestOutcome? {
        switch image.facts.state {
        case .released, .reserved: return nil
        case .applied, .partlyApplied: break
        }
        if purpose == .apply && image.facts.state == .applied
            && recorder.isRepeat(of: image, request, codeHashes: finder.codeHashes)
        {
            ReplayReply.write(image, order: request.order, to: request.id, &reply)
            return .replayed
        }
        ReplayReply.writeConflict(with: image, purpose, to: request.id, &reply)
        return .conflicted
    }

    /// release: give back all of an order, or one code of it.
    mutating func release(
        _ request: borrowing IncomingRequest, _ ledger: inout Ledger, _ reply: inout JSONWriter
    ) -> RequestOutcome {
        guard var order = ledger.orders.find(store: request.storeName, order: request.order),
            !ledger.image(of: order).isEmptied
        else {
            ErrorReply.write(
                .notFound, message: "This order holds and uses no code.", field: "order",
                to: request.id, &reply)
            return .faulted
        }
        release.choose(in: ledger.image(of: order), request)
        guard release.hasMatch else {
            ErrorReply.write(
                .notFound, message: "This order has no such code.",
                field: request.fields.codes.count > 0 ? "code" : "coupon", to: request.id, &reply)
            return .faulted
        }
        if release.hasPending {
            guard ledger.hasRoom(toRecord: Span(), order) else {
                ErrorReply.writeNoSpace(to: request.id, &reply)
                return .faulted
            }
            order = ledger.release(
                order, codes: release.codes, at: request.now.millisecondsSinceEpoch)
        }
        ReleasedReply.write(
            ledger.image(of: order), isReplayed: !release.hasPending, to: request.id, &reply)
        return release.hasPending ? .accepted : .replayed
    }

    /// usage: how often a code can still be used. A code whose limit is reached, or whose time is
    /// over, is reported like any other.
    mutating func reportUsage(
        _ catalog: borrowing Catalog, _ request: inout IncomingRequest,
        _ ledger: borrowing Ledger, _ reply: inout JSONWriter
    ) -> RequestOutcome {
        let needs = finder.find(&entries, for: .validate, catalog, request)
        // Without a cart there is no sum to overflow.
        _ = request.takeIn(needs, catalog)
        switch entries.rows[0].subject {
        case .unknown:
            ErrorReply.writeUnknownCode(to: request.id, &reply)
            return .faulted
        case .giftCard:
            // Money on a card is not a limit: validate shows the balance.
            ReplyEnvelope.writeNullResult(to: request.id, &reply)
        case .coupon:
            evaluator.begin(.none)
            evaluator.evaluate(0, &entries, catalog, request, ledger)
            evaluator.preferCoveringOffer(of: 0, &entries, catalog, request, ledger)
            LimitsReply.write(entries, &evaluator.counters, catalog, request, ledger, &reply)
        }
        return .accepted
    }

    /// code.discounts: what a code gives and on what, as its author wrote it. Nothing is evaluated: a
    /// code that is over or disabled is shown like any other.
    mutating func showDiscounts(
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest,
        _ reply: inout JSONWriter
    ) -> RequestOutcome {
        _ = finder.find(&entries, for: .validate, catalog, request)
        switch entries.rows[0].subject {
        case .unknown:
            ErrorReply.writeUnknownCode(to: request.id, &reply)
            return .faulted
        case .giftCard:
            // It pays, and discounts nothing.
            ReplyEnvelope.writeNullResult(to: request.id, &reply)
        case .coupon:
            DiscountsReply.write(firstDefinedOwner(of: 0), catalog, to: request.id, &reply)
        }
        return .accepted
    }

    /// Look-up finds owners whose code is case-sensitive before the others.
    private func firstDefinedOwner(of index: Int) -> CouponID {
        var first = entries.firstOwner(of: index).coupon
        for place in entries.rows[index].owners.range
        where entries.owner(place).coupon.index < first.index {
            first = entries.owner(place).coupon
        }
        return first
    }

    // MARK: Steps

    /// Takes the request in; writes an error and returns false when its money cannot be counted.
    private mutating func takeInCart(
        _ needs: IntakeNeeds, _ catalog: borrowing Catalog, _ request: inout IncomingRequest,
        _ reply: inout JSONWriter
    ) -> Bool {
        guard let index = request.takeIn(needs, catalog) else { return true }
        let isLine = index < request.fields.lines.count
        let fault = RequestFault(
            code: .badRequest, field: isLine ? "cart.lines[\(index)]" : "cart.shipping",
            message: "The sum passes 9007199254740991 minor units or items.")
        ErrorReply.write(fault, to: request.id, &reply)
        return false
    }

    /// Evaluates all entries, each by itself, combines them and sums them up.
    private mutating func evaluate(
        _ own: OwnOrders, _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest,
        _ ledger: borrowing Ledger
    ) {
        evaluator.begin(own)
        for index in entries.indices {
            evaluator.evaluate(index, &entries, catalog, request, ledger)
        }
        if entries.count != 1 || entries.rows[0].coupon == nil {
            combination.combine(&entries, by: &evaluator, catalog, request, ledger)
        }
        verdict.sumUp(entries, catalog, request)
    }

    private func writeVerdict(
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest,
        _ reply: inout JSONWriter
    ) -> RequestOutcome {
        VerdictReply.write(verdict, entries, catalog, request, &reply)
        return verdict.isGood ? .accepted : .refused
    }
}
