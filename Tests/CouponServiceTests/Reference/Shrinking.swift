// A failing trial is made as small as it can be while it still fails: first whole steps and coupons
// go, then what they say, one thing at a time.

struct Shrinking {
    private var trial: Trial
    private var difference: Trial.Difference?
    /// A bound on patience: each attempt runs a whole history.
    private var attemptsLeft = 3_000

    init(_ trial: Trial) { self.trial = trial }

    /// What is left of the trial, and where daemon and model part in it.
    mutating func report() throws -> String {
        var tally: [String: Int] = [:]
        difference = try trial.firstDifference(tally: &tally)
        if let difference { trial.steps.removeSubrange((difference.step + 1)...) }
        var isSmaller = true
        while isSmaller && attemptsLeft > 0 {
            isSmaller = dropSteps()
            isSmaller = dropDefinitions() || isSmaller
            isSmaller = simplify() || isSmaller
        }
        let lines = trial.steps.map { step in
            switch step {
            case .ask(let ask): ask.line
            case .wait(let seconds): "(wait \(seconds) s)"
            }
        }
        return """
            from \(Reference.written(trial.start * 1_000)):
            \(trial.catalog.json.line)
            \(lines.joined(separator: "\n"))
            \(difference?.description ?? "They agree when they are asked again.")
            """
    }

    /// Keeps the smaller trial when it loads and fails.
    private mutating func isKept(_ smaller: Trial) -> Bool {
        guard attemptsLeft > 0 else { return false }
        attemptsLeft -= 1
        var tally: [String: Int] = [:]
        guard let found = try? smaller.firstDifference(tally: &tally) else { return false }
        trial = smaller
        trial.steps.removeSubrange((found.step + 1)...)
        difference = found
        return true
    }

    /// Halves first, then quarters, down to single steps.
    private mutating func dropSteps() -> Bool {
        var isSmaller = false
        var size = max(1, trial.steps.count / 2)
        while size > 0 {
            var place = 0
            while place < trial.steps.count {
                var smaller = trial
                smaller.steps.removeSubrange(place..<min(place + size, smaller.steps.count))
                if isKept(smaller) { isSmaller = true } else { place += size }
            }
            size /= 2
        }
        return isSmaller
    }

    private mutating func dropDefinitions() -> Bool {
        var isSmaller = false
        for place in trial.catalog.coupons.indices.reversed() {
            var smaller = trial
            smaller.catalog.coupons.remove(at: place)
            isSmaller = isKept(smaller) || isSmaller
        }
        for place in trial.catalog.cards.indices.reversed() {
            var smaller = trial
            smaller.catalog.cards.remove(at: place)
            isSmaller = isKept(smaller) || isSmaller
        }
        return isSmaller
    }

    private mutating func simplify() -> Bool {
        var isSmaller = false
        for place in trial.catalog.coupons.indices {
            for change in Shrinking.couponChanges {
                var smaller = trial
                change(&smaller.catalog.coupons[place])
                if smaller.catalog.coupons[place].json != trial.catalog.coupons[place].json {
                    isSmaller = isKept(smaller) || isSmaller
                }
            }
        }
        var place = 0
        while place < trial.steps.count {
            for change in Shrinking.askChanges where place < trial.steps.count {
                guard case .ask(var ask) = trial.steps[place] else { break }
                let line = ask.line
                change(&ask)
                if ask.customer?.json == [:] { ask.customer = nil }
                guard ask.line != line else { continue }
                var smaller = trial
                smaller.steps[place] = .ask(ask)
                isSmaller = isKept(smaller) || isSmaller
            }
            place += 1
        }
        return isSmaller
    }

    // MARK: Changes

    private typealias CouponChange = @Sendable (inout Reference.Coupon) -> Void
    private typealias AskChange = @Sendable (inout Reference.Ask) -> Void

