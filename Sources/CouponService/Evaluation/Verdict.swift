// What a request comes to as a whole, computed once: it is recorded and replied from the same sums.

import CouponCatalog
import CouponRules
import CouponWire
import FlatStorage

/// The money of a reply as a whole.
struct Totals: BitwiseCopyable {
    var discount = Money.zero
    var shippingDiscount = Money.zero
    /// Subtotal and shipping, less both discounts.
    var total = Money.zero
    /// What gift cards pay of `total`.
    var giftCardAmount = Money.zero
    /// Whether the request has a gift card, be it a refused one.
    var hasGiftCard = false

    init() {}

    /// The sums of the good ones among `entries`.
    init(_ entries: borrowing Entries, of purchase: borrowing Purchase) {
        self.init(undiscounted: entries, of: purchase)
        for index in entries.indices where entries.rows[index].isGood {
            discount += entries.rows[index].discount
            shippingDiscount += entries.rows[index].shippingDiscount
            giftCardAmount += entries.rows[index].payment
        }
        total = total - discount - shippingDiscount
    }

    /// The sums without any code.
    init(undiscounted entries: borrowing Entries, of purchase: borrowing Purchase) {
        total = purchase.subtotal + (purchase.shipping ?? .zero)
        for index in entries.indices where entries.rows[index].giftCard != nil {
            hasGiftCard = true
        }
    }
}

/// Whether a request is good, its sums, and the facts that its reply lists beside each entry.
struct Verdict: ~Copyable {
    private(set) var isGood = false
    private(set) var totals = Totals()
    /// What the good entries together take off each line; all zero where the request is refused.
    private(set) var lineDiscounts = FlatArray<Money>(capacity: 16)
    /// By entry: a run of `factBytes`.
    private var facts = FlatArray<Run>(capacity: 16)
    private var factBytes = ByteBuffer(capacity: 1_024)
    private let inPlace = InPlace()

    /// Sums the entries up, once they are combined.
    mutating func sumUp(
        _ entries: borrowing Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) {
        isGood = entries.isGood(request.fields.mode)
        if request.purchase.hasCart {
            totals =
                isGood
                ? Totals(entries, of: request.purchase)
                : Totals(undiscounted: entries, of: request.purchase)
        }
        sumLines(of: entries, request)
        facts.removeAll()
        factBytes.removeAll()
        for index in entries.indices {
            let first = factBytes.count
            // What a card would pay is not listed where nothing is paid.
            if entries.rows[index].isGood && (isGood || entries.rows[index].giftCard == nil) {
                appendFacts(of: index, entries, catalog, request)
            }
            facts.append(Run(first: first, count: factBytes.count - first))
        }
    }

    private mutating func sumLines(
        of entries: borrowing Entries, _ request: borrowing IncomingRequest
    ) {
        lineDiscounts.removeAll()
        for _ in request.purchase.lines.indices { lineDiscounts.append(.zero) }
        guard isGood else { return }
        for index in entries.indices
        where entries.rows[index].isGood && !entries.rows[index].shares.isEmpty {
            for line in lineDiscounts.indices {
                lineDiscounts[line] += entries.share(of: index, line: line)
            }
        }
    }

    /// The members of a good entry that its definition, its offer or its card makes, as JSON, each
    /// with a comma before it; empty for any other entry.
    @_lifetime(borrow self)
    func facts(of index: Int) -> Span<UInt8> { factBytes.bytes(in: facts[index].range) }

    private mutating func appendFacts(
        of index: Int, _ entries: borrowing Entries,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest
    ) {
        switch entries.rows[index].subject {
        case .unknown: break
        case .giftCard:
            if request.purchase.hasCart { factBytes.append("amount", entries.rows[index].payment) }
            if let candidate = entries.rows[index].cardCandidate {
                factBytes.append("balance", candidate.balance - entries.rows[index].payment)
            }
        case .coupon(let coupon, let code):
            if let offer = entries.rows[index].offer { factBytes.append(catalog.offerFacts(offer)) }
            if let code {
                factBytes.append(catalog.replyFacts(of: code))
            } else {
                factBytes.append(catalog.replyFacts(of: coupon))
            }
        }
    }
}

extension ByteBuffer {
    /// Appends a member of an entry's facts: an amount that is not negative.
    fileprivate mutating func append(_ name: StaticString, _ amount: Money) {
        append(",\"")
        append(name)
        append("\":")
        append(digits: amount.minorUnits.magnitude)
    }
}
