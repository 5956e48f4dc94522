import LoopClient
import Posix
import UVLoop

// One thread, one loop. First all connections are made and prepared; then the clock starts. Requests
// of the warm-up and of the measured time are sent the same way and distinguished by when they were sent;
// afterwards nothing new is sent, and replies are waited for.
//
// An open loop is driven from the end of each turn of the loop: scheduled requests are sent, and a
// timer of the kernel is set to the next that will be. So the loop sleeps between requests that are
// far apart, and under load each turn sends what became due in the turn before. A turn that takes long
// delays requests, never their due times.

/// Puts the plan's load on its target and says what came of it. Blocks for as long as the plan says.
package func run(_ plan: LoadPlan) throws(LoadFault) -> LoadResult {
    let run: LoadRun
    do {
        run = try LoadRun(plan)
    } catch {
        throw .cannotStart(reason: "\(error)")
    }
    defer { run.close() }
    return try run.perform()
}

/// A run of a plan.
final class LoadRun {
    private static let preparationMilliseconds: Int64 = 10_000
    private static let connectRetryMilliseconds: Int64 = 1
    /// Descriptors besides connections: the loop's own, the timers', what a program has open.
    private static let otherDescriptors: UInt64 = 64

    let plan: LoadPlan
    /// What every connection sends before its first request.
    let preparation: [[UInt8]]
    let loop: EventLoop
    let measurement: Measurement
    var writer: RequestWriter
    /// Open loop: from the start of the clock.
    private(set) var schedule: OpenSchedule?

    private enum Stage {
        case preparing
        case sending
        case draining
        case over
    }

    private var stage = Stage.preparing
    private var clients: [LoadClient] = []
    private var readyCount = 0
    private var fault: LoadFault?
    /// Clients for whose connection the target had no room.
    private var turnedAway: [LoadClient] = []
    private var retryTimer: LoopTimer?
    /// Ends the stage.
    private var deadline: DeadlineTimer?
    /// Calls the plan's `observe` at the beginning of the measured time.
    private var beginning: DeadlineTimer?
    /// Open loop: how many requests have become due.
    private var dueCount = 0
    private var turnHook: TurnHook?
    private var wakeUp: DeadlineTimer?

    init(_ plan: LoadPlan) throws {
        self.plan = plan
        let handshake = plan.target.handshake
        preparation = (handshake.isEmpty ? [] : [handshake]) + plan.target.preparation
        measurement = Measurement(nanoseconds: plan.milliseconds * 1_000_000)
        writer = RequestWriter(plan.mix, seed: plan.seed)
        let descriptors = UInt64(plan.pace.connections) + Self.otherDescriptors
        let limit = try fileDescriptorLimit()
        if limit.soft < descriptors {
            try setFileDescriptorLimit(soft: min(descriptors, limit.hard))
        }
        loop = try EventLoop()
        retryTimer = try LoopTimer(on: loop) { [weak self] in self?.connectTurnedAway() }
        deadline = try DeadlineTimer(on: loop) { [weak self] in self?.stageEnded() }
        clients = (0..<plan.pace.connections).map { LoadClient(self, number: $0) }
    }

    /// Lets go of everything. The clients hold the run until then.
    func close() {
        stage = .over
        loop.closeAll()
        clients = []
        turnedAway = []
    }

    func perform() throws(LoadFault) -> LoadResult {
        if case .connectionPerRequest = plan.pace {
            readyCount = clients.count
        } else {
            try prepare()
        }
        do {
            try start()
        } catch {
            throw .cannotStart(reason: "\(error)")
        }
        loop.run()
        if let fault { throw fault }
        let now = MonotonicClock.nanoseconds
        for client in clients { client.giveUp(at: now) }
        plan.observe?()
        return measurement.result
    }

    func fail(_ fault: LoadFault) {
        if stage == .over { return }
        if self.fault == nil { self.fault = fault }
        loop.stop()
    }

    // MARK: Stages

    private func prepare() throws(LoadFault) {
        setDeadline(after: Self.preparationMilliseconds)
        for client in clients where fault == nil { client.connect() }
        // Also when all is done: the run takes back the request to stop.
        loop.run()
        if let fault { throw fault }
    }

    private func start() throws {
        stage = .sending
        let now = MonotonicClock.nanoseconds
        measurement.start(at: now + plan.warmUpMilliseconds * 1_000_000)
        deadline?.start(at: measurement.end)
        if let observe = plan.observe {
            beginning = try DeadlineTimer(on: loop, onReached: observe)
            beginning?.start(at: measurement.begin)
        }
        switch plan.pace {
        case .closed(_, let depth):
            for client in clients { client.send(depth) }
        case .connectionPerRequest:
            for client in clients { client.startOver() }
        case .open(_, let perSecond):
            schedule = OpenSchedule(from: now, until: measurement.end, perSecond: perSecond)
            wakeUp = try DeadlineTimer(on: loop) {}
            turnHook = try TurnHook(on: loop) { [weak self] in self?.sendDue() }
        }
    }

    private func stageEnded() {
        switch stage {
        case .preparing:
            fail(.notPrepared(reply: nil))
        case .sending:
            // What became due in the last moment is still sent.
            sendDue()
            stage = .draining
            setDeadline(after: plan.drainMilliseconds)
            stopIfDrained()
        case .draining, .over:
            loop.stop()
        }
    }

    private func stopIfDrained() {
        if stage == .draining, measurement.underWay == 0 { loop.stop() }
    }

    private func setDeadline(after milliseconds: Int64) {
        deadline?.start(at: MonotonicClock.nanoseconds + milliseconds * 1_000_000)
    }

    // MARK: Clients

    /// The client's connection can take requests.
    func isReady(_ client: LoadClient) {
        if case .connectionPerRequest = plan.pace { return client.sendOnlyRequest() }
        readyCount += 1
        if readyCount == clients.count { loop.stop() }
    }

    /// Replies came for a client's oldest requests.
    func received(_ count: Int, by client: LoadClient) {
        switch plan.pace {
        case .closed: client.send(count)
        case .connectionPerRequest:
            client.disconnect()
            client.startOver()
        case .open: break
        }
        stopIfDrained()
    }

    /// The target had no room for one more connection at this moment.
    func connectLater(_ client: LoadClient) {
        turnedAway.append(client)
        retryTimer?.start(after: Self.connectRetryMilliseconds)
    }

    private func connectTurnedAway() {
        let clients = turnedAway
        turnedAway = []
        for client in clients { client.connect() }
    }

    private func sendDue() {
        guard let schedule, let wakeUp else { return }
        let now = MonotonicClock.nanoseconds
        let dueNow = schedule.countDue(by: now)
        if dueNow > dueCount {
            let (first, count) = (dueCount, dueNow - dueCount)
            let measured = dueNow - max(first, schedule.countDue(by: measurement.begin - 1))
            measurement.noteDue(
                count, measured: max(0, measured), delay: now - schedule.time(of: first))
            dueCount = dueNow
            // Request number k is sent by client number k modulo their number.
            for offset in 0..<min(count, clients.count) {
                let share = (count - offset + clients.count - 1) / clients.count
                clients[(first + offset) % clients.count].owe(share)
            }
        }
        if dueCount < schedule.count { wakeUp.start(at: schedule.time(of: dueCount)) }
    }
}
