// usage: how often a code can still be used, limit by limit. A code whose limit is reached, or whose
// time is over, is told like any other.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Checkout {
    mutating func reportUsage(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant, _ reply: inout JSONWriter
    ) -> CheckoutOutcome {
        let needs = findEntries(catalog, parser, .validate, at: now)
        _ = takeIn(needs, catalog, parser)
        own = OwnOrders()
        switch entries[0].subject {
        case .unknown:
            reply.error(.notFound, field: "code", "This code does not exist.", to: parser)
            return .faulted
        case .giftCard:
            // Money on a card is no limit: validate tells the balance.
            reply.beginUsage(to: parser)
            reply.null()
            ReplyEnvelope.end(&reply)
        case .coupon:
            choose(0, catalog, parser, ledger, at: now)
            preferCoveringOffer(of: 0, catalog, parser, ledger)
            reply.beginUsage(to: parser)
            writeLimits(catalog, parser, ledger, &reply)
            ReplyEnvelope.end(&reply)
        }
        return .accepted
    }

    private mutating func writeLimits(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, _ reply: inout JSONWriter
    ) {
        let budgets = candidates[0].coupon.limits.budget
        let isLimited = candidates[0].usesLeft != nil || !budgets.isEmpty
        if !isLimited || purchase.contextRulesOut(candidates[0], in: catalog.tables) {
            return reply.null()
        }
        reply.beginObject()
        reply.key("limits")
        reply.beginArray()
        for raw in 0..<LimitKind.budget.rawValue {
            guard let kind = LimitKind(rawValue: raw), isTold(kind) else { continue }
            reply.usageLimit(kind, candidates[0].limit(of: kind), candidates[0].uses[kind])
        }
        for row in budgets.range {
            let budget = catalog.tables.amounts[row]
            var counter = budgetCounter(of: candidates[0].coupon, budget.currency, catalog)
            let spent = uses(&counter, of: 0, budget.currency, catalog, parser, ledger)
            reply.usageLimit(.budget, budget.amount.minorUnits, spent, in: budget.currency)
        }
        reply.endArray()
        reply.endObject()
    }

    /// A customer's limit is told when it is known whose; of the two that a customer can have, the
    /// one of which less is left.
    private func isTold(_ kind: LimitKind) -> Bool {
        guard candidates[0].limit(of: kind) > 0 else { return false }
        guard kind == .customer || kind == .codeCustomer else { return true }
        guard purchase.customer.isIdentified else { return false }
        let other: LimitKind = kind == .customer ? .codeCustomer : .customer
        guard candidates[0].limit(of: other) > 0 else { return true }
        let left = candidates[0].limit(of: kind) - candidates[0].uses[kind].sum
        let otherLeft = candidates[0].limit(of: other) - candidates[0].uses[other].sum
        return left != otherLeft ? left < otherLeft : kind == .customer
    }
}

extension JSONWriter {
    fileprivate mutating func beginUsage(to parser: borrowing RequestParser) {
        ReplyEnvelope.begin(to: parser.bytes(of: parser.request.id), &self)
        key("result")
    }

    fileprivate mutating func usageLimit(
        _ kind: LimitKind, _ limit: Int64, _ uses: UseCount, in currency: Currency = .none
    ) {
        beginObject()
        key("kind")
        string(kind.code)
        if currency != .none {
            key("currency")
            beginString()
            appendLetters(of: currency)
            endString()
        }
        member("limit", limit)
        member("used", uses.used)
        member("held", uses.held)
        member("remaining", max(0, limit - uses.sum))
        endObject()
    }
}
