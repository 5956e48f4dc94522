// Random catalogs over a small vocabulary, so that their rules meet often. Each one can be loaded:
// errors of definitions are not a subject here.

import Testing

/// Repeatable random numbers: SplitMix64 (S. Vigna).
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int(next() % UInt64(choices.count))]
    }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// True with this percentage.
    mutating func isIn(_ percent: Int) -> Bool { next() % 100 < UInt64(percent) }

    /// With this percentage the picked value, otherwise nil.
    mutating func maybe<Element>(_ percent: Int, _ choices: [Element]) -> Element? {
        isIn(percent) ? pick(choices) : nil
    }
}

/// What a run is about. Each generates what it is about often, and other things seldom or never.
enum Subject: String, CaseIterable, CustomTestStringConvertible {
    case money, rules, time, counts, offers, several, orders, cards, everything

    var testDescription: String { rawValue }

    fileprivate func isAbout(_ others: Subject...) -> Bool {
        self == .everything || others.contains(self)
    }

    var countsUses: Bool { isAbout(.counts, .orders) }
    var hasOffers: Bool { isAbout(.offers) }
    var hasSeveralCodes: Bool { isAbout(.several, .orders, .cards) }
    var hasHolds: Bool { isAbout(.counts, .orders, .cards, .offers) }
    var hasCards: Bool { isAbout(.cards) }
    var hasClocks: Bool { isAbout(.time) }
    var hasRules: Bool { isAbout(.rules) }
    var hasManyKinds: Bool { isAbout(.money, .several) }
}

struct Generator {
    var dice: Dice
    let subject: Subject
    /// When the history begins, in seconds.
    let start: Int64

    /// Noons in summer and winter, and the hours before clocks are changed.
    private static let starts: [Int64] = [
        1_780_315_200, 1_792_880_000, 1_792_886_400, 1_793_509_200, 1_804_000_000, 1_805_004_000,
        1_806_195_600,
    ]

    init(seed: UInt64, subject: Subject) {
        dice = Dice(seed: seed)
        self.subject = subject
        start = subject.hasClocks ? dice.pick(Generator.starts) : Generator.starts[0]
    }

    static let percents: [Int64] = [
        1, 5_000, 50_000, 100_000, 150_000, 250_000, 333_333, 500_000, 1_000_000,
    ]
    static let amounts: [Int64] = [1, 2, 7, 100, 300, 500, 1_000, 2_500, 9_999]
    static let words: [String: [String]] = [
        "product": ["p1", "p2", "p3"], "category": ["a", "b", "c"], "event": ["1", "2"],
        "channel": ["web", "pos"],
    ]

    mutating func catalog() -> Reference.Catalog {
        var catalog = Reference.Catalog()
        catalog.sharesCodes = dice.isIn(30)
        var pool = (1...9).map { "K\($0)" } + ["SAVE-1", "SAVE-2", "vip3", "Tom4", "X5", "y6"]
        for place in 0..<Int(dice.number(1...(subject.hasSeveralCodes ? 8 : 5))) {
            var coupon = self.coupon(place)
            var own: Set<String> = []
            for _ in 0..<dice.number(coupon.type == "auto" ? 0...1 : 1...2) where !pool.isEmpty {
                var code = Reference.Code(text: dice.pick(pool))
                guard own.insert(code.text).inserted else { continue }
                if !catalog.sharesCodes { pool.removeAll { $0 == code.text } }
                addTerms(to: &code)
                coupon.codes.append(code)
            }
            catalog.coupons.append(coupon)
        }
        if subject.hasCards {
            for place in 1...dice.number(1...3) { catalog.cards.append(card(place)) }
        }
        return catalog
    }

    private mutating func card(_ place: Int64) -> Reference.Card {
        var card = Reference.Card(id: "gc\(place)", code: "GIFT\(place)")
        card.amount = dice.pick([500, 5_000, 200_000])
        card.balance = dice.pick([card.amount, card.amount / 2, 0])
        card.currency = dice.pick(["USD", "USD", "USD", "JPY"])
        if dice.isIn(10) { card.status = "inactive" }
        card.expiresAt = dice.maybe(50, [-1, 3, 3, 40]).map { moment(daysAhead: $0) }
        return card
    }

