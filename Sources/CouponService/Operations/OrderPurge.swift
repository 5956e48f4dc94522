// Orders end by themselves: holds lapse, orders that used nothing are forgotten, and those that used
// something are archived when the shop no longer asks for them. All of it happens on the loop, a piece
// in each turn, so that no request waits for more than a few hundred orders; while more has expired, the
// next turn comes at once, and otherwise at the time when the next order expires.
//
// Where orders are archived in a file, a worker writes a batch of them first. Then each is looked up
// again, and forgotten if it did not change meanwhile.

import CouponStore
import FlatStorage

/// Ends orders whose time has come.
struct OrderPurge: ~Copyable {
    private var settings: OrderSettings
    private var calendar: PurgeCalendar
    private var scan: GenerationScan?
    private var batch = ArchiveBatch()
    private var archiving = Archiving.idle
    /// Whether something has expired and the journal has no room for it.
    private var waitsForRoom = false
    /// Orders that left the records since memory was returned last.
    private var goneCount = 0

    private enum Archiving: Equatable {
        case idle
        /// A batch is being written.
        case underWay
        /// The last batch was not written; on the steady clock.
        case retry(at: Int64)
    }

    /// What one turn does at most, of each kind. Together some three milliseconds.
    static let lapsesPerTurnMax = 512
    static let forgottenPerTurnMax = 256
    static let scannedPerTurnMax = 1_024
    static let gatheredPerTurnMax = 64
    static let archiveRetryDelay: Int64 = 10_000
    /// Clocks are put right now and then, so a date that is far away is looked at again.
    private static let waitMax: Int64 = 3_600_000

    init(_ settings: OrderSettings, _ ledger: inout Ledger, at time: TurnTime) {
        self.settings = settings
        calendar = PurgeCalendar(
            recorded: ledger.calendar,
            newestOrder: ledger.calendar > 0 ? nil : ledger.newestDecision, at: time)
        ledger.keeping = settings.keeping
        if settings.trustsClock { calendar.trust(time) }
    }

    /// The date of the purge, in milliseconds since 1970.
    func date(at time: TurnTime) -> Int64 { calendar.date(at: time) }

    /// Follows other settings from now on. Lines that could not be written are tried again at once.
    mutating func adopt(_ settings: OrderSettings, _ ledger: inout Ledger) {
        self.settings = settings
        if case .retry = archiving { archiving = .idle }
        ledger.keeping = settings.keeping
    }

    // MARK: - In each turn

    /// Ends a piece of what has expired. Returns how many holds lapsed.
    mutating func advance(_ ledger: inout Ledger, at time: TurnTime) -> Int {
        ledger.lapseClock = time.lapseClock
        calendar.follow(time)
        ledger.purgeDate = calendar.date(at: time)
        waitsForRoom = false
        let orderCount = ledger.orders.count
        let lapsed = lapse(Self.lapsesPerTurnMax, &ledger, at: time)
        forgetUnused(&ledger, at: time)
        purge(&ledger, at: time)
        goneCount += orderCount - ledger.orders.count
        for _ in 0..<Self.gatheredPerTurnMax where !ledger.gather() { break }
        return lapsed
    }

    /// Ends holds whose time is over, the earliest first, and returns how many.
    mutating func lapse(_ countMax: Int, _ ledger: inout Ledger, at time: TurnTime) -> Int {
        for count in 0..<countMax where !ledger.lapseNext(until: time.steady) {
            if let next = ledger.nextLapse, next <= time.steady { waitsForRoom = true }
            return count
        }
        return countMax
    }

    private mutating func forgetUnused(_ ledger: inout Ledger, at time: TurnTime) {
        for _ in 0..<Self.forgottenPerTurnMax where !ledger.forgetNext(until: time.steady) {
            if let next = ledger.nextForgetting, next <= time.steady { waitsForRoom = true }
            return
        }
    }

    /// Looks for orders to archive, and forgets them, or puts them into the batch that is written next.
    private mutating func purge(_ ledger: inout Ledger, at time: TurnTime) {
        switch archiving {
        case .underWay: return
        case .retry(let retryAt) where retryAt > time.steady: return
        case .retry, .idle: archiving = .idle
        }
        let today = calendar.today(at: time)
        var budget = Self.scannedPerTurnMax
        while budget > 0, !batch.isFull {
            guard var walk = scan ?? ledger.beginScan(today: today) else { return }
            let finding = ledger.advance(&walk, today: today, looking: &budget)
            scan = finding == .end ? nil : walk
            switch finding {
            case .pause, .end: return
            case .due(let order):
                if settings.archives {
                    batch.add(order, of: ledger, at: time.wall)
                } else if ledger.hasRoom(toRecord: Span(), order) {
                    ledger.forget(order)
                } else {
                    waitsForRoom = true
                    return
                }
            }
        }
    }

