import CouponStore

// What a shop knows of an order from its replies, and nothing else. Requests of one order are
// decided one after the other, but their replies may come in another order, over other connections,
// or never. So what is known follows the replies as far as all before are there; behind that the
// order is uncertain, and a crash may have left it in any of the states that lie ahead.

/// What a shop knows of one order.
struct OrderModel {
    enum Standing: Equatable {
        /// Nothing was acknowledged that a crash must keep, or more than one state is possible.
        case uncertain
        /// It holds and uses nothing, and never did.
        case nothing
        /// It holds uses for so long, on the clock of `Moment`, and by the time of day.
        case reserved(until: Int64, wall: Int64)
        case applied(Reply.Facts, body: String)
        /// Some of its codes were given back.
        case partlyReleased(Reply.Facts)
        case released
    }

    private(set) var standing = Standing.nothing
    /// When the standing began; the shortest time ago that it can be.
    private var since = Moment(wall: .min, steady: .min)
    /// When the order was applied, on the steady clock: one that is released and kept uses is kept from
    /// then on.
    private var appliedAt = Int64.min
    private let keeping: OrderKeeping
    /// Whether there is room for so few orders that unused ones make room.
    private let isTight: Bool
    /// The last record that this rests on.
    private(set) var needed: UInt64 = 0
    /// Decided, and not all answered, in order.
    private var open: [Request] = []
    private let name: String

    init(name: String, _ keeping: OrderKeeping, isTight: Bool) {
        self.name = name
        self.keeping = keeping
        self.isTight = isTight
    }

    /// Whether the daemon may know nothing of the order any more.
    func mayBeForgotten(at moment: Moment) -> Bool {
        let passed = moment.steady.subtractingReportingOverflow(since.steady)
        let elapsed = passed.overflow ? .max : passed.partialValue
        switch standing {
        case .uncertain, .nothing: return true
        case .reserved(let until, let wall):
            // Once lapsed it uses nothing.
            let unused = isTight ? 0 : keeping.unusedMilliseconds
            return moment.steady >= until + unused || moment.latestWall >= wall + unused
        // A second is the most by which the clock may lie behind the date of the purge.
        case .applied, .partlyReleased: return elapsed >= keeping.retentionMilliseconds - 1_000
        case .released:
            // Across a restart it is forgotten by the time of day.
            let byWall = moment.latestWall.subtractingReportingOverflow(since.wall)
            let kept = moment.steady.subtractingReportingOverflow(appliedAt)
            return isTight || elapsed >= keeping.unusedMilliseconds || byWall.overflow
                || byWall.partialValue >= keeping.unusedMilliseconds || kept.overflow
                || kept.partialValue >= keeping.retentionMilliseconds - 1_000
        }
    }

    /// Whether everything that was asked was answered.
    var isCertain: Bool { open.isEmpty && standing != .uncertain }

    /// Whether it was on record by what the shop knows, which holds until it is over.
    var isGone: Bool { isCertain && standing != .nothing }

    /// A request that may change the order was decided.
    mutating func decided(_ request: Request) { open.append(request) }

    /// Some request of the order was answered.
    mutating func follow() throws(Violation) {
        var count = 0
        while count < open.count, let reply = open[count].reply {
            try take(reply, to: open[count])
            count += 1
        }
        open.removeFirst(count)
    }

    private mutating func take(_ reply: Reply, to request: Request) throws(Violation) {
        if request.order != name {
            // Its holds may have been taken over.
            if reply.applied && !reply.replayed { believe(.uncertain, request) }
            return
        }
        switch request.operation {
        case .apply: try takeApply(reply, request)
        case .reserve: try takeReserve(reply, request)
        case .release: try takeRelease(reply, request)
        case .validate, .usage, .reload, .snapshot: break
        }
    }

    private mutating func takeApply(_ reply: Reply, _ request: Request) throws(Violation) {
        guard reply.applied else { return }
        forgetWhatMayBe(request)
        switch standing {
        case .applied(let facts, let body):
            guard reply.replayed else {
                throw Violation("order \(name) was applied twice")
            }
            if body == request.body && facts != reply.facts {
                throw Violation("a replay of \(name) says \(reply.facts), not \(facts)")
            }
        case .partlyReleased:
            throw Violation("order \(name) was applied though parts of it were given back")
        case .nothing, .released, .reserved:
            if reply.replayed { throw Violation("order \(name) is replayed and was not applied") }
        case .uncertain: break
        }
        believe(.applied(reply.facts, body: request.body), request)
    }

    private mutating func takeReserve(_ reply: Reply, _ request: Request) throws(Violation) {
        guard reply.reserved, let moment = request.decidedAt else { return }
        forgetWhatMayBe(request)
        switch standing {
        case .applied, .partlyReleased:
            throw Violation("order \(name) is applied and was reserved")
        case .nothing, .released, .reserved, .uncertain: break
        }
        believe(
            .reserved(
                until: moment.steady + request.ttlSeconds * 1_000,
                wall: moment.wall + request.ttlSeconds * 1_000), request)
    }

