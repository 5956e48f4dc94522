// A scene: a coupon, a cart and a customer in words. They become symbols and runs only in
// `verdict`, so a test reads like the definition it stands for, and a property test may shuffle a
// scene's lines.

import CouponRules

/// An attribute map as definitions and requests write it.
typealias Words = KeyValuePairs<String, [String]>

/// One line of a cart.
struct Item {
    var product: String?
    var quantity: Int64
    var price: Int64
    var isOnSale = false
    var attributes: Words = [:]

    init(
        _ product: String? = nil, _ quantity: Int64 = 1, at price: Int64, onSale: Bool = false,
        _ attributes: Words = [:]
    ) {
        self.product = product
        self.quantity = quantity
        self.price = price
        isOnSale = onSale
        self.attributes = attributes
    }
}

/// One tier, in dollars: from a subtotal or a number of items, worth a percentage or an amount.
struct Step {
    var subtotal: Int64?
    var items: Int64?
    var percent: String?
    var cents: Int64?
}

/// The customer of a request.
struct Shopper {
    var id: String?
    var email: String?
    var groups: [String]?
    var orders: Int64?
}

/// The judge's verdict.
struct Verdict {
    var refusals: [Refusal]
    var discount: Int64
    var shippingDiscount: Int64
    var shares: [Int64]

    init(of judge: borrowing Judge) {
        refusals = judge.refusals
        discount = judge.discount.minorUnits
        shippingDiscount = judge.shippingDiscount.minorUnits
        shares = judge.lineDiscounts.map(\.minorUnits)
    }

    var reasons: [Reason] { refusals.map(\.reason) }
    var reason: Reason? { refusals.first?.reason }
}

/// A coupon and a cart, with the tables that they point into.
struct Scene {
    var coupon = Coupon()
    var terms = CodeTerms()
    /// The one of the coupon's offers that it is judged with.
    var offer: Offer?
    var uses = UseCounts()
    var discountMax: Int64?
    var currency = "USD"
    /// Nil is a request without a cart.
    var items: [Item]?
    var shipping: Int64?
    var context: Words = [:]
    /// The context of this code alone, and which lines match it.
    var ownContext: Words = [:]
    var marks: [Bool] = []
    var shopper: Shopper?
    var purpose = EvaluationContext.Purpose.validate
    var now = Instant(secondsSinceEpoch: 1_000)
    var bookingTime: BookingTime?
    var offerBookingDate: CivilDate?

    private var book = RuleBook()

    init(_ kind: Discount.Kind = .none, _ items: [Item]? = nil) {
        coupon.discount = Discount(kind)
        self.items = items
    }

    /// A scene whose coupon takes `percent` off.
    init(percent: String, of items: [Item]? = nil) {
        self.init(.percentage, items)
        coupon.discount.percent = Percent(decimal: percent)
    }

    /// A scene whose coupon takes an amount in dollars off, in the way of `kind`.
    init(_ kind: Discount.Kind, _ cents: Int64, _ items: [Item]? = nil) {
        self.init(kind, items)
        give(["USD": cents])
    }

    // MARK: The definition

    mutating func give(_ amounts: KeyValuePairs<String, Int64>) {
        coupon.discount.amounts = book.amounts(amounts)
    }

    mutating func cap(_ amounts: KeyValuePairs<String, Int64>) {
        coupon.discount.caps = book.amounts(amounts)
    }

    /// A discount that can be a clause: a percentage, or an amount of cents in the way of `kind`.
    mutating func plain(
        _ kind: Discount.Kind, percent: String? = nil, cents: Int64? = nil, cap: Int64? = nil
    ) -> Discount {
        var discount = Discount(kind)
        discount.percent = percent.flatMap { Percent(decimal: $0) }
        if let cents { discount.amounts = book.amounts(["USD": cents]) }
        if let cap { discount.caps = book.amounts(["USD": cap]) }
        return discount
    }

    /// Steps from the lowest up; each from a subtotal in dollars or a number of items.
    mutating func give(tiers steps: [Step]) {
        coupon.discount.kind = .tiers
        coupon.discount.parts = book.tiers(steps)
    }

    /// Clauses in their order; no map covers all.
    mutating func give(clauses: [(maps: [Words], discount: Discount)]) {
        coupon.discount.kind = .clauses
        coupon.discount.parts = book.discountClauses(clauses)
    }

    /// Buy so many of what the maps cover, get so many of what theirs cover.
    mutating func give(
        buying buyQuantity: Int64, of buys: [Words] = [], getting getQuantity: Int64,
        of gets: [Words] = [], percent: String = "100", timesMost: Int64 = 0
    ) {
        coupon.discount.kind = .buyXGetY
        coupon.discount.percent = Percent(decimal: percent)
        coupon.discount.parts = book.sets(buyQuantity, buys, getQuantity, gets, timesMost)
    }

    mutating func apply(to maps: Words...) { coupon.appliesTo = book.maps(maps) }

    mutating func exclude(_ map: Words) { coupon.excludes = book.clauses(map) }

    mutating func require(contains map: Words) { coupon.requirements.contains = book.clauses(map) }

    mutating func require(context map: Words) { coupon.requirements.context = book.clauses(map) }

    mutating func require(customers: [String]) {
        coupon.requirements.customers = book.words(customers)
    }

    mutating func require(groups: [String]) { coupon.requirements.groups = book.words(groups) }

    mutating func require(previousOrdersAtMost count: Int64) {
        coupon.requirements.previousOrdersMax = count
        coupon.requirements.limitsPreviousOrders = true
    }

    mutating func require(subtotalFrom amounts: KeyValuePairs<String, Int64>) {
        coupon.requirements.minimumSubtotal = book.amounts(amounts)
    }

