import Foundation

/// The conversation with one daemon after the other, each reply checked.
struct SoakSession {
    private(set) var daemon: DaemonUnderTest
    private(set) var model: SoakModel
    private var traffic: SoakTraffic
    private let folders: SoakFolders
    private var connections: [Dialogue] = []
    private var requestCount = 0
    private var work = SoakWork()
    private let start = ContinuousClock.now

    private static let connectionCount = 4
    private static let batchCount = 32
    private static let lookSeconds = 0.25
    private static let replayCount = 2_000
    private static let endSeconds = 30.0
    private static let newline = UInt8(ascii: "\n")

    init(
        _ daemon: DaemonUnderTest, model: SoakModel, traffic: SoakTraffic, _ folders: SoakFolders
    ) {
        self.daemon = daemon
        self.model = model
        self.traffic = traffic
        self.folders = folders
    }

    private var now: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// Goes on with a daemon that was started on the same state.
    mutating func reconnect(to daemon: DaemonUnderTest) throws {
        self.daemon = daemon
        connections = []
    }

    // MARK: - Load

    /// Sends requests for some time, with reloads and snapshots beside them.
    mutating func load(
        seconds: Double, perSecond: Double, into report: inout SoakReport
    ) throws {
        let opening = now
        let period = Double(Self.batchCount) / perSecond
        var (nextBatch, nextLook) = (opening, opening)
        work = SoakWork(from: opening, seconds: seconds)
        while now < opening + seconds {
            if now < nextBatch { Thread.sleep(forTimeInterval: nextBatch - now) }
            nextBatch = max(nextBatch, now - period) + period
            try exchange((0..<Self.batchCount).map { _ in traffic.next() })
            guard now >= nextLook else { continue }
            nextLook = now + Self.lookSeconds
            let figures = try look()
            report.memory.add(
                .init(
                    seconds: now - opening, bytes: try daemon.residentBytes(),
                    orders: figures.ledger.orders))
            for step in work.next(at: now) { try begin(step) }
            model.sweep(at: now)
        }
        let patience = now + Self.endSeconds
        while work.isReloading {
            if now > patience {
                throw ProcessFault.notReady(
                    name: "a reload", seconds: Int(Self.endSeconds), log: daemon.process.logText)
            }
            try exchange([traffic.next()])
            _ = try look()
        }
        (report.reloads, report.snapshots) = (work.reloads, work.snapshots)
    }

    private mutating func begin(_ step: SoakWork.Step) throws {
        switch step {
        case .reload:
            try folders.write(edition: model.beginReload())
            daemon.process.signal(SIGHUP)
        case .snapshot: daemon.process.signal(SIGUSR2)
        }
    }

    /// Reads the daemon's figures, and sees what has ended.
    private mutating func look() throws -> DaemonFigures {
        let figures = try daemon.figures()
        if try work.follow(figures) { model.endReload() }
        return figures
    }

    /// Sends requests together over the next connection, and checks their replies.
    private mutating func exchange(_ requests: [SoakRequest]) throws {
        if connections.count < Self.connectionCount {
            connections.append(try Dialogue(daemon.socketPath))
        } else {
            connections.append(connections.removeFirst())
        }
        var bytes: [UInt8] = []
        for (place, request) in requests.enumerated() {
            bytes += Array(request.line(id: requestCount + place).utf8) + [Self.newline]
        }
        let sent = now
        let replies = try connections[connections.count - 1].exchange(bytes) { received in
            received.count(where: { $0 == Self.newline }) < requests.count ? nil : received.count
        }
        let moment = sent...now
        for (request, line) in zip(requests, replies.split(separator: Self.newline)) {
            try model.check(
                request, String(decoding: line, as: UTF8.self), id: requestCount, during: moment)
            requestCount += 1
        }
    }

    private mutating func exchangeAll(_ requests: [SoakRequest]) throws {
        for start in stride(from: 0, to: requests.count, by: Self.batchCount) {
            try exchange(Array(requests[start..<min(start + Self.batchCount, requests.count)]))
        }
    }

    // MARK: - Afterwards

    /// Asks for the uses of each limit that was ever used.
    mutating func checkCounters() throws {
        try exchangeAll(model.counters.map(\.usage))
    }

    /// Repeats applied orders. The daemon has them from disk.
    mutating func checkReplays() throws {
        try exchangeAll(
            model.appliedOrders.prefix(Self.replayCount).compactMap { number in
                model.order(number).map { .apply(order: number, $0.purchase) }
            })
    }

    /// Waits until every order has lapsed, was forgotten or archived.
    mutating func awaitNoOrders() throws {
        let patience = max(model.lastEnding, now) + Self.endSeconds
        while true {
            let orders = try daemon.figures().ledger.orders
            // The model waits longer than the daemon.
            if orders == 0, now >= model.lastEnding { break }
            if now > patience {
                throw ProcessFault.failed(
                    command: "the end of orders", status: 0,
                    log: "\(orders) are on record \(Int(Self.endSeconds)) s after all have ended")
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
        model.sweep(at: now)
    }
}

extension SoakCounter {
    /// A request for its figures.
    fileprivate var usage: SoakRequest {
        switch self {
        case .few: .usage(.few, customer: 0)
        case .customer(let customer): .usage(.each, customer: customer)
        case .single(let number): .usage(.single(number), customer: 0)
        }
    }
}

/// The reloads and snapshots beside a load: which comes next, and which have ended.
struct SoakWork {
    enum Step: Equatable { case reload, snapshot }

    private(set) var reloads = 0
    private(set) var snapshots = 0
    private(set) var isReloading = false
    private var lastReload: DaemonFigures.Run?
    private var lastSnapshot: DaemonFigures.Run?
    private var nextReload = Double.infinity
    private var nextSnapshot = Double.infinity
    private var period = Double.infinity

    /// Limits grow with each reload: so seldom that they are reached in between.
    private static let periodMax = 10.0
    private static let runCountMin = 4.0

    init() {}

    init(from start: Double, seconds: Double) {
        period = min(Self.periodMax, seconds / Self.runCountMin)
        nextReload = start + period * 0.9
        nextSnapshot = start + period / 2
    }

    /// What to begin now. A reload waits for the one before.
    mutating func next(at now: Double) -> [Step] {
        var steps: [Step] = []
        if now >= nextReload, !isReloading {
            nextReload = now + period
            isReloading = true
            steps.append(.reload)
        }
        if now >= nextSnapshot {
            nextSnapshot = now + period
            steps.append(.snapshot)
        }
        return steps
    }

    /// Takes in what the daemon reports. Returns whether the reload has ended.
    mutating func follow(_ figures: DaemonFigures) throws(ProcessFault) -> Bool {
        if let snapshot = figures.lastSnapshot, snapshot != lastSnapshot {
            lastSnapshot = snapshot
            snapshots += 1
            try snapshot.check("a snapshot")
        }
        guard let reload = figures.catalog.lastReload, reload != lastReload else { return false }
        lastReload = reload
        try reload.check("a reload")
        guard isReloading else { return false }
        isReloading = false
        reloads += 1
        return true
    }
}

extension DaemonFigures.Run {
    fileprivate func check(_ name: String) throws(ProcessFault) {
        if isOK { return }
        throw .failed(command: name, status: 1, log: errors?.joined(separator: "\n") ?? "")
    }
}