    private mutating func takeRelease(_ reply: Reply, _ request: Request) throws(Violation) {
        if reply.error == "not_found" && request.code.isEmpty {
            forgetWhatMayBe(request)
            switch standing {
            case .applied, .partlyReleased, .released:
                throw Violation("order \(name) is known, and its release is not_found")
            case .nothing, .reserved, .uncertain: break
            }
        }
        guard reply.released, !reply.replayed else { return }
        switch (standing, request.code.isEmpty) {
        case (.released, _):
            throw Violation("order \(name) was given back twice")
        case (_, true): believe(.released, request)
        // Whether anything is left of it follows from how many codes it had.
        case (_, false): believe(.uncertain, request)
        }
    }

    /// What was said of the order may be over by the time of this request.
    private mutating func forgetWhatMayBe(_ request: Request) {
        guard let moment = request.decidedAt, mayBeForgotten(at: moment) else { return }
        standing = .uncertain
    }

    private mutating func believe(_ next: Standing, _ request: Request) {
        // A replay does not say when it began.
        let isNew = request.reply?.replayed != true
        if let moment = request.decidedAt, isNew {
            since = moment
            if case .applied = next { appliedAt = moment.steady }
        }
        standing = next
        needed = max(needed, request.needed.upperBound)
    }

    // MARK: - After a restart

    /// Whether a recovered state has what was acknowledged, at `moment`.
    func check(_ order: StateView.Order?, at moment: Moment) throws(Violation) {
        guard isCertain else { return }
        if order == nil && mayBeForgotten(at: moment) { return }
        switch standing {
        case .uncertain: break
        case .nothing:
            if let order, order.state != .released {
                throw Violation("order \(name) is \(order.state), and nothing was ever decided")
            }
        case .reserved(let until, _):
            guard let order, order.state == .reserved || order.isLapsed else {
                throw Violation("the hold of order \(name) is gone")
            }
            if order.isLapsed && moment.steady < until {
                throw Violation("the hold of order \(name) lapsed before its time")
            }
        case .applied(let facts, _):
            guard let order, order.state == .applied else {
                throw Violation("the use of order \(name) is gone")
            }
            let redemptions = order.redemptions.filter { $0 > 0 }.map(redemptionText)
            if redemptions != facts.redemptions || order.discount != Int64(facts.discount)
                || order.total != Int64(facts.total)
            {
                throw Violation("order \(name) has \(redemptions), \(order.discount), not \(facts)")
            }
        case .partlyReleased:
            guard let order, order.state == .partlyApplied else {
                throw Violation("what order \(name) gave back in part is whole again")
            }
        case .released:
            guard let order, order.state == .released else {
                throw Violation("the release of order \(name) is gone")
            }
        }
    }

    /// Takes up what a recovered state says of an order that was uncertain, or of which more was
    /// acknowledged than `kept`, the last record that is left. The state is that up to
    /// `sequence`.
    mutating func restart(
        with order: StateView.Order?, upTo sequence: UInt64, kept: UInt64, at moment: Moment
    ) {
        let isKnown = isCertain && needed <= kept
        open = []
        if order == nil && (!isKnown || mayBeForgotten(at: moment)) {
            standing = .nothing
            needed = sequence
            return
        }
        if isKnown {
            // Across a restart holds lapse by the time of day.
            if order?.isLapsed == true {
                standing = .nothing
                needed = sequence
            } else if case .reserved(_, let wall) = standing {
                standing = .reserved(until: moment.steady + wall - moment.wall, wall: wall)
            }
            return
        }
        needed = sequence
        since = Moment(wall: .min, steady: .min)
        appliedAt = .min
        guard let order else { return }
        switch order.state {
        case .reserved:
            standing = .reserved(
                until: moment.steady + order.expiresAt - moment.wall, wall: order.expiresAt)
        case .applied:
            standing = .applied(
                Reply.Facts(
                    redemptions: order.redemptions.filter { $0 > 0 }.map(redemptionText),
                    discount: Int(order.discount), total: Int(order.total)), body: "")
        case .partlyApplied:
            standing = .partlyReleased(
                Reply.Facts(redemptions: [], discount: 0, total: 0))
        // It may have been given back, have lapsed or have been taken over: that differs for what
        // a release is answered.
        case .released: standing = .uncertain
        }
    }
}

/// What both clocks say.
struct Moment {
    /// Milliseconds since 1970, which may jump.
    var wall: Int64 { didSet { latestWall = max(latestWall, wall) } }
    /// The latest that it ever was.
    private(set) var latestWall: Int64
    /// Milliseconds that only pass.
    var steady: Int64

    init(wall: Int64, steady: Int64) {
        self.wall = wall
        latestWall = wall
        self.steady = steady
    }
}

/// Something that was promised did not hold.
package struct Violation: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
