// The guarantees that a client may rely on, and no more. It keeps for every order the state after
// the last acknowledged request. A request without a reply leaves a doubt, which allows exactly two
// states: the one before it, or the one after it. Asking again resolves the doubt, as a shop would.

/// A client's request about an order.
enum OrderRequest: CaseIterable {
    case reserve, apply, release
}

/// The state of an order.
enum OrderStanding: Equatable, Sendable {
    /// Never requested, or refused: the daemon has no record of it.
    case unknown
    case held
    case used(redemptions: [String])
    case givenBack

    /// How many uses of each of its codes it takes and holds.
    var used: Int { if case .used = self { 1 } else { 0 } }
    var held: Int { self == .held ? 1 : 0 }

    var redemptions: [String] { if case .used(let redemptions) = self { redemptions } else { [] } }
}

/// An order, as its client knows it.
struct TrackedOrder: Sendable {
    let name: String
    let codes: [String]
    /// The state after the last reply.
    fileprivate(set) var standing = OrderStanding.unknown
    /// The request since then that was never answered.
    fileprivate(set) var doubt: OrderRequest?

    /// The states that it may be in: one, or two in doubt.
    fileprivate var possible: [OrderStanding] {
        switch doubt {
        case nil: [standing]
        case .reserve: [standing, .held]
        // Its redemptions are not known yet, but the counts do not depend on them.
        case .apply: [standing, standing.used == 1 ? standing : .used(redemptions: [])]
        case .release: [standing, standing == .unknown ? .unknown : .givenBack]
        }
    }

    /// The line that asks for `request`.
    func line(_ request: OrderRequest) -> String {
        let list = codes.map { "\"\($0)\"" }.joined(separator: ",")
        let purchase = #","codes":[\#(list)],"# + ShopRequests.cart
        return switch request {
        case .reserve: #"{"op":"reserve","order":"\#(name)"\#(purchase)}"#
        case .apply: #"{"op":"apply","order":"\#(name)"\#(purchase)}"#
        case .release: #"{"op":"release","order":"\#(name)"}"#
        }
    }
}

/// The facts in a reply line about its order. Members are written in one way only, so a search for
/// their text is exact; to parse thousands of lines as JSON would take longer than the crashes.
struct OrderReply {
    let line: String

    func says(_ member: String, _ value: Bool) -> Bool { line.contains("\"\(member)\":\(value)") }

    var isAboutLimit: Bool { line.contains(#""reason":"usage_limit_reached""#) }

    var isNotFound: Bool { line.contains(#""error":{"code":"not_found""#) }

    /// Of each code, in their order.
    var redemptions: [String] {
        line.split(separator: #""redemption":""#).dropFirst()
            .map { String($0.prefix { $0 != "\"" }) }
    }
}

/// A reply that no history allows.
struct ImpossibleReply: Error, CustomStringConvertible {
    let description: String
}

/// All orders of one client.
struct OrderBook: Sendable {
    let client: Int
    private(set) var orders: [TrackedOrder] = []
    /// Orders with requests since their last check.
    private(set) var touched: Set<Int> = []

    init(client: Int) { self.client = client }

    mutating func add(codes: [String]) -> Int {
        orders.append(TrackedOrder(name: "o-\(client)-\(orders.count)", codes: codes))
        return orders.count - 1
    }

    /// A request was sent, and the daemon ended without a reply.
    mutating func lost(_ request: OrderRequest, for order: Int) {
        touched.insert(order)
        orders[order].doubt = request
    }

    mutating func checked(_ order: Int) { touched.remove(order) }

    /// The lowest and the highest number of uses and holds that each code can have.
    func count(into counts: inout [String: CodeCount]) {
        for order in orders {
            let possible = order.possible
            for code in order.codes {
                var count = counts[code] ?? CodeCount()
                count.usedMin += possible.map(\.used).min() ?? 0
                count.usedMax += possible.map(\.used).max() ?? 0
                count.heldMin += possible.map(\.held).min() ?? 0
                count.heldMax += possible.map(\.held).max() ?? 0
                counts[code] = count
            }
        }
    }

    /// Redemptions that were acknowledged and are in force.
    var redemptions: [String] { orders.flatMap(\.standing.redemptions) }
}

/// The range of a code's counters.
struct CodeCount {
    var usedMin = 0
    var usedMax = 0
    var heldMin = 0
    var heldMax = 0
}

// MARK: - Replies

extension OrderBook {
    /// Records the reply to a request; throws if no history allows it.
    mutating func note(_ request: OrderRequest, for index: Int, _ reply: OrderReply) throws {
        let order = orders[index]
        let next: OrderStanding?
        switch request {
        case .reserve: next = Self.afterReserve(order, reply)
        case .apply: next = Self.afterApply(order, reply)
        case .release: next = Self.afterRelease(order, reply)
        }
        guard let next else {
            throw ImpossibleReply(
                description: "\(order), asked to \(request), is answered \(reply.line)")
        }
        touched.insert(index)
        orders[index].standing = next
        orders[index].doubt = nil
    }

    /// The state of the order after the reply; nil if that is impossible.
    private static func afterReserve(_ order: TrackedOrder, _ reply: OrderReply) -> OrderStanding? {
        if reply.says("reserved", true) { return order.standing.used == 0 ? .held : nil }
        return afterRefusal(order, reply, verdict: "reserved")
    }

    private static func afterApply(_ order: TrackedOrder, _ reply: OrderReply) -> OrderStanding? {
        guard reply.says("applied", true) else {
            return afterRefusal(order, reply, verdict: "applied")
        }
        let redemptions = reply.redemptions
        guard redemptions.count == order.codes.count else { return nil }
        let isReplay = reply.says("replayed", true)
        if case .used(let known) = order.standing {
            return isReplay && redemptions == known ? order.standing : nil
        }
        // Only a request in doubt can turn out to have been applied before.
        if isReplay && order.doubt != .apply { return nil }
        return .used(redemptions: redemptions)
    }

    /// A limit may be reached, but not for an order that has its use or its hold.
    private static func afterRefusal(
        _ order: TrackedOrder, _ reply: OrderReply, verdict: String
    ) -> OrderStanding? {
        guard reply.says(verdict, false), reply.isAboutLimit,
            order.standing == .unknown || order.standing == .givenBack
        else { return nil }
        return order.standing
    }

    private static func afterRelease(_ order: TrackedOrder, _ reply: OrderReply) -> OrderStanding? {
        if reply.says("released", true) {
            let isRepeat = reply.says("replayed", true)
            if order.standing == .unknown { return nil }
            let mayBeDone = order.standing == .givenBack || order.doubt == .release
            let mayBeLeft = order.standing != .givenBack
            return (isRepeat ? mayBeDone : mayBeLeft) ? .givenBack : nil
        }
        return reply.isNotFound && order.standing == .unknown ? .unknown : nil
    }
}
