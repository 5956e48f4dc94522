import FlatStorage

/// A snapshot as it is, for tools that only read: what it says of itself, and whether its checksums
/// hold.
package struct SnapshotSurvey: Sendable {
    package let path: String
    package let byteCount: Int
    /// Nil where not even that can be read.
    package private(set) var header: SnapshotHeader?
    /// Nil where the snapshot is damaged.
    package private(set) var totals: SnapshotTotals?
    package private(set) var problem: SnapshotProblem?
    /// Where in the file the problem begins: up to there all is as it was written.
    package private(set) var problemOffset = 0

    /// Reads the snapshot at `path` in pieces. Nil where there is none.
    package init?(of path: String, on disk: any Disk) throws(DiskFault) {
        guard let byteCount = try disk.size(of: path) else { return nil }
        self.path = path
        self.byteCount = byteCount
        do throws(SnapshotProblem) {
            guard var reader = try SnapshotReader.open(path, on: disk) else { return nil }
            header = reader.header
            problemOffset = reader.position
            guard reader.header.isInPieces else {
                let whole = try WholeSnapshotHeader(reader.wholeBytes)
                totals = SnapshotTotals(
                    coupons: Int(clamping: whole.couponCount),
                    counters: Int(clamping: whole.counterCount),
                    orders: Int(clamping: whole.orderCount))
                return
            }
            while try reader.next() != nil { problemOffset = reader.position }
            totals = reader.totals
        } catch {
            if case .unreadable(let fault) = error { throw fault }
            problem = error
        }
    }

    /// The header alone, where it can be read.
    package static func header(of path: String, on disk: any Disk) -> SnapshotHeader? {
        var start = ByteBuffer(capacity: WholeSnapshotHeader.lengthMax)
        // What stands before a bad place counts, too.
        _ = try? disk.read(path, from: 0, count: WholeSnapshotHeader.lengthMax, into: &start)
        return try? SnapshotHeader(beginning: start.bytes)
    }
}

extension Ledger {
    /// The state that the snapshot at `path` holds, or nil where there is none.
    package static func read(
        snapshotAt path: String, on disk: any Disk, seed: HashSeed, orderLimit: Int
    ) throws(SnapshotProblem) -> Ledger? {
        guard var reader = try SnapshotReader.open(path, on: disk) else { return nil }
        return try read(
            &reader, seed: seed, orderLimit: orderLimit, lapseClock: LapseClock())
    }
}
