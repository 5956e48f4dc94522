// The storefront's operations. A request touches four things: the catalog, the request as it was
// parsed, the ledger, and the reply that is being written. They are handed down as parameters, not
// kept together in one value, because texts are lent as spans: the compiler lets a span of one
// variable be passed while another is changed, but not while its sibling in one struct is.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// What came of a request, for the statistics.
enum CheckoutOutcome: BitwiseCopyable {
    case accepted
    case refused
    case replayed
    case conflicted
    /// The reply is an error.
    case faulted
}

/// Judges requests. What it holds is memory that is used again for each.
struct Checkout: ~Copyable {
    var purchase = Purchase()
    var judge = Judge()
    var codeText = CodeText()
    /// Who owns the request's code.
    var owners = FlatArray<Ownership>(capacity: 16)
    /// The detail of the code's counter.
    var codeKey = ByteBuffer(capacity: CodeText.bytesMax)
    var storeName = ByteBuffer(capacity: 256)
    var canonicalRequest = CanonicalRequest()
    var image = OrderImageWriter()

    /// Notes the store that the request names, or the one that it means by naming none.
    mutating func begin(_ parser: borrowing RequestParser) {
        storeName.removeAll()
        if parser.request.store.isEmpty {
            storeName.append("default")
        } else {
            storeName.append(parser.bytes(of: parser.request.store))
        }
    }

    /// validate: judge and tell; nothing changes.
    mutating func validate(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant, _ reply: inout ReplyWriter
    ) -> CheckoutOutcome {
        guard reply.isServed(parser) else { return .faulted }
        switch find(catalog, parser) {
        case .unknown:
            guard takeInCart([], catalog, parser, &reply) else { return .faulted }
            writeUnknownCode(.validate, catalog, parser, &reply)
            return .refused
        case .owned(let needs):
            guard takeInCart(needs, catalog, parser, &reply) else { return .faulted }
            let owner = judgeOwners(catalog, parser, ledger, .validate, at: now)
            return writeVerdict(on: owner, .validate, nil, catalog, parser, &reply)
        }
    }

    /// usage: how often a code can still be used, limit by limit. A code whose limit is reached, or
    /// whose time is over, is told like any other.
    mutating func reportUsage(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant, _ reply: inout ReplyWriter
    ) -> CheckoutOutcome {
        switch find(catalog, parser) {
        case .unknown:
            reply.error(.notFound, field: "code", "This code does not exist.", to: parser)
            return .faulted
        case .owned(let needs):
            _ = takeIn(needs, catalog, parser)
            let claim = judgeOwners(catalog, parser, ledger, .validate, at: now).claim
            let isRuledOut = purchase.contextRulesOut(claim.coupon, in: catalog.tables)
            reply.usage(of: claim, coversContext: !isRuledOut, to: parser)
            return .accepted
        }
    }

    /// Takes the request in; writes an error and returns false when its money cannot be counted.
    mutating func takeInCart(
        _ needs: IntakeNeeds, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ reply: inout ReplyWriter
    ) -> Bool {
        guard let index = takeIn(needs, catalog, parser) else { return true }
        let isLine = index < parser.request.lines.count
        reply.faultReply(
            to: parser.bytes(of: parser.request.id),
            RequestFault(
                code: .badRequest, field: isLine ? "cart.lines[\(index)]" : "cart.shipping",
                message: "The sum passes 9007199254740991 minor units or items."))
        return false
    }
}

extension ReplyWriter {
    /// Whether this version judges what the request asks for; otherwise an error is written.
    mutating func isServed(_ parser: borrowing RequestParser) -> Bool {
        let request = parser.bytes(of: parser.request.id)
        let (field, message): (StaticString, StaticString)
        if parser.request.considersAutoCoupons {
            (field, message) = ("auto", "Automatic coupons are not served yet.")
        } else if parser.request.codes.count > 1 {
            (field, message) = ("codes", "Several codes in one request are not served yet.")
        } else if !parser.request.codes[0].context.isEmpty {
            (field, message) = ("codes[0].context", "The context of a code is not served yet.")
        } else {
            return true
        }
        errorReply(to: request, .unprocessable, message: message, field: field)
        return false
    }

    fileprivate mutating func usage(
        of claim: Claim, coversContext: Bool, to parser: borrowing RequestParser
    ) {
        beginReply(to: parser.bytes(of: parser.request.id))
        key("result")
        if claim.usesLeft == nil || !coversContext {
            null()
        } else {
            beginObject()
            key("limits")
            beginArray()
            usageLimit("total", claim.limit(of: .total), claim.uses[.total])
            usageLimit("code", claim.limit(of: .code), claim.uses[.code])
            endArray()
            endObject()
        }
        endReply()
    }

    private mutating func usageLimit(_ kind: StaticString, _ limit: Int64, _ uses: UseCount) {
        if limit == 0 { return }
        beginObject()
        key("kind")
        string(kind)
        member("limit", limit)
        member("used", uses.used)
        member("held", uses.held)
        member("remaining", max(0, limit - uses.used - uses.held))
        endObject()
    }
}
