import Foundation
import LoadGenerator

// Orders that stay are booked for a day that is far away; the others expire as soon as a reload sets a
// short retention. So what is purged, and what stays between it, is chosen by the request, and the
// measurement need not hurry.

/// What orders take while they are kept, and after most of them have gone. Sizes are in bytes, without
/// those of a daemon that has no orders.
struct EndedOrderFigures {
    struct State {
        var orderCount: Int
        var bytes: Int

        var bytesEach: Double { Double(bytes) / Double(max(1, orderCount)) }
    }

    /// All orders.
    var kept: State
    /// What a snapshot of them takes at most while it is written.
    var snapshotBytes: Int
    /// After nine of ten were purged: the oldest, and any.
    var oldestPurged: State
    var anyPurged: State
    /// As many orders as are left then, in a daemon that never had others.
    var fresh: State

    /// How many times the memory of a fresh state such a state takes, for each order.
    func ratio(of state: State) -> Double { state.bytesEach / max(1, fresh.bytesEach) }

    /// The goal of a snapshot: what it takes beyond this share of the state, at most.
    static let snapshotShare = 0.15
    static let snapshotMebibytesMax = 64.0
    static let purgedRatioMax = 1.3

    /// What a snapshot takes beyond its share, in MiB.
    var snapshotExcess: Double {
        (Double(snapshotBytes) - Self.snapshotShare * Double(kept.bytes)) / 1_048_576
    }
}

extension ScaleRig {
    /// So many times as many orders expire as stay.
    private static let expiringShare = 9
    private static let sliceMilliseconds: Int64 = 100
    private static let warmUpMilliseconds: Int64 = 500
    private static let purgeSeconds = 300
    private static let looksWithoutPurgeMax = 20

    /// Applies so many orders, and has nine tenths of them purged, in two ways.
    func measureEndedOrders(_ orderCount: Int) throws -> EndedOrderFigures {
        let catalog = try CodesCatalog("empty", codes: 0, on: bench)
        let restCount = orderCount / (Self.expiringShare + 1)
        let staying = try RequestTemplate(
            CodesCatalog.apply(code: "PLAIN", bookingDate: "2099-12-31") + "\n")
        let expiring = try RequestTemplate(CodesCatalog.apply(code: "PLAIN") + "\n")

        let fresh = try withDaemon(catalog) { daemon, empty in
            try fill(daemon, Mix(staying), upTo: restCount, beyond: empty)
        }
        let snapshotBytes = try withDaemon(catalog, Journal.ofOperators) { daemon, empty in
            _ = try fill(daemon, Mix(staying), upTo: orderCount, beyond: empty)
            let before = try daemon.residentBytes()
            try daemon.resetPeak()
            _ = try daemon.tasks.compact()
            return try daemon.peakBytes() - before
        }
        let (kept, oldestPurged) = try withDaemon(catalog) { daemon, empty in
            let old = try fill(daemon, Mix(expiring), upTo: orderCount - restCount, beyond: empty)
            let kept = try fill(
                daemon, Mix(staying), upTo: old.orderCount + restCount, beyond: empty)
            return (kept, try purge(daemon, of: kept.orderCount, beyond: empty))
        }
        let anyPurged = try withDaemon(catalog) { daemon, empty in
            let mix = Mix([(Self.expiringShare, expiring), (1, staying)])
            let count = try fill(daemon, mix, upTo: orderCount, beyond: empty).orderCount
            return try purge(daemon, of: count, beyond: empty)
        }
        return EndedOrderFigures(
            kept: kept, snapshotBytes: snapshotBytes, oldestPurged: oldestPurged,
            anyPurged: anyPurged, fresh: fresh)
    }

    /// Calls `body` with a daemon on a new state, and with the bytes that it occupies without orders.
    private func withDaemon<Result>(
        _ catalog: CodesCatalog, _ journal: Journal = .inOneSegment,
        _ body: (DaemonUnderTest, Int) throws -> Result
    ) throws -> Result {
        let state = try bench.folder("orders-state")
        defer { try? bench.remove(state) }
        try writeSettings(retention: "400d", journal)
        let daemon = try start(catalog, state, flags: ["--config", settingsPath])
        defer { daemon.stop() }
        // What connections share is made by the first requests.
        let validate = Mix(try RequestTemplate(CodesCatalog.validate(code: "PLAIN") + "\n"))
        _ = try rate(of: daemon, validate, depth: 1, milliseconds: Self.warmUpMilliseconds)
        return try body(daemon, try daemon.steadyBytes())
    }

    private var settingsPath: String { "\(bench.path)/orders-settings.yaml" }

    private enum Journal: String {
        /// All orders fit into a segment, so there is no snapshot that is not requested.
        case inOneSegment = "journal: {segment_mib: 512}\nsnapshot: {interval_seconds: 86400}"
        /// Segments as they are by default, and one small snapshot early on.
        case ofOperators = "snapshot: {interval_seconds: 86400, growth_percent: 10000}"
    }

    private func writeSettings(
        retention: String, _ journal: Journal = .inOneSegment
    ) throws {
        try """
        \(journal.rawValue)
        orders: {retention: \(retention)}

        """
        .write(toFile: settingsPath, atomically: true, encoding: .utf8)
    }

    private func fill(
        _ daemon: DaemonUnderTest, _ mix: Mix, upTo count: Int, beyond empty: Int
    ) throws -> EndedOrderFigures.State {
        var orders = try daemon.figures().ledger.orders
        while orders < count {
            // One request under way on each connection keeps the buffers small.
            _ = try rate(of: daemon, mix, depth: 1, milliseconds: Self.sliceMilliseconds)
            let more = try daemon.figures().ledger.orders
            guard more > orders else {
                throw ProcessFault.failed(
                    command: "applying orders", status: 0, log: "there are no more than \(orders)")
            }
            orders = more
        }
        return .init(orderCount: orders, bytes: try daemon.steadyBytes() - empty)
    }

    /// Has the daemon keep orders for a second only, and waits until no more of them go.
    private func purge(
        _ daemon: DaemonUnderTest, of count: Int, beyond empty: Int
    ) throws -> EndedOrderFigures.State {
        try writeSettings(retention: "1s")
        _ = try daemon.tasks.reload()
        var orders = count
        var looksWithoutPurge = 0
        try daemon.process.wait(seconds: Self.purgeSeconds) { () throws(ProcessFault) in
            Thread.sleep(forTimeInterval: 0.1)
            let left = try daemon.figures().ledger.orders
            looksWithoutPurge = left < orders ? 0 : looksWithoutPurge + 1
            orders = left
            return orders < count / 2 && looksWithoutPurge >= Self.looksWithoutPurgeMax
        }
        return .init(orderCount: orders, bytes: try daemon.steadyBytes() - empty)
    }
}