    // MARK: - Archiving in files

    /// The lines to archive next, if there are any and none are being written.
    mutating func nextLines() -> [UInt8]? {
        guard archiving == .idle, batch.count > 0, batch.isFull || scan == nil else { return nil }
        archiving = .underWay
        return batch.lines
    }

    /// The lines were written, or not. Orders whose lines are durable are forgotten.
    mutating func finishArchiving(
        isDurable: Bool, _ ledger: inout Ledger, at time: TurnTime
    ) {
        archiving = isDurable ? .idle : .retry(at: time.steady + Self.archiveRetryDelay)
        let orderCount = ledger.orders.count
        if isDurable { batch.forgetUnchanged(in: &ledger) }
        goneCount += orderCount - ledger.orders.count
        batch.removeAll()
    }

    // MARK: - Memory

    /// Whether freed memory should be returned to the system now: many orders have left since it was
    /// last asked, and no more are about to leave at once.
    ///
    /// The slabs of the orders go back by themselves. What is left are the small tables of the index,
    /// which shrink one by one: the C library keeps the pieces for the next orders.
    mutating func takeMemoryReturn(_ ledger: borrowing Ledger, at time: TurnTime) -> Bool {
        guard goneCount >= settings.memoryReturnCount, !waitsForRoom,
            (deadline(ledger, at: time) ?? .max) > time.steady
        else { return false }
        goneCount = 0
        return true
    }

    // MARK: - What comes next

    /// When there is something to do though nothing happens, on the steady clock. A time that is over
    /// means at once.
    func deadline(_ ledger: borrowing Ledger, at time: TurnTime) -> Int64? {
        if ledger.needsGathering { return time.steady }
        // What waits for room goes on when the journal's turn has ended.
        if waitsForRoom { return nil }
        var next = min(ledger.nextLapse ?? .max, ledger.nextForgetting ?? .max)
        switch archiving {
        case .underWay: break
        case .retry(let retryAt): next = min(next, retryAt)
        case .idle:
            if scan != nil { return time.steady }
            if let due = ledger.nextDue {
                let today = calendar.today(at: time)
                let wait = due.subtractingReportingOverflow(today).0
                next = min(next, time.steady + min(max(wait, 0), Self.waitMax))
            }
        }
        return next == .max ? nil : next
    }

    /// What the next purge takes, and when, for the statistics.
    func outlook(_ ledger: borrowing Ledger, at time: TurnTime) -> PurgeOutlook {
        let today = calendar.today(at: time)
        let steadyOfNext = ledger.nextForgetting ?? .max
        let untilUnused = steadyOfNext == .max ? .max : max(0, steadyOfNext - time.steady)
        let untilDue = ledger.nextDue.map { max(0, $0.subtractingReportingOverflow(today).0) }
        let wait = min(untilUnused, untilDue ?? .max)
        guard wait < .max else { return PurgeOutlook(calendar: calendar.date(at: time)) }
        let unused = ledger.unusedOrders(
            endingUntil: time.steady + wait, limit: PurgeOutlook.countMax)
        let due = ledger.firstGeneration(
            today: today.addingReportingOverflow(wait).0, limit: PurgeOutlook.countMax)
        return PurgeOutlook(
            calendar: calendar.date(at: time),
            next: (wait: wait, orders: unused + due.count), oldest: due.oldest)
    }
}

/// What the statistics say of the purge.
struct PurgeOutlook {
    /// Orders are counted up to this number.
    static let countMax = 10_000

    /// The purge's own date, in milliseconds since 1970.
    var calendar: Int64
    /// In how many milliseconds the next order goes, and how many go with it.
    var next: (wait: Int64, orders: Int)?
    /// When the order that expires first was decided.
    var oldest: Int64?
}

/// How orders are kept.
package struct OrderSettings: Equatable, Sendable {
    package var keeping = OrderKeeping()
    /// Whether orders go to a file before they are archived.
    package var archives = false
    /// Whether the daemon starts with the time of day for the date of the purge, because the operator
    /// knows that it is right.
    package var trustsClock = false
    /// So many orders that left are worth returning their memory: more than half a megabyte, in small
    /// pieces.
    package var memoryReturnCount = 65_536

    package init() {}
}
