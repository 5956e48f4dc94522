import Foundation
import Glibc
import StoreSupport
import Synchronization

// Several clients send requests as fast as they get replies, each with some requests in flight,
// until the daemon is gone. One more thread kills it, after a number of replies that the seed
// determines. So a crash comes while requests are read, records written, batches synchronized or
// replies sent; the machine's timing adds further variety.

/// The number of replies to all clients.
final class ReplyCount: Sendable {
    private static let patience = DispatchTimeInterval.seconds(20)
    private let news = DispatchSemaphore(value: 0)

    func add() { news.signal() }

    /// Returns after `count` more replies, or when none has come for too long.
    func wait(for count: Int) {
        for _ in 0..<count where news.wait(timeout: .now() + Self.patience) == .timedOut { return }
    }
}

/// One client that asks until the daemon is gone.
struct CrashClient {
    private static let requestsOnTheirWayMax = 12

    var book: OrderBook
    private var random: SeededGenerator

    init(_ book: OrderBook, seed: UInt64) {
        self.book = book
        random = SeededGenerator(seed: seed)
    }

    /// Asks until the daemon is gone.
    mutating func run(_ socket: String, counting replies: ReplyCount) throws {
        let connection = try LineClient(socket)
        while true {
            let window = nextWindow()
            let lines = window.map { book.orders[$0.order].line($0.request) + "\n" }.joined()
            var answeredCount = 0
            do {
                do {
                    try connection.send(lines)
                } catch LineFault.closed {
                    // Replies that were sent before are still unread.
                }
                for (order, request) in window {
                    let reply = OrderReply(line: try connection.nextLine())
                    try book.note(request, for: order, reply)
                    answeredCount += 1
                    replies.add()
                }
            } catch LineFault.closed {
                for (order, request) in window[answeredCount...] { book.lost(request, for: order) }
                return
            }
        }
    }

    /// Requests that are sent together, each for one order; some are sent twice.
    private mutating func nextWindow() -> [(order: Int, request: OrderRequest)] {
        var window: [(order: Int, request: OrderRequest)] = []
        var busy: Set<Int> = []
        for _ in 0..<Int.random(in: 1...Self.requestsOnTheirWayMax, using: &random) {
            let next = nextRequest()
            guard busy.insert(next.order).inserted else { continue }
            window.append(next)
            if random.happens(percent: 15) { window.append(next) }
        }
        return window
    }

    private mutating func nextRequest() -> (order: Int, request: OrderRequest) {
        if book.orders.isEmpty || random.happens(percent: 50) {
            let order = book.add(codes: CrashCatalog.codes(using: &random))
            return (order, random.happens(percent: 30) ? .reserve : .apply)
        }
        // Mostly the newest orders, whose records were written last.
        let last = book.orders.count - 1
        let order = max(0, last - Int.random(in: 0...60, using: &random))
        switch book.orders[order].standing {
        case .held: return (order, OrderRequest.allCases.randomElement(using: &random) ?? .apply)
        case .used: return (order, random.happens(percent: 60) ? .apply : .release)
        case .unknown, .givenBack:
            return (order, OrderRequest.allCases.randomElement(using: &random) ?? .release)
        }
    }
}

/// The codes that the clients of a crash use.
enum CrashCatalog {
    static let text = """
        currency: USD
        coupons:
        - {id: c_many, codes: [MANY], limits: {total: 1000000},
           discount: {kind: percentage, percent: 10}}
        - {id: c_few, codes: [FEW], limits: {total: 40},
           discount: {kind: percentage, percent: 10}}
        - {id: c_once, codes: [\(singleUse.joined(separator: ", "))], limits: {per_code: 1},
           discount: {kind: percentage, percent: 10}}
        """

    static let singleUse = (0..<12).map { "ONCE\($0)" }

    /// How often each code may be used.
    static let limits = ["MANY": 1_000_000, "FEW": 40]
        .merging(singleUse.map { ($0, 1) }) { first, _ in first }

    static func codes(using random: inout SeededGenerator) -> [String] {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: ["MANY"]
        case 5..<7: ["FEW"]
        case 7: ["MANY", "FEW"]
        case 8: [singleUse.randomElement(using: &random) ?? "ONCE0"]
        default: ["MANY", singleUse.randomElement(using: &random) ?? "ONCE0"]
        }
    }
}
