import Foundation
import LoadGenerator
import Posix

// What a thing costs is the growth of resident memory over how many there are. Tables grow in steps,
// so a figure is of this number of things: the number stands beside it.

/// How much memory a daemon takes for one thing of a kind.
struct ResidentCost {
    var thing: String
    var count: Int
    /// Resident bytes that came with them all.
    var bytes: Int

    var bytesEach: Double { Double(bytes) / Double(max(1, count)) }
}

extension ScaleRig {
    private static let connectionsAside = 100
    /// So many times as many orders are measured as are applied before.
    private static let warmUpShare = 10
    private static let sliceMilliseconds: Int64 = 100

    /// One small snapshot early on, and then none that is not requested: its memory is measured
    /// separately.
    private static let calmSettings = """
        snapshot: {interval_seconds: 86400, growth_percent: 10000}

        """

    /// Applies so many orders of each of three kinds, each on a new state, and opens connections that
    /// stay idle.
    func measureCosts(
        codes: Int, orders: Int, connections: Int
    ) throws -> [ResidentCost] {
        let catalog = try CodesCatalog("codes", codes: codes, on: bench)
        var kinds = [
            ("live order", CodesCatalog.apply(code: "PLAIN")),
            (
                "live order with the count of its customer",
                CodesCatalog.apply(code: "EACH", customer: "cus_${run}_${n}")
            ),
        ]
        // Each code is good for one order, and they are picked at random.
        if codes >= 3 * orders {
            kinds.append(
                ("live order with the count of its code", CodesCatalog.apply(below: codes)))
        }
        return try kinds.flatMap { try costs($0, of: $1, orders, catalog) }
            + [try costOfConnections(catalog, connections)]
    }

    /// What such orders take on top of the first ones, which also fill what is used again and again:
    /// buffers for the journal and for replies. And what each takes more while a snapshot is written.
    private func costs(
        _ thing: String, of request: String, _ orderCount: Int, _ catalog: CodesCatalog
    ) throws -> [ResidentCost] {
        let state = try bench.folder("cost-state")
        defer { try? bench.remove(state) }
        let daemon = try startCached(catalog, state, Self.calmSettings)
        defer { daemon.stop() }
        let mix = Mix(try RequestTemplate(request + "\n"))
        func ordersOnceThereAre(_ wanted: Int) throws -> Int {
            while true {
                let orders = try daemon.figures().ledger.orders
                if orders >= wanted { return orders }
                // One request under way on each connection keeps the buffers small.
                _ = try rate(of: daemon, mix, depth: 1, milliseconds: Self.sliceMilliseconds)
                guard try daemon.figures().ledger.orders > orders else {
                    throw ProcessFault.failed(
                        command: "applying orders", status: 0,
                        log: "there are no more than \(orders)")
                }
            }
        }
        let before = try ordersOnceThereAre(orderCount / Self.warmUpShare)
        let bytesBefore = try daemon.steadyBytes()
        let after = try ordersOnceThereAre(before + orderCount)
        let bytes = try daemon.steadyBytes()
        try daemon.resetPeak()
        _ = try daemon.tasks.compact()
        return [
            ResidentCost(thing: thing, count: after - before, bytes: bytes - bytesBefore),
            ResidentCost(
                thing: "  more while a snapshot is written", count: after,
                bytes: try daemon.peakBytes() - bytes),
        ]
    }

    private func costOfConnections(_ catalog: CodesCatalog, _ count: Int) throws -> ResidentCost {
        let state = try bench.folder("cost-state")
        let limit = try fileDescriptorLimit()
        let possible = Int(limit.hard) - 2 * Self.connectionsAside
        let count = min(count, possible)
        try setFileDescriptorLimit(soft: max(limit.soft, UInt64(count + Self.connectionsAside)))
        let daemon = try startCached(
            catalog, state, Self.calmSettings + "limits: {connections: \(count + 10)}\n")
        defer { daemon.stop() }
        // The first connections find what others share: buffers, tables.
        let before = try daemon.steadyBytes()
        var idle: [Dialogue] = []
        for _ in 0..<count {
            let dialogue = try Dialogue(daemon.socketPath)
            _ = try dialogue.request(#"{"op":"ping"}"#)
            idle.append(dialogue)
        }
        let after = try daemon.steadyBytes()
        return withExtendedLifetime(idle) {
            ResidentCost(
                thing: "idle connection that was answered once", count: count,
                bytes: after - before)
        }
    }

    /// A daemon that has its catalog from the cache: reading the files leaves other memory behind.
    private func startCached(
        _ catalog: CodesCatalog, _ state: String, _ settings: String
    ) throws -> DaemonUnderTest {
        let cacheFolder = try bench.folder("cost-cache")
        let cache = "\(cacheFolder)/catalog.cache"
        if !FileManager.default.fileExists(atPath: cache) {
            let first = try start(catalog, cacheFolder)
            try first.tasks.awaitCache(in: cacheFolder, after: nil)
            first.stop()
        }
        let own = "\(state)/catalog.cache"
        if !FileManager.default.fileExists(atPath: own) {
            try FileManager.default.linkItem(atPath: cache, toPath: own)
        }
        let settingsPath = "\(bench.path)/settings.yaml"
        try settings.write(toFile: settingsPath, atomically: true, encoding: .utf8)
        return try start(catalog, state, flags: ["--config", settingsPath])
    }
}
