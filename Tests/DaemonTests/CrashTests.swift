import CouponClient
import Foundation
import Glibc
import StoreSupport
import Testing

// The main promise, tested on the built daemon: it is killed at random moments, and after each
// crash all that it had acknowledged must still be there. `swift test` runs some crashes; this runs
// more, against a release build, as CI does:
//
//   COUPOND_CRASHES=200 COUPOND_BINARIES=.build-release/release swift test --filter Crashes
//
// The printed seed determines the requests, and the number of replies before a crash.

/// A series of crashes of one daemon, on one state.
struct CrashSeries: Sendable, CustomStringConvertible {
    let mode: String
    let crashes: Int
    let seed: UInt64

    var description: String { "\(crashes) crashes, \(mode), seed \(seed)" }

    private static let crashesMax = 10
    private static let modes = ["always", "everysec", "always", "no"]

    /// As many crashes as the environment sets.
    static let planned: [CrashSeries] = {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["COUPOND_CRASHES"].flatMap(Int.init) ?? 20
        let seed =
            environment["COUPOND_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...9_999_999)
        print("crashes: COUPOND_CRASHES=\(count) COUPOND_SEED=\(seed)")
        var series: [CrashSeries] = []
        var left = count
        while left > 0 {
            let crashes = min(left, crashesMax)
            series.append(
                CrashSeries(
                    mode: modes[series.count % modes.count], crashes: crashes,
                    seed: seed &+ UInt64(series.count)))
            left -= crashes
        }
        return series
    }()
}

extension `The built daemon` {
    @Suite struct Crashes {
        @Test(arguments: CrashSeries.planned)
        func `lose nothing that was acknowledged`(series: CrashSeries) throws {
            try Shop.open(catalog: CrashCatalog.text) { shop in
                var trial = CrashTrial(shop, series)
                for crash in 1...series.crashes {
                    do {
                        try trial.crash(withLoad: crash)
                        try trial.checkEverything(isLast: crash == series.crashes)
                    } catch {
                        Issue.record("\(error), after crash \(crash) of \(series)")
                        return
                    }
                }
            }
        }
    }
}

/// A shop whose daemon is killed repeatedly, and all that its clients know.
private struct CrashTrial {
    private static let clientCount = 4
    private static let repliesMax = 240
    /// Orders of earlier rounds that are checked again after each crash.
    private static let oldOrdersChecked = 10

    let shop: Shop
    private let arguments: [String]
    private var random: SeededGenerator
    private var books = (0..<clientCount).map(OrderBook.init(client:))

    init(_ shop: Shop, _ series: CrashSeries) {
        self.shop = shop
        arguments = shop.arguments + ["--durability", series.mode]
        random = SeededGenerator(seed: series.seed)
    }

    /// Starts a daemon, keeps it busy, and kills it.
    mutating func crash(withLoad round: Int) throws {
        let daemon = try shop.startDaemon(arguments)
        let replies = ReplyCount()
        let before = Int.random(in: 0...Self.repliesMax / 2, using: &random)
        let after = Int.random(in: 0...Self.repliesMax / 2, using: &random)
        let writesSnapshot = random.happens(percent: 40)
        let processID = daemon.program.id
        let socket = shop.socket
        let clients = books.map { CrashClient($0, seed: random.next()) }
        let results = try concurrently(Self.clientCount + 1) { index -> OrderBook? in
            guard index < Self.clientCount else {
                replies.wait(for: before)
                if writesSnapshot { kill(processID, SIGUSR2) }
                replies.wait(for: after)
                kill(processID, SIGKILL)
                return nil
            }
            var client = clients[index]
            try client.run(socket, counting: replies)
            return client.book
        }
        books = results.compactMap(\.self)
        try daemon.waitForCrash()
        if random.happens(percent: 25) { try crashWhileStarting() }
    }

    /// Starts a daemon and kills it before it serves.
    private mutating func crashWhileStarting() throws {
        let moments = ["starting", "state loaded", "catalog loaded", "coupond: listening on"]
        let daemon = try shop.startDaemon(arguments, serving: [])
        try daemon.log.next(containing: moments.randomElement(using: &random) ?? "starting")
        try daemon.crash()
    }

    /// Starts a daemon, checks everything that was acknowledged, resolves every doubt, and kills
    /// it.
    mutating func checkEverything(isLast: Bool) throws {
        let proof = try shop.runDaemon(["--verify", "--state", shop.state])
        #expect(proof.status == 0, "\(proof.errors)")
        let daemon = try shop.startDaemon(arguments)
        let client = try shop.connect()
        try checkCounts(client)
        for index in books.indices {
            try settleDoubts(of: &books[index], client)
            let orders = ordersToCheck(in: books[index], all: isLast)
            try check(orders, of: &books[index], client)
        }
        // Without doubts the lowest and the highest counts are the same.
        try checkCounts(client)
        let redemptions = books.flatMap(\.redemptions)
        #expect(Set(redemptions).count == redemptions.count, "a redemption was given twice")
        try daemon.crash()
    }

    private func checkCounts(_ client: LineClient) throws {
        var counts: [String: CodeCount] = [:]
        for book in books { book.count(into: &counts) }
        for (code, limit) in CrashCatalog.limits.sorted(by: { $0.key < $1.key }) {
            let reply = try client.ask(ShopRequests.usage(code))
            let expected = counts[code] ?? CodeCount()
            guard let used = reply["result.limits.0.used"]?.integerValue,
                let held = reply["result.limits.0.held"]?.integerValue,
                expected.usedMin...expected.usedMax ~= Int(used),
                expected.heldMin...expected.heldMax ~= Int(held),
                Int(used + held) <= limit
            else {
                throw ImpossibleReply(description: "\(code): \(expected), but \(reply.line)")
            }
        }
    }

    private func settleDoubts(of book: inout OrderBook, _ client: LineClient) throws {
        let doubtful = book.orders.indices.compactMap { index in
            book.orders[index].doubt.map { (order: index, request: $0) }
        }
        try ask(doubtful, of: &book, client)
    }

    private mutating func ordersToCheck(in book: OrderBook, all: Bool) -> [Int] {
        if all { return Array(book.orders.indices) }
        let old = (0..<Self.oldOrdersChecked).compactMap { _ in
            book.orders.indices.randomElement(using: &random)
        }
        return Array(book.touched.union(old)).sorted()
    }

    /// Repeats answered requests; they must not use, hold or release anything.
    private func check(_ orders: [Int], of book: inout OrderBook, _ client: LineClient) throws {
        let requests = orders.map { index in
            let request: OrderRequest =
                switch book.orders[index].standing {
                case .used: .apply
                case .held: .reserve
                case .unknown, .givenBack: .release
                }
            return (order: index, request: request)
        }
        try ask(requests, of: &book, client)
        for order in orders { book.checked(order) }
    }

    private func ask(
        _ requests: [(order: Int, request: OrderRequest)], of book: inout OrderBook,
        _ client: LineClient
    ) throws {
        try client.send(requests.map { book.orders[$0.order].line($0.request) + "\n" }.joined())
        for (order, request) in requests {
            try book.note(request, for: order, OrderReply(line: client.nextLine()))
        }
    }
}
