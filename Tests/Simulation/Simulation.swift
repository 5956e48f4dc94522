import CouponRules
import CouponService
import CouponStore
import FlatStorage
import StoreSupport

// One run of the whole daemon over a disk that forgets, breaks, lies and rots, under a clock that is
// moved by hand, and everything from one seed: it starts, is talked to, ends in some way, and starts
// again, a few times over. What it acknowledged to its clients is kept apart from it; after each start, what it
// recovered is held against that.

/// How a run is made.
package struct SimulationSettings: Sendable {
    /// So many lives of the daemon, and so many steps in each at most.
    package var lives = 3
    package var stepsPerLife = 80
    package var planted: PlantedBug?
    /// Whether every step is kept, to be shown.
    package var isLogging = false

    package init() {}
}

/// A bit that the disk has lost.
struct Rot {
    var path: String
    var bit: Int
    /// The last record that the journal had marked as durable before.
    var marked: UInt64
    /// Whether the state could be read without the newest snapshot.
    var hasOlderSnapshot: Bool
    var isTurnedBack = false
}

/// How a daemon may start.
enum Start {
    case serving
    /// The disk was cut off in the midst of it.
    case crashed
    /// The state cannot be read, and the daemon says so.
    case refused(RecoveryFault)
    /// The disk did not do what was asked.
    case failed(DiskFault)
}

