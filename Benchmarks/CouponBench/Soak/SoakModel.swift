// The model knows what every request must be answered, as far as a client can know it. Requests on one
// connection are answered in order, so only time and a reload leave a doubt: when exactly a hold lapses,
// an order is forgotten or archived, and new definitions are served. An ending therefore has an earliest
// and a latest moment. Between them both answers are right, and the model learns from the one that came;
// before and after, only one is. It is the same with the editions of the definitions during a reload.

/// When something ends, in seconds on the clock of the soak.
struct SoakEnding {
    var earliest: Double
    var latest: Double

    /// Something that lasts for so long from a moment within `start`, and may be ended a little later
    /// than it could be.
    init(_ seconds: Double, after start: ClosedRange<Double>, delay: Double) {
        earliest = start.lowerBound + seconds - Self.clockError
        latest = start.upperBound + seconds + delay
    }

    /// The clocks of daemon and model are read at different moments and to a millisecond.
    private static let clockError = 0.1
}

/// An order, from the replies about it.
struct SoakOrder {
    enum Standing: Equatable {
        case held
        case applied(discount: Int, redemption: String)
        case released(from: String)
    }

    var purchase: SoakPurchase
    var standing: Standing
    /// When it lapses, is archived or is forgotten.
    var ending: SoakEnding
}

extension SoakOrder {
    /// What the archive says of it, by redemption; empty if it used nothing.
    fileprivate func archived(_ number: Int) -> [String: ArchivedSoakOrder] {
        guard case .applied(let discount, let redemption) = standing else { return [:] }
        return [
            redemption: ArchivedSoakOrder(
                order: SoakRequest.name(ofOrder: number), code: purchase.code.text,
                discount: discount)
        ]
    }
}

/// The uses of one limit.
struct SoakUses {
    fileprivate(set) var used = 0
    /// Orders that hold it.
    fileprivate var holds: [Int: SoakEnding] = [:]

    /// How many orders other than `own` hold it, at least and at most.
    fileprivate func held(
        during moment: ClosedRange<Double>, notBy own: Int? = nil
    ) -> ClosedRange<Int> {
        var (least, most) = (0, 0)
        for (order, ending) in holds where order != own && ending.latest > moment.lowerBound {
            most += 1
            if ending.earliest > moment.upperBound { least += 1 }
        }
        return least...most
    }

    fileprivate mutating func removeLapsed(before moment: Double) {
        holds = holds.filter { $0.value.latest > moment }
    }
}

/// What the daemon must answer.
struct SoakModel {
    /// For how long orders are kept, in seconds.
    struct Keeping {
        var forgetUnused: Double
        var retention: Double
    }

    private let keeping: Keeping
    private var orders: [Int: SoakOrder] = [:]
    private var uses: [SoakCounter: SoakUses] = [:]
    /// The editions of the definitions that may be served: during a reload two.
    private var editions = [0]
    /// Orders that were archived, by redemption.
    private(set) var archived: [String: ArchivedSoakOrder] = [:]
    /// Orders that were given back when they could have been archived: the line of such an order may
    /// have been written before the release came.
    private(set) var releasedLate: [String: ArchivedSoakOrder] = [:]
    private(set) var counts = SoakCounts()

    /// For so long an expired order may wait for its turn, and for its line in the archive.
    private static let lapseDelay = 2.0
    private static let archiveDelay = 5.0

    init(_ keeping: Keeping) { self.keeping = keeping }

    // MARK: - Editions

    /// From now on the daemon may serve the next edition. Returns its number.
    mutating func beginReload() -> Int {
        let next = (editions.last ?? 0) + 1
        editions.append(next)
        return next
    }

    /// From now on the daemon serves the newest edition only.
    mutating func endReload() { editions = editions.suffix(1) }

    // MARK: - Checking

    /// Compares the reply to a request that was sent and answered within `moment`, and remembers what
    /// it changed.
    mutating func check(
        _ request: SoakRequest, _ line: String, id: Int, during moment: ClosedRange<Double>
    ) throws(SoakDisagreement) {
        guard let reply = SoakReply(line: line), reply.id == id else {
            throw SoakDisagreement(
                request: request.line(id: id), reply: line, reasons: ["it is not a reply to this"])
        }
        let tracked = request.order.flatMap { orders[$0] }
        var reasons: [String] = []
        for order in possibilities(of: tracked, during: moment) {
            for (place, edition) in editions.enumerated() {
                if let reason = fault(of: reply, to: request, order, edition, during: moment) {
                    if !reasons.contains(reason) { reasons.append(reason) }
                    continue
                }
                editions.removeFirst(place)
                if order == nil, let number = request.order { end(number) }
                follow(request, reply, during: moment)
                return
            }
        }
        throw SoakDisagreement(request: request.line(id: id), reply: line, reasons: reasons)
    }

    /// What the order may be at that moment; nil stands for one that has ended.
    private func possibilities(
        of order: SoakOrder?, during moment: ClosedRange<Double>
    ) -> [SoakOrder?] {
        guard let order, order.ending.latest > moment.lowerBound else { return [nil] }
        return order.ending.earliest > moment.upperBound ? [order] : [order, nil]
    }

