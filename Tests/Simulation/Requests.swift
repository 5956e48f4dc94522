import StoreSupport

// What the shop's clients ask. There are few orders and few codes, so that requests meet: the same
// order from two connections, the same single-use code for two orders, a session taken over by the
// order that was waiting for it. Half of what is sent for an order was sent before, word for word.

/// One line that a client sends.
package final class Request {
    package enum Operation: String, CaseIterable, Sendable {
        case validate, reserve, apply, release, usage, reload, snapshot

        /// Whether its reply speaks of what must be durable.
        var commits: Bool { self == .reserve || self == .apply || self == .release }
    }

    let id: Int
    let operation: Operation
    /// The order that it may change; empty for none.
    let order: String
    /// Another order whose holds it takes over; empty for none.
    let session: String
    /// Everything but the id: equal for the same request again.
    let body: String
    /// Of a reserve.
    let ttlSeconds: Int64
    /// Of a release: the code that is given back; empty for all.
    let code: String

    /// Bounds of the journal's last record when this was decided: several lines may be decided in
    /// one call.
    var needed: ClosedRange<UInt64> = 0...0
    var decidedAt: Moment?
    var reply: Reply?

    init(
        id: Int, _ operation: Operation, order: String = "", session: String = "", body: String,
        ttlSeconds: Int64 = 0, code: String = ""
    ) {
        self.id = id
        self.operation = operation
        self.order = order
        self.session = session
        self.body = body
        self.ttlSeconds = ttlSeconds
        self.code = code
    }

    var line: [UInt8] { Array("{\"id\":\(id),\(body)}\n".utf8) }
}

/// Thinks up requests.
struct RequestMaker {
    private var lastID = 0
    /// What was asked for each order last.
    private var latest: [String: Request] = [:]
    /// Rises while the day goes on: orders come and go.
    private var orderBase = 0

    private static let codes = [
        "TEN", "OWN", "ONCE1", "ONCE2", "ONCE3", "RICH", "KEEP", "FEW", "GIFT1", "GIFT2",
    ]

    /// The next request of a shop front.
    mutating func next(_ luck: inout SeededGenerator) -> Request {
        lastID += 1
        if luck.happens(12) { orderBase += 1 }
        let order = "o\(orderBase + Int.random(in: 0..<12, using: &luck))"
        if let before = latest[order], luck.happens(35) { return again(before) }
        let request: Request
        switch Int.random(in: 0..<20, using: &luck) {
        case 0: request = Request(id: lastID, .usage, body: usageBody(&luck))
        case 1, 2:
            request = Request(
                id: lastID, .validate, body: "\"op\":\"validate\"," + checkoutBody(&luck))
        case 3...6: request = reserve(luck.happens(40) ? "s\(luck.below(4))" : order, &luck)
        case 7...9: request = release(order, &luck)
        default: request = apply(order, &luck)
        }
        if request.operation.commits { latest[request.order] = request }
        return request
    }

    /// A request of an operator.
    mutating func order(_ operation: Request.Operation) -> Request {
        lastID += 1
        return Request(id: lastID, operation, body: "\"op\":\"server.\(operation.rawValue)\"")
    }

    /// The same request under another id, as a client sends it that got no reply.
    private func again(_ before: Request) -> Request {
        Request(
            id: lastID, before.operation, order: before.order, session: before.session,
            body: before.body, ttlSeconds: before.ttlSeconds, code: before.code)
    }

    private func apply(_ order: String, _ luck: inout SeededGenerator) -> Request {
        let session = luck.happens(15) ? "s\(luck.below(4))" : ""
        var body = "\"op\":\"apply\",\"order\":\"\(order)\","
        if !session.isEmpty { body += "\"hold_of\":\"\(session)\"," }
        if luck.happens(50) {
            let note = String(repeating: "n", count: luck.below(100))
            body += "\"metadata\":{\"note\":\"\(note)\"},"
        }
        return Request(
            id: lastID, .apply, order: order, session: session, body: body + checkoutBody(&luck))
    }

    private func reserve(_ order: String, _ luck: inout SeededGenerator) -> Request {
        let ttl = [1, 5, 60, 900][luck.below(4)]
        let body = "\"op\":\"reserve\",\"order\":\"\(order)\",\"ttl\":\(ttl),"
        return Request(
            id: lastID, .reserve, order: order, body: body + checkoutBody(&luck),
            ttlSeconds: Int64(ttl))
    }

    private func release(_ order: String, _ luck: inout SeededGenerator) -> Request {
        var body = "\"op\":\"release\",\"order\":\"\(order)\""
        let code = luck.happens(25) ? Self.codes[luck.below(Self.codes.count)] : ""
        if !code.isEmpty { body += ",\"code\":\"\(code)\"" }
        return Request(id: lastID, .release, order: order, body: body, code: code)
    }

    private func usageBody(_ luck: inout SeededGenerator) -> String {
        let code = Self.codes[luck.below(Self.codes.count)]
        return "\"op\":\"usage\",\"code\":\"\(code)\",\"customer\":\"c\(luck.below(3))\""
    }

    private func checkoutBody(_ luck: inout SeededGenerator) -> String {
        let first = Self.codes[luck.below(Self.codes.count)]
        let second = Self.codes[luck.below(Self.codes.count)]
        var body = "\"customer\":\"c\(luck.below(3))\","
        if luck.happens(30) && first != second {
            body += "\"codes\":[\"\(first)\",\"\(second)\"],"
            if luck.happens(50) { body += "\"mode\":\"partial\"," }
        } else {
            body += "\"code\":\"\(first)\","
        }
        let price = 1_000 * (1 + luck.below(4))
        body += "\"cart\":{\"currency\":\"USD\",\"lines\":["
        body += "{\"product\":\"p1\",\"quantity\":1,\"unit_price\":\(price)}"
        if luck.happens(40) { body += ",{\"product\":\"p2\",\"quantity\":2,\"unit_price\":333}" }
        return body + "]}"
    }
}

extension SeededGenerator {
    /// True in so many of a hundred cases.
    mutating func happens(_ percent: Int) -> Bool { below(100) < percent }

    /// A number from 0 up to one below `bound`.
    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(bound)) }
}