    mutating func require(subtotalUpTo amounts: KeyValuePairs<String, Int64>) {
        coupon.requirements.maximumSubtotal = book.amounts(amounts)
    }

    mutating func blackOut(_ ranges: DateRange...) { blackOut(ranges) }

    mutating func blackOut(_ ranges: [DateRange]) { coupon.blackouts = book.blackouts(ranges) }

    mutating func hold(in windows: [TimeWindow]) { coupon.windows = book.windows(windows) }

    mutating func budget(_ amounts: KeyValuePairs<String, Int64>) {
        coupon.limits.budget = book.amounts(amounts)
    }

    /// Gives the coupon an offer, or narrows the one it has.
    mutating func offer(to maps: Words..., context: Words = [:], blackouts: [DateRange] = []) {
        var narrowed = offer ?? Offer()
        narrowed.appliesTo = book.maps(maps)
        narrowed.context = book.clauses(context)
        narrowed.blackouts = book.blackouts(blackouts)
        offer = narrowed
    }

    mutating func bindCode(to customer: String) {
        terms.customer = book.define(customer)
        terms.isBoundToCustomer = true
    }

    /// The scope of a refusal over `attribute`.
    func scope(_ attribute: String) -> Refusal.Scope { .attribute(book.lookUp(attribute)) }

    // MARK: Verdicts

    /// The verdict on the coupon's code.
    func verdict(explains: Bool = false) -> Verdict {
        var judge = Judge()
        return verdict(of: &judge, explains: explains)
    }

    /// The same by a judge that may have judged before.
    func verdict(of judge: inout Judge, explains: Bool = false) -> Verdict {
        var purchase = purchase()
        let candidate = candidate(on: &purchase)
        judge.begin(purchase)
        judge.judge(candidate, on: purchase, by: book.tables, evaluation(explains: explains))
        return Verdict(of: judge)
    }

    /// The verdicts on several codes together: one of each scene, all with one cart. The rules of
    /// all are examined first; the valid ones are priced in this order.
    static func verdicts(of scenes: [Scene]) -> [Verdict] {
        var judge = Judge()
        if let first = scenes.first { judge.begin(first.purchase()) }
        let examined = scenes.map { scene in
            var purchase = scene.purchase()
            let candidate = scene.candidate(on: &purchase)
            judge.examine(candidate, on: purchase, by: scene.book.tables, scene.evaluation())
            return Verdict(of: judge)
        }
        return zip(scenes, examined).map { scene, verdict in
            verdict.refusals.isEmpty ? scene.price(by: &judge) : verdict
        }
    }

    /// The discount of the code on what others have left.
    private func price(by judge: inout Judge) -> Verdict {
        var purchase = purchase()
        let candidate = candidate(on: &purchase)
        judge.price(candidate, on: purchase, by: book.tables, evaluation())
        judge.deduct()
        return Verdict(of: judge)
    }

    /// The place of the coupon among others that have its priority.
    var judgingRank: Int { coupon.judgingRank(in: book.tables) }

    private func evaluation(explains: Bool = false) -> EvaluationContext {
        var evaluation = EvaluationContext(purpose: purpose, instant: now, explains: explains)
        evaluation.bookingTime = bookingTime
        evaluation.offerBookingDate = offerBookingDate
        return evaluation
    }

    private func candidate(on purchase: inout Purchase) -> Candidate {
        var coupon = coupon
        coupon.deriveChecks()
        var candidate = Candidate(coupon: coupon, terms: terms)
        candidate.offer = offer
        candidate.uses = uses
        candidate.discountMax = discountMax.map { Money(minorUnits: $0) }
        candidate.context = add(ownContext, to: &purchase)
        // The marks of another code come before these.
        purchase.lineMarks = marks.map { !$0 } + marks
        candidate.lineMarks = Run(first: marks.count, count: marks.count)
        return candidate
    }

    private func purchase() -> Purchase {
        var purchase = Purchase()
        purchase.context = add(context, to: &purchase)
        if let shopper { add(shopper, to: &purchase) }
        guard let items else { return purchase }
        purchase.hasCart = true
        purchase.currency = Currency(currency) ?? .none
        purchase.shipping = shipping.map { Money(minorUnits: $0) }
        for item in items {
            var attributes = add(item.attributes, to: &purchase)
            if let product = item.product {
                let named = add(["product": [product]], to: &purchase)
                attributes = Run(
                    first: Int(attributes.isEmpty ? named.first : attributes.first),
                    count: Int(attributes.count + named.count))
            }
            let isAdded = purchase.addLine(
                quantity: item.quantity, unitPrice: Money(minorUnits: item.price),
                isOnSale: item.isOnSale, attributes: attributes)
            precondition(isAdded, "a sample cart stays within the largest amount")
        }
        return purchase
    }

    private func add(_ words: Words, to purchase: inout Purchase) -> Run {
        let first = purchase.attributes.count
        for (name, values) in words {
            for value in values.isEmpty ? [""] : values {
                purchase.attributes.append(
                    Purchase.Attribute(name: book.lookUp(name), value: book.lookUp(value)))
            }
        }
        return Run(first: first, count: purchase.attributes.count - first)
    }

    private func add(_ shopper: Shopper, to purchase: inout Purchase) {
        purchase.customer.hasID = shopper.id != nil
        purchase.customer.id = book.lookUp(shopper.id ?? "")
        purchase.customer.hasEmail = shopper.email != nil
        purchase.customer.email = book.lookUp(shopper.email ?? "")
        purchase.customer.hasGroups = shopper.groups != nil
        purchase.groups = (shopper.groups ?? []).map(book.lookUp)
        purchase.customer.groups = Run(first: 0, count: purchase.groups.count)
        purchase.customer.previousOrders = shopper.orders
    }
}
