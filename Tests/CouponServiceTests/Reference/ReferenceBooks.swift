// Uses and holds of all orders. There are no counters: every count is computed from all orders.

extension Reference {
    struct Use {
        /// The coupon's place in the catalog, or the gift card's.
        var coupon: Int?
        var card: Int?
        /// As it is compared; nil for an automatic coupon.
        var code: String?
        var offer: String?
        /// Offers with one name count together.
        var counter: String?
        var customer: String?
        var address: String?
        /// The day that counts, and the day of booking, in the coupon's zone.
        var wall = Wall(day: "", second: nil)
        var bookingDay = ""
        var judgedAt: Int64 = 0
        var currency = ""
        /// What it takes off the cart and its shipping, or what a card pays.
        var money: Int64 = 0
        /// Its count stays when it is released.
        var keepsUse = false
        var isReleased = false
        /// Its part of the reply to a release.
        var released: JSON = .absent
    }

    struct Order {
        var isApplied = false
        /// Of a reserve.
        var expiresAt: Int64 = 0
        var uses: [Use] = []
        var sameness: JSON = .absent
        /// The reply to the apply.
        var reply: JSON = .absent
        /// What the last release answered.
        var lastRelease: JSON?

        func isLive(at now: Int64) -> Bool { !isApplied && expiresAt > now }
        var isPartlyReleased: Bool {
            uses.contains { $0.isReleased } && uses.contains { !$0.isReleased }
        }
        var isReleased: Bool { lastRelease != nil && uses.allSatisfy(\.isReleased) }
    }

    struct Count {
        var used: Int64 = 0
        var held: Int64 = 0
        var sum: Int64 { used + held }
    }

    /// A limit that is judged, and how far it is used up by others.
    struct Bound {
        let kind: String
        let limit: Int64
        var count: Count
    }

    struct Books {
        let catalog: Catalog
        var orders: [String: Order] = [:]
        /// Counts that stay although their order was released and started again.
        var kept: [Use] = []

        init(_ catalog: Catalog) { self.catalog = catalog }
    }
}

extension Reference.Books {
    /// What others have used and hold: neither the asking order, nor the one whose holds it takes.
    func count(
        for ask: Reference.Ask, at now: Int64, startingAt used: Int64 = 0,
        where isMeant: (Reference.Use) -> Bool, weight: (Reference.Use) -> Int64 = { _ in 1 }
    ) -> Reference.Count {
        var count = Reference.Count(used: used)
        for use in kept where isMeant(use) { count.used += weight(use) }
        for (id, order) in orders {
            for use in order.uses where isMeant(use) {
                if use.isReleased {
                    if use.keepsUse && order.isApplied { count.used += weight(use) }
                } else if order.isApplied {
                    if id != ask.order { count.used += weight(use) }
                } else if order.isLive(at: now) && id != ask.order && id != ask.holdOf {
                    count.held += weight(use)
                }
            }
        }
        return count
    }

    /// Every limit on counts that the contract has for this candidate, with its count.
    func bounds(
        of candidate: Reference.Candidate, for ask: Reference.Ask, at now: Int64
    ) -> [Reference.Bound] {
        let (coupon, limits) = (candidate.coupon, candidate.coupon.limits)
        var bounds: [Reference.Bound] = []
        func add(
            _ kind: String, _ limit: Int64?, startingAt used: Int64 = 0,
            where isMeant: (Reference.Use) -> Bool
        ) {
            guard let limit else { return }
            let count = count(for: ask, at: now, startingAt: used, where: isMeant)
            bounds.append(Reference.Bound(kind: kind, limit: limit, count: count))
        }
        func isOwn(_ use: Reference.Use) -> Bool { use.coupon == candidate.place }
        add("total", limits.total, startingAt: coupon.used) { isOwn($0) }
        if let code = candidate.code {
            let text = Reference.plain(code.text)
            let most = code.usesMax ?? (code.multiUse == false ? 1 : limits.perCode)
            add("code", most, startingAt: code.used) { isOwn($0) && $0.code == text }
        }
        if let offer = candidate.offer {
            add("offer", offer.limit) { use in
                guard let counter = offer.counter else {
                    return isOwn(use) && use.offer == offer.id
                }
                return use.counter == counter
            }
        }
        if let customer = ask.customer {
            for (limit, code) in [
                (limits.perCustomer, nil),
                (candidate.code?.multiUse == true ? 1 : nil, candidate.code?.text),
            ] {
                guard let limit else { continue }
                let counts = customerCounts(customer, ask, now) { use in
                    isOwn(use) && (code == nil || use.code == code.map(Reference.plain))
                }
                guard let count = counts else { continue }
                bounds.append(Reference.Bound(kind: "customer", limit: limit, count: count))
            }
        }
        let wall = Reference.Wall(at: candidate.judgedAt, in: coupon.zone)
        add("day", limits.perDay) { isOwn($0) && $0.wall.day == wall.day }
        add("week", limits.perWeek) { isOwn($0) && $0.wall.week == wall.week }
        add("month", limits.perMonth) { isOwn($0) && $0.wall.month == wall.month }
        let bookingDay = candidate.booking(of: ask, in: coupon.zone).day
        add("booking_date", limits.perBookingDate) { isOwn($0) && $0.bookingDay == bookingDay }
        return bounds
    }

