// usage: how often a code can still be used, limit by limit. It judges nothing: a code whose limit
// is reached, or whose time is over, is told like any other.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Service {
    mutating func reportUsage(at now: Instant) {
        let entry = parser.request.codes[0]
        switch find(entry) {
        case .unknown:
            writeError(.notFound, field: "code", "This code does not exist.")
        case .unserved(let features): writeUnserved(features)
        case .owned(let needs):
            // Without a cart nothing can pass what money can be.
            _ = takeIn(needs)
            writeUsage(of: judgeOwners(of: entry, .validate, at: now))
        }
    }

    private mutating func writeUsage(of owner: Owner) {
        let claim = owner.claim
        let coversContext = !purchase.contextRulesOut(claim.coupon, in: catalog.tables)
        reply.beginReply(to: parser.bytes(of: parser.request.id))
        reply.key("result")
        if claim.usesLeft == nil || !coversContext {
            reply.null()
        } else {
            reply.beginObject()
            reply.key("limits")
            reply.beginArray()
            writeLimit("total", claim.coupon.usesLimit, claim.couponUses)
            writeLimit("code", claim.codeUsesLimit, claim.codeUses)
            reply.endArray()
            reply.endObject()
        }
        reply.endReply()
    }

    private mutating func writeLimit(_ kind: StaticString, _ limit: Int64, _ uses: UseCount) {
        if limit == 0 { return }
        reply.beginObject()
        reply.key("kind")
        reply.string(kind)
        reply.key("limit")
        reply.integer(limit)
        reply.key("used")
        reply.integer(uses.used)
        reply.key("held")
        reply.integer(uses.held)
        reply.key("remaining")
        reply.integer(max(0, limit - uses.used - uses.held))
        reply.endObject()
    }
}
