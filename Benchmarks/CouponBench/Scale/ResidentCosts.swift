import Foundation
import LoadGenerator
import UVLoop

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

    /// Applies orders of three kinds, each on a new state, and opens connections that stay idle.
    func measureCosts(codes: Int, connections: Int) throws -> [ResidentCost] {
        let catalog = try CodesCatalog("codes", codes: codes, on: bench)
        let plain = try growth(catalog, CodesCatalog.apply(code: "PLAIN"))
        let perCustomer = try growth(
            catalog, CodesCatalog.apply(code: "EACH", customer: "cus_${n}"))
        let single = try growth(catalog, CodesCatalog.apply(below: codes))
        let plainEach = Double(plain.bytes) / Double(max(1, plain.orders))
        return [
            ResidentCost(thing: "live order", count: plain.orders, bytes: plain.bytes),
            ResidentCost(
                thing: "count of a customer's uses, beyond its order", count: perCustomer.orders,
                bytes: perCustomer.bytes - Int(plainEach * Double(perCustomer.orders))),
            ResidentCost(
                thing: "count of a single-use code, beyond its order", count: single.orders,
                bytes: single.bytes - Int(plainEach * Double(single.orders))),
            try costOfConnections(catalog, connections),
        ]
    }

    /// Loads a daemon with such orders, and returns how many came on top of the first ones and what
    /// they took. The first ones also filled what is used again and again: buffers for the journal and
    /// for replies, which stay small with one request under way on each connection.
    private func growth(
        _ catalog: CodesCatalog, _ request: String
    ) throws -> (orders: Int, bytes: Int) {
        let state = try bench.folder("cost-state")
        defer { try? bench.remove(state) }
        let daemon = try startCached(catalog, state)
        defer { daemon.stop() }
        let mix = Mix(try RequestTemplate(request + "\n"))
        _ = try rate(of: daemon, mix, depth: 1)
        let (ordersBefore, bytesBefore) = (
            try daemon.figures().ledger.orders, try daemon.settledBytes()
        )
        _ = try rate(of: daemon, mix, depth: 1)
        _ = try rate(of: daemon, mix, depth: 1)
        return (
            try daemon.figures().ledger.orders - ordersBefore,
            try daemon.settledBytes() - bytesBefore
        )
    }

    private func costOfConnections(_ catalog: CodesCatalog, _ count: Int) throws -> ResidentCost {
        let state = try bench.folder("cost-state")
        let limit = try fileDescriptorLimit()
        let possible = Int(limit.hard) - 2 * Self.connectionsAside
        let count = min(count, possible)
        try setFileDescriptorLimit(soft: max(limit.soft, UInt64(count + Self.connectionsAside)))
        let settings = "\(bench.path)/many.yaml"
        try """
        limits: {connections: \(count + 10)}
        """.write(toFile: settings, atomically: true, encoding: .utf8)
        let daemon = try startCached(catalog, state, flags: ["--config", settings])
        defer { daemon.stop() }
        // The first connections find what others share: buffers, tables.
        let before = try daemon.settledBytes()
        var idle: [Dialogue] = []
        for _ in 0..<count {
            let dialogue = try Dialogue(daemon.socketPath)
            _ = try dialogue.request(#"{"op":"ping"}"#)
            idle.append(dialogue)
        }
        let after = try daemon.settledBytes()
        return withExtendedLifetime(idle) {
            ResidentCost(
                thing: "idle connection that was answered once", count: count,
                bytes: after - before)
        }
    }

    /// A daemon that has its catalog from the cache: reading the files leaves other memory behind.
    private func startCached(
        _ catalog: CodesCatalog, _ state: String, flags: [String] = []
    ) throws -> DaemonUnderTest {
        let cacheFolder = try bench.folder("cost-cache")
        let cache = "\(cacheFolder)/catalog.cache"
        if !FileManager.default.fileExists(atPath: cache) {
            let first = try start(catalog, cacheFolder)
            try first.awaitCache(in: cacheFolder, after: nil)
            first.stop()
        }
        let own = "\(state)/catalog.cache"
        if !FileManager.default.fileExists(atPath: own) {
            try FileManager.default.linkItem(atPath: cache, toPath: own)
        }
        return try start(catalog, state, flags: flags)
    }
}