    /// Each identity is counted, and the higher count decides.
    private func customerCounts(
        _ customer: Reference.Customer, _ ask: Reference.Ask, _ now: Int64,
        where isMeant: (Reference.Use) -> Bool
    ) -> Reference.Count? {
        var counts: [Reference.Count] = []
        if let id = customer.id {
            counts.append(count(for: ask, at: now) { isMeant($0) && $0.customer == id })
        }
        if let address = customer.address {
            counts.append(count(for: ask, at: now) { isMeant($0) && $0.address == address })
        }
        return counts.reduce(nil) { best, count in
            guard let best, best.sum >= count.sum else { return count }
            return best
        }
    }

    /// Money that a coupon gave to others or holds for them.
    func given(
        by place: Int, _ currency: String, for ask: Reference.Ask, at now: Int64
    ) -> Reference.Count {
        count(
            for: ask, at: now, startingAt: catalog.coupons[place].given[currency] ?? 0,
            where: { $0.coupon == place && $0.currency == currency && !$0.isReleased },
            weight: \.money)
    }

    /// Money that others spent from a card, and hold.
    func spent(from card: Int, for ask: Reference.Ask, at now: Int64) -> Reference.Count {
        let terms = catalog.cards[card]
        return count(
            for: ask, at: now, startingAt: terms.amount - terms.balance,
            where: { $0.card == card && !$0.isReleased }, weight: \.money)
    }
}

// MARK: Release

extension Reference.Books {
    static func error(_ code: String, _ details: JSON = .absent) -> JSON {
        details == .absent
            ? ["error": ["code": .text(code)]]
            : ["error": ["code": .text(code), "details": details]]
    }

    mutating func release(_ ask: Reference.Ask, at now: Int64) -> JSON {
        guard let id = ask.order, var order = orders[id] else { return Self.error("not_found") }
        // A hold that lapsed cannot be given back.
        if !order.isApplied && !order.isReleased && !order.isLive(at: now) {
            return Self.error("not_found")
        }
        let isWhole = ask.codes.isEmpty && ask.coupon == nil
        // An order without codes is known, but has nothing to give back.
        if order.uses.isEmpty && order.lastRelease == nil && isWhole {
            order.lastRelease = ["released": true, "codes": []]
            orders[id] = order
            return order.lastRelease ?? .absent
        }
        let meant = order.uses.indices.filter { place in
            let use = order.uses[place]
            let isCode = ask.codes.isEmpty || use.code == Reference.plain(ask.codes[0].text)
            let isCoupon =
                ask.coupon == nil || use.coupon.map { catalog.coupons[$0].id } == ask.coupon
            return isCode && isCoupon
        }
        if meant.isEmpty && !isWhole { return Self.error("not_found") }
        let open = meant.filter { !order.uses[$0].isReleased }
        if open.isEmpty {
            guard case .object(var last) = order.lastRelease else { return Self.error("not_found") }
            last["replayed"] = true
            return .object(last)
        }
        var given: [JSON] = []
        for place in open {
            order.uses[place].isReleased = true
            guard case .object(var released) = order.uses[place].released else { continue }
            released["was"] = order.isApplied ? "applied" : "reserved"
            if order.isApplied && order.uses[place].keepsUse { released["use_returned"] = false }
            given.append(.object(released))
        }
        let reply: JSON = ["released": true, "codes": .list(given)]
        order.lastRelease = reply
        orders[id] = order
        return reply
    }

    /// Records an order in place of its earlier state, and takes over the holds of `holdOf`.
    mutating func record(_ order: Reference.Order, for ask: Reference.Ask, at now: Int64) {
        guard let id = ask.order else { return }
        if let old = orders[id], old.isApplied {
            kept += old.uses.filter { $0.isReleased && $0.keepsUse }
        }
        if let session = ask.holdOf, session != id, let hold = orders[session],
            hold.isLive(at: now), !hold.isReleased
        {
            orders[session] = nil
        }
        orders[id] = order
    }
}