/// One run.
package final class Simulation {
    static let directory = "state"
    static let opening: Int64 = 1_780_315_200_000
    /// The first two are shorter than a real daemon's may be, so that they fill up; the orders here
    /// are small.
    private static let segmentByteCounts = [24_576, 28_672, 65_536]

    let settings: SimulationSettings
    let mode: DurabilityMode
    /// Whether lives are long and snapshots are rare, so that segments fill up.
    let isBusy: Bool
    var luck: SeededGenerator
    var disk = SimulatedDisk()
    var moment: Moment
    var maker = RequestMaker()
    var edition = Edition.first
    package internal(set) var tally = Tally()
    package private(set) var log: [String] = []

    var daemon: SimulatedDaemon?
    let plantedDisk: (any DiskInterference)?
    private(set) var history: History
    private(set) var orders: [String: OrderModel] = [:]
    /// Redemptions that were acknowledged, the order of each, and the last record that each rests on.
    private var redemptions: [String: (order: String, needed: UInt64)] = [:]
    private var limitWatch = LimitWatch()
    /// A bit of the disk that was turned, to be turned back once it was seen what comes of it.
    var rot: Rot?
    /// What was taken from under the daemon, or between two of them.
    var theft: Stolen?
    /// What comes when the disk is off.
    var armed = Ending.process
    /// Whether a fault of the disk was planned since the last start.
    var isFaultArmed = false
    /// Whether nothing happens but what a script says.
    var isScripted = false
    /// Whether the daemon has ended because the disk failed.
    var hasExited = false
    private let segmentByteCount: Int
    private let limits: ResourceLimits
    private let orderSettings: OrderSettings
    private var startCount: UInt64 = 0
    private let seed: UInt64

    package init(seed: UInt64, _ settings: SimulationSettings = SimulationSettings()) {
        self.seed = seed
        self.settings = settings
        luck = SeededGenerator(seed: seed)
        // Most of what is promised is promised by `always`.
        mode = [.always, .always, .always, .everysec, .everysec, .no][luck.below(6)]
        moment = Moment(wall: Self.opening, steady: 1_000_000)
        segmentByteCount = Self.segmentByteCounts[luck.below(3)]
        isBusy = luck.happens(10)
        var limits = ResourceLimits()
        if luck.happens(30) { limits.linesPerTurnMax = 1 + luck.below(3) }
        // Of their own, so that the rest of a seed's run stays what it was.
        var ofOrders = SeededGenerator(seed: seed ^ 0x0DE5)
        if ofOrders.happens(20) { limits.ordersMax = 6 + ofOrders.below(20) }
        orderSettings = Self.orderSettings(&ofOrders)
        self.limits = limits
        plantedDisk = settings.planted?.interference
        history = History(
            mode,
            startingWith: StateCopy(
                Ledger(seed: HashSeed(1), orderLimit: limits.ordersMax).encodeSnapshot()))
        tally.note([.always: .always, .everysec: .everysec, .no: .no][mode] ?? .always)
    }

    /// Half of the shops keep their orders for hardly longer than a life lasts.
    private static func orderSettings(_ luck: inout SeededGenerator) -> OrderSettings {
        var settings = OrderSettings()
        if luck.happens(50) { return settings }
        settings.keeping.unusedMilliseconds = Int64(1 + luck.below(30_000))
        settings.keeping.retentionMilliseconds = Int64(2_000 + luck.below(60_000))
        settings.archives = luck.happens(50)
        return settings
    }

    var time: TurnTime {
        TurnTime(
            wall: Instant(millisecondsSinceEpoch: moment.wall),
            steady: settings.planted == .lapsesByTheTimeOfDay ? moment.wall : moment.steady)
    }

    func say(_ text: @autoclosure () -> String) {
        if settings.isLogging { log.append("\(moment.steady): \(text())") }
    }

    // MARK: - Starting

    /// Starts the daemon as the real one does, and holds what it recovers against what was acknowledged.
    func start(after ended: Ending) throws(Violation) -> Start {
        startCount += 1
        let watched = WatchedDisk(disk, plantedDisk)
        var state: RecoveredState
        do {
            state = try Recovery.recover(
                from: watched, directory: Self.directory, seed: HashSeed(seed &+ startCount),
                orderLimit: limits.ordersMax, lapseClock: time.lapseClock)
        } catch {
            say("recovery: \(error)")
            return disk.isOff ? .crashed : .refused(error)
        }
        if disk.isOff { return .crashed }
        do {
            try state.check()
        } catch {
            throw Violation("the recovered state contradicts itself: \(error)")
        }
        if settings.planted == .servesBeforeRecovery {
            state.ledger = Ledger(seed: HashSeed(seed), orderLimit: limits.ordersMax)
        }
        let found = StateCopy(state.ledger.encodeSnapshot())
        if let theft {
            throw Violation("the daemon starts though \(theft.taken.theft) is not there")
        }
        say("recovered up to \(found.sequence), of \(history.last.sequence)")
        try history.check(found, after: ended, rotten: rot?.marked)
        if state.report.tail != nil { tally.note(.tornTail) }
        if state.continuation.renewed.count > 0 { tally.note(.renewed) }
        let writer: JournalWriter
        do {
            writer = try JournalWriter.begin(
                on: watched, directory: Self.directory, segmentByteCount: segmentByteCount,
                after: state.continuation, keeping: try keptNames(on: watched),
                salts: SeededSalts(generator: SeededGenerator(seed: seed &* 31 &+ startCount)))
        } catch {
            say("the journal is not begun: \(error)")
            return disk.isOff ? .crashed : .failed(error)
        }
        if disk.isOff { return .crashed }
        try goOn(from: found, after: ended)
        serve(state, writer)
        return .serving
    }

    /// What the journal had written down as durable when the daemon ended.
    var marked: UInt64 {
        guard let report = daemon?.desk.soundReport else { return 0 }
        return mode == .always ? report.marked : report.segment.continuesAfter
    }

    private func serve(_ state: consuming RecoveredState, _ writer: consuming JournalWriter) {
        var server = ServerSettings()
        server.limits = limits
        server.durability = settings.planted == .repliesBeforeSync ? .no : mode
        server.snapshots.intervalSeconds = isBusy ? 600 : 30
        server.snapshots.growthBytesMin = isBusy ? 1 << 20 : 40 * 1_024
        server.start.snapshotSequence = state.snapshotSequence
        server.orders = orderSettings
        if settings.planted == .archivesByTheTimeOfDay { server.orders.trustsClock = true }
        let report = writer.report
        let ready = ConversationServer(
            catalog: edition.catalog, ledger: state.takeLedger(), journal: report,
            settings: server, facts: ServerFacts(version: "0.1.0", startedAt: time.wall), at: time)
        daemon = SimulatedDaemon(
            ready, JournalDesk(writer, planted: settings.planted), limits, at: time,
            observer: self)
        hasExited = false
        if !disk.hasFaultAhead { isFaultArmed = false }
        tally.note(.started)
    }

    /// Holds what was recovered against what was acknowledged, and goes on from it.
    private func goOn(from found: StateCopy, after ended: Ending) throws(Violation) {
        guard let view = found.read() else {
            throw Violation("the recovered state cannot be read")
        }
        if found.sequence < history.last.sequence {
            tally.note(.lostUnacknowledged)
            // What is so again was decided by definitions that may be gone.
            for edition in Edition.allCases { limitWatch.adopt(edition) }
        }
        let kept = history.keepsAll(after: ended) && rot == nil ? .max : found.sequence
        for name in orders.keys.sorted() {
            guard var order = orders[name] else { continue }
            if order.needed <= kept {
                try order.check(view.orders[name], at: moment)
                if view.orders[name] == nil && order.isGone { tally.note(.forgotten) }
            } else {
                tally.note(.lostAcknowledged)
            }
            order.restart(
                with: view.orders[name], upTo: found.sequence, kept: kept, at: moment)
            orders[name] = order
        }
        redemptions = redemptions.filter { $0.value.needed <= kept }
        try limitWatch.check(view, at: edition)
        try checkRedemptions(of: view)
        history.restart(with: found)
    }

    private func checkRedemptions(of view: StateView) throws(Violation) {
        var seen: Set<UInt64> = []
        for order in view.orders.values {
            for number in order.redemptions where number > 0 {
                if !seen.insert(number).inserted {
                    throw Violation("redemption \(redemptionText(number)) was given twice")
                }
            }
        }
    }
}

