// A scene at the counter: a coupon, a cart, a customer, written as people would say it. Nothing is
// a symbol or a run until `verdict` asks, so a test reads like the definition it stands for and a
// property test may shuffle a scene's lines and ask again.

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

/// Who is asking, as a request tells it.
struct Shopper {
    var id: String?
    var email: String?
    var groups: [String]?
    var orders: Int64?
}

/// What the judge said.
struct Verdict {
    var refusals: [Refusal]
    var discount: Int64
    var shippingDiscount: Int64
    var shares: [Int64]

    var reasons: [Reason] { refusals.map(\.reason) }
    var reason: Reason? { refusals.first?.reason }
}

/// A coupon held out for a cart, with the tables that it points into.
struct Scene {
    var coupon = Coupon()
    var terms = CodeTerms()
    var uses = UseCounts()
    var discountMax: Int64?
    var currency = "USD"
    /// Nil is a request without a cart.
    var items: [Item]?
    var shipping: Int64?
    var context: Words = [:]
    var shopper: Shopper?
    var purpose = Occasion.Purpose.validate
    var now = Instant(secondsSinceEpoch: 1_000)
    var bookingTime: BookingTime?

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

    mutating func bindCode(to customer: String) {
        terms.customer = book.define(customer)
        terms.isBoundToCustomer = true
    }

    /// The scope of a refusal over `attribute`.
    func scope(_ attribute: String) -> Refusal.Scope { .attribute(book.lookUp(attribute)) }

    // MARK: The judgement

    /// What the coupon's code is worth here.
    func verdict(explains: Bool = false) -> Verdict {
        var judge = Judge()
        return verdict(of: &judge, explains: explains)
    }

    /// The same by a judge who may have judged before.
    func verdict(of judge: inout Judge, explains: Bool = false) -> Verdict {
        var coupon = coupon
        coupon.settleChecks()
        var claim = Claim(coupon: coupon, terms: terms)
        claim.uses = uses
        claim.discountMax = discountMax.map { Money(minorUnits: $0) }

        let purchase = purchase()
        judge.begin(purchase)
        var occasion = Occasion(purpose: purpose, instant: now, explains: explains)
        occasion.bookingTime = bookingTime
        judge.judge(claim, on: purchase, by: book.tables, occasion)
        return Verdict(
            refusals: judge.refusals, discount: judge.discount.minorUnits,
            shippingDiscount: judge.shippingDiscount.minorUnits,
            shares: judge.lineDiscounts.map(\.minorUnits))
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
            precondition(isAdded, "a sample cart is worth what money can be")
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

/// A vocabulary and the flat tables beside it.
private struct RuleBook {
    private var vocabulary = ["product": Symbol.product]
    private var amounts: [CurrencyAmount] = []
    private var maps: [Run] = []
    private var clauses: [Clause] = []
    private var symbols: [Symbol] = []
    private var tiers: [Tier] = []
    private var discountClauses: [DiscountClause] = []
    private var sets: [SetTerms] = []
    private var blackouts: [DateRange] = []
    private var windows: [TimeWindow] = []
    private var offers: [Offer] = []

    var tables: RuleTables {
        @_lifetime(borrow self) get {
            RuleTables(
                amounts: amounts.span, maps: maps.span, clauses: clauses.span,
                symbols: symbols.span, tiers: tiers.span, discountClauses: discountClauses.span,
                sets: sets.span, blackouts: blackouts.span, windows: windows.span,
                offers: offers.span)
        }
    }

    mutating func define(_ word: String) -> Symbol {
        if let known = vocabulary[word] { return known }
        let symbol = Symbol(rawValue: UInt32(vocabulary.count + 1))
        vocabulary[word] = symbol
        return symbol
    }

    func lookUp(_ word: String) -> Symbol { vocabulary[word] ?? .unmentioned }

    mutating func amounts(_ perCurrency: KeyValuePairs<String, Int64>) -> Run {
        let first = amounts.count
        for (name, minorUnits) in perCurrency {
            amounts.append(
                CurrencyAmount(
                    currency: Currency(name) ?? .none, amount: Money(minorUnits: minorUnits)))
        }
        return Run(first: first, count: amounts.count - first)
    }

    mutating func words(_ words: [String]) -> Run {
        let first = symbols.count
        symbols += words.map { define($0) }.sorted()
        return Run(first: first, count: words.count)
    }

    mutating func blackouts(_ ranges: [DateRange]) -> Run {
        let first = blackouts.count
        blackouts += ranges
        return Run(first: first, count: ranges.count)
    }

    mutating func windows(_ windows: [TimeWindow]) -> Run {
        let first = self.windows.count
        self.windows += windows
        return Run(first: first, count: windows.count)
    }

    mutating func clauses(_ map: Words) -> Run {
        let first = clauses.count
        for (attribute, values) in map {
            clauses.append(Clause(attribute: define(attribute), values: words(values)))
        }
        return Run(first: first, count: map.count)
    }

    mutating func maps(_ alternatives: [Words]) -> Run {
        let first = maps.count
        for map in alternatives { maps.append(clauses(map)) }
        return Run(first: first, count: alternatives.count)
    }

    mutating func tiers(_ steps: [Step]) -> Run {
        let first = tiers.count
        for step in steps {
            var tier = Tier()
            if let subtotal = step.subtotal { tier.minimumSubtotal = amounts(["USD": subtotal]) }
            tier.minimumItems = step.items ?? 0
            tier.percent = step.percent.flatMap { Percent(decimal: $0) }
            if let cents = step.cents { tier.amounts = amounts(["USD": cents]) }
            tiers.append(tier)
        }
        return Run(first: first, count: steps.count)
    }

    mutating func discountClauses(_ clauses: [(maps: [Words], discount: Discount)]) -> Run {
        let first = discountClauses.count
        for clause in clauses {
            discountClauses.append(
                DiscountClause(appliesTo: maps(clause.maps), discount: clause.discount))
        }
        return Run(first: first, count: clauses.count)
    }

    mutating func sets(
        _ buyQuantity: Int64, _ buys: [Words], _ getQuantity: Int64, _ gets: [Words],
        _ timesMost: Int64
    ) -> Run {
        var terms = SetTerms(
            buyQuantity: buyQuantity, getQuantity: getQuantity, buys: maps(buys), gets: maps(gets))
        terms.setsMost = timesMost
        sets.append(terms)
        return Run(first: sets.count - 1, count: 1)
    }
}
