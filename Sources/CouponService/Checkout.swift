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
    /// The code that is being read, from the request and from an order on record.
    var codeText = CodeText()
    var recordedText = CodeText()
    var storeName = ByteBuffer(capacity: 256)
    var own = OwnOrders()

    /// What the request asks about: see `Entry`.
    var entries = FlatArray<Entry>(capacity: 16)
    /// By entry: what it is judged by, when it is a coupon's. They are large, so they lie apart, and
    /// their places are used again.
    var candidates = FlatArray<Candidate>(capacity: 16)
    /// Coupons that own the codes of entries.
    var owners = FlatArray<CodeOwner>(capacity: 16)
    /// By code of the request: what it says of that code alone, and the hash of its folded text.
    var contexts = FlatArray<CodeContext>(capacity: Request.codesMax)
    var codeHashes = FlatArray<UInt64>(capacity: Request.codesMax)
    /// Refusals of entries, where all of them are asked for.
    var failures = FlatArray<Refusal>(capacity: 16)
    /// What entries take off the lines, and the sum for each line.
    var shares = FlatArray<Money>(capacity: 64)
    var lineTotals = FlatArray<Money>(capacity: 16)

    /// Numbers of entries: good ones in the order of judging; those that can go together; and those
    /// that are looked at one after the other while settling.
    var judgingOrder = FlatArray<Int>(capacity: 16)
    var standing = FlatArray<Int>(capacity: 16)
    var queue = FlatArray<Int>(capacity: 16)

    /// The counters of entries, and the detail of the counter at hand.
    var counted = FlatArray<EntryCounter>(capacity: 16)
    var detail = ByteBuffer(capacity: CodeText.bytesMax)

    var canonicalRequest = CanonicalRequest()
    var image = OrderImageWriter()
    /// What an entry of a reply says beside its verdict.
    var fragment = ByteBuffer(capacity: 1_024)
    /// Which codes of an order are given back.
    var chosen = FlatArray<Bool>(capacity: 16)
    private let inPlace = InPlace()

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
        _ ledger: borrowing Ledger, at now: Instant, _ reply: inout JSONWriter
    ) -> CheckoutOutcome {
        let needs = findEntries(catalog, parser, .validate, at: now)
        guard takeInCart(needs, catalog, parser, &reply) else { return .faulted }
        findOwnOrders(parser, ledger)
        judgeEntries(catalog, parser, ledger, at: now)
        return writeVerdict(.validate, catalog, parser, at: now, &reply)
    }

    /// Judges all entries: each by itself, then together. Afterwards they say what is to be told.
    mutating func judgeEntries(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant
    ) {
        for index in entries.indices { judgeAlone(index, catalog, parser, ledger, at: now) }
        if entries.count == 1 && entries[0].coupon != nil {
            if entries[0].isGood { keepMoney(of: 0) }
        } else {
            settle(catalog, parser, ledger, at: now)
        }
    }

    /// Takes the request in; writes an error and returns false when its money cannot be counted.
    mutating func takeInCart(
        _ needs: IntakeNeeds, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ reply: inout JSONWriter
    ) -> Bool {
        guard let index = takeIn(needs, catalog, parser) else { return true }
        let isLine = index < parser.request.lines.count
        ErrorReply.write(
            RequestFault(
                code: .badRequest, field: isLine ? "cart.lines[\(index)]" : "cart.shipping",
                message: "The sum passes 9007199254740991 minor units or items."),
            to: parser.bytes(of: parser.request.id), &reply)
        return false
    }
}
