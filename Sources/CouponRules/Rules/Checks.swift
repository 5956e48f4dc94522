/// A rule that a coupon can have. The raw value is its place in the order of precedence.
package enum Check: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case inactive
    case archived
    case start
    case end
    case blackout
    case timeWindows
    case usesLimit
    /// Something is left of the budget; whether it is enough is known with the discount.
    case budget
    case periodLimits
    case currency
    case context
    case customerGiven
    case customers
    case groups
    case previousOrders
    case customerLimit
    case cartGiven
    case contains
    /// A trigger of a set is in the cart; ``triggerCount``: enough of them.
    case triggerGiven
    case cover
    case minimumSubtotal
    /// Some tier is met, by amount; ``tierItems``: by count.
    case tierSubtotal
    case maximumSubtotal
    case minimumItems
    case tierItems
    case triggerCount
    case maximumItems
    /// The ticket limit of an offer whose coupon opens access.
    case ticketLimit
}

/// The rules a coupon has, one bit each, lowest bit first in order of precedence.
///
/// The ladder takes the lowest bit again and again, so the order of ``Check`` *is* the order of
/// refusals.
package struct Checks: Sendable, BitwiseCopyable {
    private var bits: UInt32 = 0

    package mutating func insert(_ check: Check) { bits |= 1 << UInt32(check.rawValue) }

    mutating func formUnion(_ other: Checks) { bits |= other.bits }

    package func contains(_ check: Check) -> Bool { bits & 1 << UInt32(check.rawValue) != 0 }

    /// Removes the check that comes first; nil when none is left.
    @inline(__always)
    mutating func removeFirst() -> Check? {
        let check = Check(rawValue: UInt8(truncatingIfNeeded: bits.trailingZeroBitCount))
        bits &= bits &- 1
        return check
    }
}

extension Coupon {
    /// Whether it turns cart lines or shipping into money.
    package var givesMoney: Bool { discount.givesMoney }

    /// Whether a bound or a required item is looked up in the cart. The cover does not count:
    /// without a cart it is judged on the context.
    package var hasCartRule: Bool {
        !requirements.minimumSubtotal.isEmpty || !requirements.maximumSubtotal.isEmpty
            || requirements.minimumItems > 0 || requirements.maximumItems > 0
            || !requirements.contains.isEmpty
    }

    /// Whether any rule of it or of its offers may read an attribute of the cart or the context.
    package var readsAttributes: Bool {
        !appliesTo.isEmpty || !excludes.isEmpty || !requirements.contains.isEmpty
            || !requirements.context.isEmpty || discount.narrowsCover || !offers.isEmpty
    }

    /// Whether its own rules read the date that a purchase is made for.
    package var isJudgedByBookingTime: Bool {
        checks.contains(.blackout) || checks.contains(.timeWindows)
    }

    /// Derives ``checks`` from all other properties. Call it once, when they are set.
    package mutating func deriveChecks() {
        // Every coupon has this check: an empty cart has no line to cover.
        var checks = Checks()
        checks.insert(.cover)
        func add(_ check: Check, if isNeeded: Bool) { if isNeeded { checks.insert(check) } }

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
            if: checks.contains(.customers) || checks.contains(.groups)
                || checks.contains(.previousOrders) || checks.contains(.customerLimit))
        add(.cartGiven, if: givesMoney || hasCartRule)
        add(.contains, if: !requirements.contains.isEmpty)
        add(.minimumSubtotal, if: !requirements.minimumSubtotal.isEmpty)
        add(.maximumSubtotal, if: !requirements.maximumSubtotal.isEmpty)
        add(.minimumItems, if: requirements.minimumItems > 0)
        add(.maximumItems, if: requirements.maximumItems > 0)
        switch discount.kind {
        case .tiers:
            checks.insert(.tierSubtotal)
            checks.insert(.tierItems)
        case .buyXGetY:
            checks.insert(.triggerGiven)
            checks.insert(.triggerCount)
        case .none, .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice, .shipping,
            .giftItem, .clauses:
            break
        }
        self.checks = checks
    }
}