    private static let couponChanges: [CouponChange] =
        [
            { $0.requires = Reference.Requirements() }, { $0.limits = Reference.ResourceLimits() },
            { $0.stacking = Reference.Stacking() }, { $0.offers = [] }, { $0.windows = [] },
            { $0.blackout = [] }, { $0.appliesTo = [] }, { $0.excludes = [:] },
            { $0.skipsSaleItems = false }, { $0.startsAt = nil }, { $0.endsAt = nil },
            { $0.zone = "UTC" }, { $0.isReusable = true }, { $0.used = 0 }, { $0.given = [:] },
            { $0.status = "active" }, { $0.clausesCap = [:] },
            { if !$0.clauses.isEmpty { $0.clauses.removeLast() } },
            { if $0.clauses.count > 1 { $0.clauses.removeFirst() } },
            { $0.codes = $0.codes.suffix(1) }, { $0.codes = Array($0.codes.prefix(1)) },
            { $0.appliesTo = Array($0.appliesTo.prefix(1)) },
            { $0.offers = Array($0.offers.prefix(1)) }, { $0.offers = $0.offers.suffix(1) },
            { $0.discount?.cap = [:] }, { $0.discount?.spread = "proportional" },
            { $0.discount?.rounding = "half_up" }, { $0.discount?.unitsMax = nil },
            { $0.discount?.units = "dearest" }, { $0.discount?.timesMax = nil },
            { $0.discount?.buy.appliesTo = [:] }, { $0.discount?.get.appliesTo = [:] },
            { $0.requires.contains = [:] }, { $0.requires.context = [:] },
            { $0.requires.customers = [] }, { $0.requires.groups = [] },
            { $0.requires.minItems = nil }, { $0.requires.maxItems = nil },
            { $0.requires.minSubtotal = [:] }, { $0.requires.maxSubtotal = [:] },
            { $0.requires.base = "cart" }, { $0.requires.ordersMax = nil },
            { $0.limits.total = nil }, { $0.limits.perCode = nil }, { $0.limits.perCustomer = nil },
            { $0.limits.perDay = nil }, { $0.limits.perWeek = nil }, { $0.limits.perMonth = nil },
            { $0.limits.perBookingDate = nil }, { $0.limits.budget = [:] },
            { $0.limits.cutsToBudget = false }, { $0.stacking.group = nil },
            { $0.stacking.priority = 100 }, { $0.stacking.base = "remaining" },
            { $0.stacking.isExclusive = false },
            { for place in $0.offers.indices { $0.offers[place].appliesTo = [:] } },
            { for place in $0.offers.indices { $0.offers[place].context = [:] } },
            { for place in $0.offers.indices { $0.offers[place].ticketLimit = nil } },
            {
                for place in $0.offers.indices where $0.offers[place].counter == nil {
                    $0.offers[place].limit = nil
                }
            },
            { for place in $0.offers.indices { $0.offers[place].startsAt = nil } },
            { for place in $0.offers.indices { $0.offers[place].endsAt = nil } },
            { for place in $0.offers.indices { $0.offers[place].blackout = [] } },
            { for place in $0.codes.indices { $0.codes[place].usesMax = nil } },
            { for place in $0.codes.indices { $0.codes[place].multiUse = nil } },
            { for place in $0.codes.indices { $0.codes[place].customer = nil } },
            { for place in $0.codes.indices { $0.codes[place].startsAt = nil } },
            { for place in $0.codes.indices { $0.codes[place].endsAt = nil } },
            { for place in $0.codes.indices { $0.codes[place].used = 0 } },
        ]

    private static let askChanges: [AskChange] =
        [
            { $0.explain = false }, { $0.customer = nil }, { $0.context = [:] },
            { $0.bookingDate = nil }, { $0.at = nil }, { $0.holdOf = nil }, { $0.ttl = nil },
            { if !$0.codes.isEmpty { $0.auto = false } }, { $0.isPartial = false },
            { $0.cart?.shipping = nil },
            { if $0.op == "validate" { $0.order = nil } }, { $0.cart = nil },
            { $0.customer?.groups = [] }, { $0.customer?.orders = nil },
            { $0.customer?.email = nil }, { $0.customer?.id = nil },
            { $0.cart?.currency = "USD" }, { if $0.codes.count > 1 { $0.codes.removeLast() } },
            { if $0.codes.count > 1 { $0.codes.removeFirst() } },
            { for place in $0.codes.indices { $0.codes[place].context = [:] } },
            { for place in $0.codes.indices { $0.codes[place].amount = nil } },
            { for place in $0.codes.indices { $0.codes[place].coupon = nil } },
        ] + (0..<6).flatMap(lineChanges)

    /// Changes of one line of the cart.
    private static func lineChanges(_ place: Int) -> [AskChange] {
        func change(_ edit: @escaping @Sendable (inout Reference.Line) -> Void) -> AskChange {
            { ask in
                guard var line = ask.cart?.lines.dropFirst(place).first else { return }
                edit(&line)
                ask.cart?.lines[place] = line
            }
        }
        return [
            { ask in
                if let count = ask.cart?.lines.count, place < count {
                    ask.cart?.lines.remove(at: count - 1 - place)
                }
            },
            change { $0.attributes = [:] }, change { $0.isOnSale = false },
            change { $0.quantity = 1 }, change { $0.unitPrice = 1_000 },
            change { $0.product = "p1" },
        ]
    }
}
