// The rules of generated coupons: who, when, how often, and beside what.

extension Generator {
    /// A date or an instant, so many days from the start of the history.
    mutating func moment(daysAhead days: Int64) -> Reference.Moment {
        let second = start + days * 86_400 + dice.pick([0, 1_800, -3_600])
        let text = Reference.written(second * 1_000)
        return switch dice.number(0...3) {
        case 0: Reference.Moment(String(text.prefix(10)))
        case 1: Reference.Moment(String(text.prefix(16)))
        default: Reference.Moment(text)
        }
    }

    mutating func addTerms(to code: inout Reference.Code) {
        if subject.hasRules { code.customer = dice.maybe(10, ["cus_1", "Ann@example.com"]) }
        if subject.hasClocks {
            code.startsAt = dice.maybe(15, [-9, 0, 1]).map { moment(daysAhead: $0) }
            code.endsAt = dice.maybe(15, [3, 5, 30]).map { moment(daysAhead: $0) }
        }
        guard subject.countsUses || subject.hasRules else { return }
        switch dice.number(0...9) {
        case 0, 1: code.usesMax = dice.number(1...4)
        case 2: code.multiUse = false
        case 3 where subject.countsUses: code.multiUse = true
        default: return
        }
        if dice.isIn(20) { code.used = 1 }
    }

    mutating func addRules(to coupon: inout Reference.Coupon, _ currencies: [String]) {
        guard subject.hasRules || dice.isIn(20) else { return }
        var rules = Reference.Requirements()
        for _ in 0..<dice.number(0...2) {
            switch dice.number(0...8) {
            case 0: rules.minSubtotal = amounts(currencies, [0, 999, 3_000])
            case 1: rules.maxSubtotal = amounts(currencies, [3_000, 20_000])
            case 2: rules.minItems = dice.number(1...3)
            case 3: rules.maxItems = dice.number(3...9)
            case 4: rules.contains = attributes(["product", "category", "event"])
            case 5: rules.context = attributes(["channel", "event"])
            case 6:
                rules.customers = dice.pick([
                    ["cus_1"], ["ann@example.com"], ["cus_2", "BOB@example.com"],
                ])
            case 7: rules.groups = dice.pick([["vip"], ["staff", "vip"]])
            default: rules.ordersMax = dice.number(0...2)
            }
        }
        if dice.isIn(40) { rules.base = "eligible" }
        coupon.requires = rules
    }

    mutating func addTimes(to coupon: inout Reference.Coupon) {
        guard subject.hasClocks else { return }
        coupon.startsAt = dice.maybe(30, [-9, 0, 1]).map { moment(daysAhead: $0) }
        coupon.endsAt = dice.maybe(30, [3, 5, 30]).map { moment(daysAhead: $0) }
        coupon.blackout = blackout(15)
        guard dice.isIn(35) else { return }
        for _ in 0..<dice.number(1...2) {
            var window = Reference.Window()
            for day in Reference.Window.dayNames where dice.isIn(60) { window.days.append(day) }
            if window.days.isEmpty || dice.isIn(70) {
                window.from = dice.number(0...47) * 30
                window.to = dice.number(0...47) * 30
                if window.to == window.from { window.to = nil }
                if window.to == 0 { window.to = 15 }
            }
            coupon.windows.append(window)
        }
    }

    private mutating func blackout(_ percent: Int) -> [Reference.DayRange] {
        guard dice.isIn(percent) else { return [] }
        let first = start / 86_400 + dice.number(-1...4)
        return [
            Reference.DayRange(
                first: Reference.day(first), last: Reference.day(first + dice.number(0...2)))
        ]
    }

    mutating func addLimits(to coupon: inout Reference.Coupon, _ currencies: [String]) {
        if subject.hasRules || subject.countsUses {
            coupon.limits.total = dice.maybe(20, [1, 2, 3, 8])
            coupon.limits.perCode = dice.maybe(15, [1, 2, 5])
            if coupon.limits.total != nil && dice.isIn(20) { coupon.used = 1 }
        }
        guard subject.countsUses else { return }
        coupon.limits.perCustomer = dice.maybe(20, [1, 2])
        coupon.limits.perDay = dice.maybe(15, [1, 2, 3])
        coupon.limits.perWeek = dice.maybe(10, [2, 3])
        coupon.limits.perMonth = dice.maybe(10, [3, 4])
        coupon.limits.perBookingDate = dice.maybe(15, [1, 2])
        guard dice.isIn(25) else { return }
        coupon.limits.budget = amounts(currencies, [300, 1_500, 10_000])
        coupon.limits.cutsToBudget = dice.isIn(50)
        if dice.isIn(20) { coupon.given = amounts(currencies, [0, 200]) }
    }

    mutating func addOffers(to coupon: inout Reference.Coupon) {
        let isBound = Reference.accessTypes.contains(coupon.type)
        for place in 1...dice.number(1...3) {
            var offer = Reference.Offer(id: "o\(place)")
            offer.limit = dice.maybe(40, [1, 2, 5])
            if dice.isIn(15) {
                offer.counter = "spring"
                // Offers that share a counter share its limit.
                offer.limit = 3
            }
            offer.ticketLimit = dice.maybe(isBound ? 50 : 30, [1, 2, 4])
            if dice.isIn(15) {
                offer.isGlobal = true
            } else if dice.isIn(70) {
                offer.appliesTo = attributes(["product", "category", "event"])
            }
            if dice.isIn(20) { offer.context = attributes(["channel"]) }
            if subject.hasClocks {
                offer.zone = dice.maybe(30, Reference.zoneNames)
                offer.startsAt = dice.maybe(15, [-9, 0, 1]).map { moment(daysAhead: $0) }
                offer.endsAt = dice.maybe(15, [3, 5, 30]).map { moment(daysAhead: $0) }
                offer.blackout = blackout(15)
            }
            coupon.offers.append(offer)
        }
    }

    mutating func addStacking(to coupon: inout Reference.Coupon) {
        if dice.isIn(10) {
            coupon.stacking.isExclusive = true
        } else {
            coupon.stacking.group = dice.maybe(20, ["g", "h"])
        }
        coupon.stacking.priority = dice.pick([100, 100, 100, 1, -5, 200])
        if dice.isIn(20) { coupon.stacking.base = "original" }
    }
}
