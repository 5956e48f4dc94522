/// The rules a coupon has, one bit each, lowest bit first in order of precedence.
///
/// Judging walks the set bits upwards, so the order of the bits *is* the order of refusals.
package struct Checks: OptionSet, Sendable, BitwiseCopyable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let inactive = Checks(rawValue: 1 << 0)
    package static let archived = Checks(rawValue: 1 << 1)
    package static let start = Checks(rawValue: 1 << 2)
    package static let end = Checks(rawValue: 1 << 3)
    package static let blackout = Checks(rawValue: 1 << 4)
    package static let timeWindows = Checks(rawValue: 1 << 5)
    package static let usesLimit = Checks(rawValue: 1 << 6)
    /// That anything is left to give; whether it is enough is known with the discount.
    package static let budget = Checks(rawValue: 1 << 7)
    package static let periodLimits = Checks(rawValue: 1 << 8)
    package static let currency = Checks(rawValue: 1 << 9)
    package static let context = Checks(rawValue: 1 << 10)
    package static let customerGiven = Checks(rawValue: 1 << 11)
    package static let customers = Checks(rawValue: 1 << 12)
    package static let groups = Checks(rawValue: 1 << 13)
    package static let previousOrders = Checks(rawValue: 1 << 14)
    package static let customerLimit = Checks(rawValue: 1 << 15)
    package static let cartGiven = Checks(rawValue: 1 << 16)
    package static let contains = Checks(rawValue: 1 << 17)
    /// That something is bought which something is got with; ``triggerCount``: enough of it.
    package static let triggerGiven = Checks(rawValue: 1 << 18)
    package static let cover = Checks(rawValue: 1 << 19)
    package static let minimumSubtotal = Checks(rawValue: 1 << 20)
    /// That some tier is met, by amount; ``tierItems``: by count.
    package static let tierSubtotal = Checks(rawValue: 1 << 21)
    package static let maximumSubtotal = Checks(rawValue: 1 << 22)
    package static let minimumItems = Checks(rawValue: 1 << 23)
    package static let tierItems = Checks(rawValue: 1 << 24)
    package static let triggerCount = Checks(rawValue: 1 << 25)
    package static let maximumItems = Checks(rawValue: 1 << 26)
    /// Of an offer that opens access.
    package static let ticketLimit = Checks(rawValue: 1 << 27)

    package static let all = Checks(rawValue: 1 << 28 - 1)

    /// Whether several things are asked that may each fail by itself.
    var hasParts: Bool {
        let inParts: Checks = [
            .usesLimit, .periodLimits, .context, .customerGiven, .customerLimit, .contains,
        ]
        return inParts.contains(self)
    }
}

extension Coupon {
    /// Whether it turns cart lines or shipping into money.
    package var givesMoney: Bool { discount.givesMoney }

    /// Whether a bound or a needed item must be looked up in the cart. What is covered is no such
    /// rule: without a cart it is judged on the context.
    package var hasCartRule: Bool {
        !requirements.minimumSubtotal.isEmpty || !requirements.maximumSubtotal.isEmpty
            || requirements.minimumItems > 0 || requirements.maximumItems > 0
            || !requirements.contains.isEmpty
    }

    /// Whether any of its rules, or of its offers', may look at an attribute of the cart or of the
    /// context.
    package var readsAttributes: Bool {
        !appliesTo.isEmpty || !excludes.isEmpty || !requirements.contains.isEmpty
            || !requirements.context.isEmpty || discount.narrowsCover || !offers.isEmpty
    }

    /// Whether its own rules must know which date a purchase is made for.
    package var isJudgedByBookingTime: Bool {
        !checks.isDisjoint(with: [.blackout, .timeWindows])
    }

    /// Derives ``checks`` from everything else. Call it once, when all is set.
    package mutating func settleChecks() {
        // An empty cart has nothing to cover, whatever is covered.
        var checks: Checks = [.cover]
        func add(_ check: Checks, if isNeeded: Bool) { if isNeeded { checks.insert(check) } }

        add(.inactive, if: status == .inactive)
        add(.archived, if: status == .archived)
        add(.start, if: startsAt != .distantPast)
        add(.end, if: endsAt != .distantFuture)
        add(.blackout, if: !blackouts.isEmpty)
        add(.timeWindows, if: !windows.isEmpty)
        add(.usesLimit, if: limits.total > 0 || limits.perCode > 0)
        add(.budget, if: givesMoney && !limits.budget.isEmpty)
        add(.periodLimits, if: limits.hasPeriods)
        add(
            .currency,
            if: !discount.amounts.isEmpty || !discount.caps.isEmpty || !discount.parts.isEmpty
                || !requirements.minimumSubtotal.isEmpty || !requirements.maximumSubtotal.isEmpty
                || checks.contains(.budget))
        add(.context, if: !requirements.context.isEmpty)
        add(.customers, if: !requirements.customers.isEmpty)
        add(.groups, if: !requirements.groups.isEmpty)
        add(.previousOrders, if: requirements.limitsPreviousOrders)
        add(.customerLimit, if: limits.perCustomer > 0)
        add(
            .customerGiven,
            if: !checks.isDisjoint(with: [.customers, .groups, .previousOrders, .customerLimit]))
        add(.cartGiven, if: givesMoney || hasCartRule)
        add(.contains, if: !requirements.contains.isEmpty)
        add(.minimumSubtotal, if: !requirements.minimumSubtotal.isEmpty)
        add(.maximumSubtotal, if: !requirements.maximumSubtotal.isEmpty)
        add(.minimumItems, if: requirements.minimumItems > 0)
        add(.maximumItems, if: requirements.maximumItems > 0)
        switch discount.kind {
        case .tiers: checks.formUnion([.tierSubtotal, .tierItems])
        case .buyXGetY: checks.formUnion([.triggerGiven, .triggerCount])
        case .none, .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice, .shipping,
            .giftItem, .clauses:
            break
        }
        self.checks = checks
    }
}
