import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

@Suite struct `Writing a snapshot` {
    private let directory = "state"

    private func write(orders: Int, to disk: SimulatedDisk) throws(DiskFault) {
        let state = ledger(orders: orders)
        do throws(CompactionFault) {
            try Snapshot.write(
                state.ledger, over: disk["state/snapshot"] == nil ? .missing : .whole, to: disk,
                directory: directory)
        } catch {
            guard case .disk(let fault) = error else {
                Issue.record("\(error)")
                return
            }
            throw fault
        }
    }

    /// The orders of the snapshot that is found. Each of these states has as many records behind it
    /// as orders, and so is only taken where the journal goes on after so many.
    private func loadedOrders(from disk: SimulatedDisk) throws(RecoveryFault) -> Int {
        for orders in 0...4 {
            let next = SegmentHeader(
                generation: 1, salt: 1, continuesAfter: UInt64(orders), previousChecksum: 0)
            do {
                let state = try Recovery.recover(
                    from: disk, directory: directory, seed: HashSeed(1), orderLimit: 10,
                    continuedBy: next)
                let found = state.ledger.totals.orders
                #expect(found == orders && state.report.damagedSnapshot == nil)
                return found
            } catch {
                guard case .journal = error, orders < 4 else { throw error }
            }
        }
        return 0
    }

    @Test func `starts afresh where there was none`() throws {
        #expect(try loadedOrders(from: SimulatedDisk()) == 0)
    }

    @Test func `keeps the one before`() throws {
        let disk = SimulatedDisk()
        for orders in 1...3 { try write(orders: orders, to: disk) }
        #expect(disk.names == ["state/snapshot", "state/snapshot.previous"])
        #expect(try loadedOrders(from: disk) == 3)
        disk["state/snapshot"] = nil
        #expect(try loadedOrders(from: disk) == 2)
        #expect(disk.openFileCount == 0)
    }

    @Test func `replaces what a crash left over`() throws {
        let disk = SimulatedDisk()
        try write(orders: 1, to: disk)
        disk["state/snapshot.new"] = bytes("half a snap")
        #expect(try loadedOrders(from: disk) == 1)
        try write(orders: 2, to: disk)
        #expect(disk["state/snapshot.new"] == nil)
        #expect(try loadedOrders(from: disk) == 2)
    }

    @Test func `moves a damaged one aside, and never writes over what it moved there`() throws {
        let disk = SimulatedDisk()
        try write(orders: 1, to: disk)
        for number in 1...3 {
            let damaged = bytes("damaged \(number)")
            disk["state/snapshot"] = damaged
            let state = ledger(orders: 2)
            try Snapshot.write(state.ledger, over: .damaged, to: disk, directory: directory)
            #expect(disk["state/snapshot.damaged-\(number)"] == damaged)
            #expect(disk["state/snapshot.damaged-1"] == bytes("damaged 1"))
            #expect(try loadedOrders(from: disk) == 2)
        }
        #expect(disk.names.count == 4)
    }

    /// The device took the bytes, and gives others back.
    @Test func `gives nothing up for one that the device does not hold`() throws {
        let disk = LyingDisk()
        let first = ledger(orders: 1), second = ledger(orders: 2)
        try Snapshot.write(first.ledger, over: .missing, to: disk, directory: directory)
        disk.lies()
        let fault = DiskFault(.verify, path: "state/snapshot.new", errno: 0)
        #expect(throws: CompactionFault.disk(fault)) {
            try Snapshot.write(second.ledger, over: .whole, to: disk, directory: directory)
        }
        #expect(disk.disk.names == ["state/snapshot"] && disk.disk.openFileCount == 0)
        #expect(try loadedOrders(from: disk.disk) == 1)
    }

    /// Fails operation 1, 2, 3 … of a write until one completes. After each failure the last
    /// snapshot loads, nothing stays open, and the next attempt goes through.
    @Test(arguments: [EIO, ENOSPC, EROFS])
    func `survives the failure of any operation`(errno: CInt) throws {
        var failing = 1
        var isComplete = false
        while !isComplete {
            let disk = SimulatedDisk()
            try write(orders: 1, to: disk)
            try write(orders: 2, to: disk)
            disk.fail(operation: failing, with: errno)
            do {
                try write(orders: 3, to: disk)
                isComplete = true
            } catch {
                #expect(error.errno == errno)
            }
            disk.fail(operation: nil)
            // A rename that went through before the failure shows the new state already.
            let orders = try loadedOrders(from: disk)
            #expect(isComplete ? orders == 3 : orders == 2 || orders == 3)
            #expect(disk.openFileCount == 0)
            try write(orders: 4, to: disk)
            #expect(try loadedOrders(from: disk) == 4)
            #expect(disk.names == ["state/snapshot", "state/snapshot.previous"])
            failing += 1
        }
        // Examine, create, append, synchronize, close, drop, examine, read, rename twice, synchronize
        // directory.
        #expect(failing == 13)
    }

    /// Cuts the power after operation 1, 2, 3 …, with every number of name changes kept.
    @Test func `survives a power cut after any operation`() throws {
        var cutAfter = 0
        var isComplete = false
        while !isComplete {
            let disk = SimulatedDisk()
            try write(orders: 1, to: disk)
            try write(orders: 2, to: disk)
            // The operation after the cut fails, and so nothing after it is done.
            disk.fail(operation: cutAfter + 1)
            do {
                try write(orders: 3, to: disk)
                isComplete = true
            } catch {
                #expect(error.errno == EIO)
            }
            for kept in 0...disk.pendingNameChanges {
                let survivor = disk.afterCrash(keepingNameChanges: kept)
                let orders = try loadedOrders(from: survivor)
                #expect(isComplete ? orders == 3 : orders == 2 || orders == 3)
                try write(orders: 4, to: survivor)
                #expect(try loadedOrders(from: survivor) == 4)
            }
            cutAfter += 1
        }
        #expect(cutAfter == 12)
    }

    @Test func `says why a snapshot cannot be read`() throws {
        for failing in 2...4 {
            let disk = SimulatedDisk()
            try write(orders: 1, to: disk)
            // The first one reads the anchor.
            disk.fail(operation: failing)
            let operations: [DiskFault.Operation] = [.list, .examine, .read]
            let path = failing == 2 ? "state" : "state/snapshot"
            let fault = DiskFault(operations[failing - 2], path: path, errno: EIO)
            let expected =
                failing == 2
                ? RecoveryFault.disk(fault)
                : .snapshot(SnapshotFault(path: path, problem: .unreadable(fault)))
            #expect(throws: expected) { try loadedOrders(from: disk) }
        }
    }
}