// MARK: - What the daemon does

extension Simulation: DaemonObserver {
    func decided(_ requests: ArraySlice<Request>, from first: UInt64, to last: UInt64) {
        let commits = requests.count { $0.operation.commits }
        for request in requests {
            // One alone is decided at the last record, if it is one that changes something.
            request.needed = (commits == 1 ? last : min(first, last))...last
            request.decidedAt = moment
            say("decided \(request.id) at \(request.needed)")
            guard request.operation.commits else { continue }
            orders[request.order, default: model(request.order)].decided(request)
            if request.session.isEmpty { continue }
            orders[request.session, default: model(request.session)].decided(request)
        }
    }

    private func model(_ order: String) -> OrderModel {
        OrderModel(
            name: order, orderSettings.keeping,
            isTight: limits.ordersMax < ResourceLimits().ordersMax)
    }

    /// Whether the lines of orders that leave can be written now.
    func archives(_ lines: [UInt8]) -> Bool {
        let isWritten = luck.happens(80)
        tally.note(isWritten ? .archived : .notArchived)
        return isWritten
    }

    func replied(_ reply: Reply, to request: Request) throws(Violation) {
        say("replied \(request.id): \(reply)")
        count(reply, request)
        switch request.operation {
        case .validate, .usage:
            if !reply.error.isEmpty && reply.error != "shutting_down"
                && reply.error != "not_found"
            {
                throw Violation("\(request.operation) is answered \(reply.error)")
            }
            return
        case .reload, .snapshot: return
        case .apply, .reserve, .release: break
        }
        // These two say nothing of any order.
        if reply.error != "shutting_down" && reply.error != "storage_unavailable" {
            try checkNotStolen(request)
            let (first, last) = (request.needed.lowerBound, request.needed.upperBound)
            let written = daemon?.desk.soundReport.written ?? 0
            history.acknowledge(first...max(first, min(last, written)), at: moment.steady)
        }
        for redemption in reply.redemptions {
            if let known = redemptions[redemption], known.order != request.order {
                throw Violation("\(redemption) is of \(known.order) and of \(request.order)")
            }
            redemptions[redemption] = (request.order, request.needed.upperBound)
        }
        try orders[request.order]?.follow()
        if !request.session.isEmpty { try orders[request.session]?.follow() }
    }

    func begins(_ turn: JournalTurn, in state: StateCopy) throws(Violation) {
        say("turn \(turn) at \(state.sequence)")
        history.note(state)
        if turn.rolls { tally.note(.roll) }
        // Reading the state takes longer than all else, and limits are passed for long or never.
        guard luck.happens(8) else { return }
        guard let view = state.read() else { throw Violation("the state cannot be read") }
        try limitWatch.check(view, at: edition)
        try checkRedemptions(of: view)
        for order in view.orders.values where order.isLapsed {
            tally.note(.lapsed)
            break
        }
        for (name, model) in orders {
            guard model.isCertain, case .reserved(let until, _) = model.standing,
                let order = view.orders[name]
            else { continue }
            if order.isLapsed && moment.steady < until {
                throw Violation("the hold of order \(name) lapsed before its time")
            }
        }
    }

    func noteRefusedSynchronization() { history.hasRefusedSynchronization = true }

    /// Everything that was decided is durable, and must stay so.
    func noteDrained(_ state: StateCopy) { history.comeToRest(in: state) }

    func noteReload() { limitWatch.adopt(edition) }

    private func count(_ reply: Reply, _ request: Request) {
        let event: Event? =
            switch (request.operation, reply.error) {
            case (_, "storage_unavailable"): .storageUnavailable
            case (_, "shutting_down"): .shuttingDown
            case (_, "overloaded"): .overloaded
            case (_, "idempotency_conflict"): .conflict
            case (.apply, _):
                reply.replayed
                    ? .replayed
                    : reply.applied ? (request.session.isEmpty ? .applied : .takenOver) : .refused
            case (.reserve, _): reply.reserved ? .reserved : .refused
            case (.release, _):
                reply.replayed
                    ? .replayed
                    : reply.released ? (request.code.isEmpty ? .released : .partlyReleased) : nil
            default: nil
            }
        if let event { tally.note(event) }
    }
}

/// Salts of a seed.
private struct SeededSalts: SaltSource {
    var generator: SeededGenerator

    mutating func next() -> UInt64 { generator.next() }
}