    /// Why the reply is wrong, if the order and the edition are these.
    private func fault(
        of reply: SoakReply, to request: SoakRequest, _ order: SoakOrder?, _ edition: Int,
        during moment: ClosedRange<Double>
    ) -> String? {
        switch request {
        case .validate(let purchase):
            return reply.fault(
                asVerdictOn: purchase, edition, uses(for: purchase, during: moment))
        case .reserve(let number, let purchase, _):
            if case .applied = order?.standing {
                return reply.fault(asError: "idempotency_conflict")
            }
            if reply.reserved != reply.valid { return "reserved differs from valid" }
            return reply.fault(
                asVerdictOn: purchase, edition, uses(for: purchase, by: number, during: moment))
        case .apply(let number, let purchase):
            if case .applied(let discount, let redemption) = order?.standing {
                return order?.purchase == purchase
                    ? reply.fault(asReplayOf: purchase, discount, redemption)
                    : reply.fault(asError: "idempotency_conflict")
            }
            if reply.applied != reply.valid { return "applied differs from valid" }
            if (reply.codes?.first?.redemption != nil) != (reply.applied == true) {
                return "an applied code has a redemption, another has none"
            }
            return reply.fault(
                asVerdictOn: purchase, edition, uses(for: purchase, by: number, during: moment))
        case .release:
            switch order?.standing {
            case nil: return reply.fault(asError: "not_found")
            case .held: return reply.fault(asReleaseOf: "reserved", isReplay: false)
            case .applied: return reply.fault(asReleaseOf: "applied", isReplay: false)
            case .released(let was): return reply.fault(asReleaseOf: was, isReplay: true)
            }
        case .usage(let code, let customer):
            let purchase = SoakPurchase(code: code, customer: customer, quantity: 1)
            return reply.fault(asUsageOf: purchase, edition, uses(for: purchase, during: moment))
        }
    }

    private func uses(
        for purchase: SoakPurchase, by order: Int? = nil, during moment: ClosedRange<Double>
    ) -> SoakUsesSeen {
        guard let found = purchase.counter.flatMap({ uses[$0] }) else {
            return SoakUsesSeen(used: 0, held: 0...0)
        }
        return SoakUsesSeen(used: found.used, held: found.held(during: moment, notBy: order))
    }

    // MARK: - Following

    private mutating func follow(
        _ request: SoakRequest, _ reply: SoakReply, during moment: ClosedRange<Double>
    ) {
        counts.add(reply)
        switch request {
        case .validate, .usage: break
        case .reserve(let number, let purchase, let seconds):
            guard reply.valid == true else { return }
            removeHold(of: number)
            let ending = SoakEnding(Double(seconds), after: moment, delay: Self.lapseDelay)
            orders[number] = SoakOrder(purchase: purchase, standing: .held, ending: ending)
            if let counter = purchase.counter {
                uses[counter, default: .init()].holds[number] = ending
            }
        case .apply(let number, let purchase):
            guard reply.valid == true, reply.replayed != true,
                let redemption = reply.codes?.first?.redemption
            else { return }
            removeHold(of: number)
            orders[number] = SoakOrder(
                purchase: purchase,
                standing: .applied(discount: reply.discount ?? 0, redemption: redemption),
                ending: SoakEnding(keeping.retention, after: moment, delay: Self.archiveDelay))
            if let counter = purchase.counter { uses[counter, default: .init()].used += 1 }
        case .release(let number):
            guard reply.released == true, reply.replayed != true, let order = orders[number] else {
                return
            }
            removeHold(of: number)
            if case .applied = order.standing {
                if let counter = order.purchase.counter { uses[counter]?.used -= 1 }
                if order.ending.earliest <= moment.upperBound {
                    releasedLate.merge(order.archived(number)) { _, new in new }
                }
            }
            orders[number] = SoakOrder(
                purchase: order.purchase,
                standing: .released(from: order.standing == .held ? "reserved" : "applied"),
                ending: SoakEnding(keeping.forgetUnused, after: moment, delay: Self.lapseDelay))
        }
    }

    private mutating func removeHold(of number: Int) {
        guard let counter = orders[number]?.purchase.counter else { return }
        uses[counter]?.holds[number] = nil
    }

    private mutating func end(_ number: Int) {
        guard let order = orders[number] else { return }
        removeHold(of: number)
        orders[number] = nil
        archived.merge(order.archived(number)) { _, new in new }
    }

    /// Drops what has ended at that moment, on the clock of the soak.
    mutating func sweep(at moment: Double) {
        for (number, order) in orders where order.ending.latest <= moment { end(number) }
        for counter in uses.keys { uses[counter]?.removeLapsed(before: moment) }
    }

    // MARK: - Looking

    /// Orders that may be on record, without those that lapsed.
    var orderCount: Int { orders.count }

    /// What was replied last about an order that has not ended for certain.
    func order(_ number: Int) -> SoakOrder? { orders[number] }

    /// Applied orders, in no particular order.
    var appliedOrders: [Int] {
        orders.compactMap { number, order in
            if case .applied = order.standing { number } else { nil }
        }
    }

    /// When the last of the orders has ended.
    var lastEnding: Double { orders.values.map(\.ending.latest).max() ?? 0 }

    /// The limits that were ever used.
    var counters: [SoakCounter] { Array(uses.keys) }

    /// Uses of all counters together.
    var usedCount: Int { uses.values.reduce(0) { $0 + $1.used } }
}