    private mutating func coupon(_ place: Int) -> Reference.Coupon {
        var coupon = Reference.Coupon(id: "c\(place)")
        let currencies = dice.pick([["USD"], ["USD"], ["USD", "JPY"], ["JPY", "KWD", "USD"]])
        coupon.type = dice.pick(
            ["discount", "discount", "discount", "discount", "comp", "presale", "access"]
                + (subject.hasSeveralCodes ? ["auto", "auto"] : []))
        let isAccess = Reference.accessTypes.contains(coupon.type)
        if dice.isIn(5) { coupon.status = dice.pick(["inactive", "archived"]) }
        if !isAccess {
            if coupon.type != "comp" || dice.isIn(20) {
                if subject.hasManyKinds && dice.isIn(15) {
                    addClauses(to: &coupon, currencies)
                } else {
                    coupon.discount = discount(currencies)
                }
            }
        }
        if dice.isIn(25) { coupon.appliesTo = [attributes(["product", "category", "event"])] }
        if !isAccess && dice.isIn(8) { coupon.appliesTo.append(attributes(["category", "event"])) }
        if dice.isIn(12) { coupon.excludes = attributes(["product", "category"]) }
        coupon.skipsSaleItems = dice.isIn(8)
        if subject.hasClocks { coupon.zone = dice.pick(Reference.zoneNames) }
        addRules(to: &coupon, currencies)
        addTimes(to: &coupon)
        addLimits(to: &coupon, currencies)
        if subject.hasOffers && dice.isIn(70) { addOffers(to: &coupon) }
        if subject.hasSeveralCodes { addStacking(to: &coupon) }
        if subject.hasHolds { coupon.isReusable = !dice.isIn(25) }
        coupon.mend()
        return coupon
    }

    mutating func amounts(_ currencies: [String], _ choices: [Int64]) -> Reference.Amounts {
        var amounts: Reference.Amounts = [:]
        for currency in currencies { amounts[currency] = dice.pick(choices) }
        return amounts
    }

    mutating func attributes(_ names: [String]) -> Reference.Attributes {
        var all: Reference.Attributes = [:]
        for _ in 0..<dice.number(1...2) {
            let name = dice.pick(names)
            let words = Generator.words[name] ?? []
            all[name] = Array(Set([dice.pick(words), dice.pick(words)])).sorted()
        }
        return all
    }

    // MARK: Money

    private mutating func discount(
        _ currencies: [String], ofClause: Bool = false
    ) -> Reference.Discount {
        var kinds = [
            "percentage", "percentage", "fixed_amount", "fixed_per_item", "fixed_per_line",
            "fixed_price",
        ]
        if !ofClause && subject.hasManyKinds {
            kinds += ["shipping", "shipping", "buy_x_get_y", "buy_x_get_y", "tiers", "gift_item"]
        }
        var discount = Reference.Discount(kind: dice.pick(kinds))
        switch discount.kind {
        case "percentage": discount.percent = dice.pick(Generator.percents)
        case "gift_item":
            discount.product = "p9"
            discount.quantity = dice.number(1...3)
            return discount
        case "shipping":
            if dice.isIn(50) {
                discount.percent = dice.pick(Generator.percents)
            } else {
                discount.amount = amounts(currencies, Generator.amounts)
            }
        case "tiers": addTiers(to: &discount, currencies)
        case "buy_x_get_y":
            discount.percent = dice.pick([500_000, 1_000_000])
            discount.buy.quantity = dice.number(1...3)
            discount.get.quantity = dice.number(1...3)
            if dice.isIn(50) { discount.buy.appliesTo = attributes(["product", "category"]) }
            if dice.isIn(50) { discount.get.appliesTo = attributes(["product", "category"]) }
            discount.timesMax = dice.maybe(30, [1, 2])
        default: discount.amount = amounts(currencies, Generator.amounts)
        }
        if dice.isIn(25) { discount.cap = amounts(currencies, Generator.amounts) }
        discount.rounding = dice.pick(["half_up", "half_up", "half_even", "down"])
        guard discount.kind != "shipping" else { return discount }
        discount.spread = dice.pick([
            "proportional", "proportional", "even", "cheapest", "dearest",
        ])
        if !["buy_x_get_y", "fixed_per_line"].contains(discount.kind) {
            discount.unitsMax = dice.maybe(20, [1, 2, 4])
            if discount.unitsMax != nil { discount.units = dice.pick(["dearest", "cheapest"]) }
        }
        return discount
    }

    private mutating func addTiers(to discount: inout Reference.Discount, _ currencies: [String]) {
        let isOfItems = dice.isIn(50)
        var (items, least) = (Int64(0), Reference.Amounts())
        for _ in 0..<dice.number(1...3) {
            var tier = Reference.Tier()
            items += dice.number(1...3)
            for currency in currencies { least[currency, default: 0] += dice.pick([500, 1_500]) }
            if isOfItems { tier.minItems = items } else { tier.minSubtotal = least }
            if dice.isIn(50) {
                tier.percent = dice.pick(Generator.percents)
            } else {
                tier.amount = amounts(currencies, Generator.amounts)
            }
            discount.tiers.append(tier)
        }
    }

    private mutating func addClauses(to coupon: inout Reference.Coupon, _ currencies: [String]) {
        for _ in 0..<dice.number(1...2) {
            coupon.clauses.append(
                Reference.Clause(
                    appliesTo: attributes(["product", "category"]),
                    discount: discount(currencies, ofClause: true)))
        }
        if dice.isIn(50) {
            coupon.clauses.append(
                Reference.Clause(discount: discount(currencies, ofClause: true)))
        }
        if dice.isIn(30) { coupon.clausesCap = amounts(currencies, Generator.amounts) }
    }
}
