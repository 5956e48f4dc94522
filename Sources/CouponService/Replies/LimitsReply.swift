import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// The reply to usage: a code's limits, one by one.
enum LimitsReply {
    /// The reply for the coupon of the only entry, once it is evaluated.
    static func write(
        _ entries: borrowing Entries, _ counters: inout EntryCounters,
        _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest, _ ledger: borrowing Ledger,
        _ reply: inout JSONWriter
    ) {
        let budgets = entries.candidates[0].coupon.limits.budget
        let isLimited = entries.candidates[0].usesLeft != nil || !budgets.isEmpty
        if !isLimited || request.purchase.contextRulesOut(entries.candidates[0], in: catalog.tables)
        {
            return ReplyEnvelope.writeNullResult(to: request.id, &reply)
        }
        ReplyEnvelope.begin(to: request.id, &reply)
        reply.key("result")
        reply.beginObject()
        reply.key("limits")
        reply.beginArray()
        for raw in 0..<LimitKind.budget.rawValue {
            guard let kind = LimitKind(rawValue: raw),
                isListed(kind, of: entries.candidates[0], for: request.purchase.customer)
            else { continue }
            write(
                kind, entries.candidates[0].limit(of: kind), entries.candidates[0].uses[kind],
                &reply)
        }
        for row in budgets.range {
            let budget = catalog.tables.amounts[row]
            let spent = counters.budgetUses(
                of: 0, entries, in: budget.currency, catalog, request, ledger)
            write(.budget, budget.amount.minorUnits, spent, in: budget.currency, &reply)
        }
        reply.endArray()
        reply.endObject()
        ReplyEnvelope.end(&reply)
    }

    /// A customer's limit is listed when the customer is known; of the two that a customer can have,
    /// the one of which less is left.
    private static func isListed(
        _ kind: LimitKind, of candidate: borrowing Candidate, for customer: Purchase.Customer
    ) -> Bool {
        guard candidate.limit(of: kind) > 0 else { return false }
        guard kind == .customer || kind == .codeCustomer else { return true }
        guard customer.isIdentified else { return false }
        let other: LimitKind = kind == .customer ? .codeCustomer : .customer
        guard candidate.limit(of: other) > 0 else { return true }
        let left = candidate.limit(of: kind) - candidate.uses[kind].sum
        let otherLeft = candidate.limit(of: other) - candidate.uses[other].sum
        return left != otherLeft ? left < otherLeft : kind == .customer
    }

    private static func write(
        _ kind: LimitKind, _ limit: Int64, _ uses: UseCount, in currency: Currency = .none,
        _ reply: inout JSONWriter
    ) {
        reply.beginObject()
        reply.key("kind")
        reply.string(kind.code)
        if currency != .none { reply.currencyMember(currency) }
        reply.member("limit", limit)
        reply.member("used", uses.used)
        reply.member("held", uses.held)
        reply.member("remaining", max(0, limit - uses.sum))
        reply.endObject()
    }
}
