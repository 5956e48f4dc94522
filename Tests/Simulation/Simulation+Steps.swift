import CouponService
import CouponStore
import StoreSupport

// The steps of a life. Each does one thing that may happen in any order with every other.

extension Simulation {
    func step() throws(Violation) {
        switch luck.below(100) {
        case ..<38: try talk()
        case ..<58: try journalStep()
        case ..<70:
            try settleJournal()
        case ..<82: try advance(by: Int64(1 + luck.below(60)))
        case ..<87: try advance(by: Int64(100 + luck.below(1_400)))
        case ..<88: try advance(by: Int64(1_000 * (1 + luck.below(luck.happens(20) ? 1_000 : 20))))
        case ..<89: jump()
        case ..<91: comeOrGo()
        case ..<93: reload()
        case ..<96: try isBusy && daemon?.compaction == nil ? talk() : compact()
        case ..<97: if luck.happens(40) { armFault() } else if luck.happens(25) { steal() }
        case ..<98: fillOrEmptyDisk()
        case ..<99:
            if luck.happens(30) {
                armed = luck.happens(50) ? .powerCut : .process
                disk.end()
            }
        default: try askAsOperator()
        }
    }

    // MARK: - Clients

    /// A connected client.
    func client() -> SimulatedClient {
        guard let daemon else { preconditionFailure("there is a daemon while it lives") }
        let clients = daemon.connected.filter { !$0.isOperator }
        if clients.isEmpty { return daemon.connect() }
        return clients[luck.below(clients.count)]
    }

    func send(from client: SimulatedClient) {
        let request = maker.next(&luck)
        say("sent \(request.id): \(request.body)")
        client.send(request)
    }

    private func talk() throws(Violation) {
        let client = client()
        if client.onTheWay.isEmpty || luck.happens(30) {
            let count = luck.happens(75) ? 1 : 2 + luck.below(4)
            if count > 1 { tally.note(.pipelined) }
            for _ in 0..<count { send(from: client) }
        }
        if client.isPaused { return }
        if luck.happens(70) {
            try daemon?.receive(.max, from: client)
        } else {
            tally.note(.splitRead)
            try daemon?.receive(1 + luck.below(client.onTheWay.count), from: client)
        }
    }

    private func comeOrGo() {
        guard let daemon else { return }
        let clients = daemon.connected
        if clients.count < 4 || luck.happens(30) {
            _ = daemon.connect()
            tally.note(.connect)
        } else {
            let client = clients[luck.below(clients.count)]
            if !client.waiting.isEmpty { tally.note(.unanswered) }
            daemon.disconnect(client)
            tally.note(.disconnect)
        }
    }

    private func askAsOperator() throws(Violation) {
        guard let daemon else { return }
        let client = daemon.connected.first { $0.isOperator } ?? daemon.connect(asOperator: true)
        client.send(maker.order(luck.happens(50) ? .reload : .snapshot))
        // What follows waits behind it.
        if luck.happens(50) { send(from: client) }
        try daemon.receive(.max, from: client)
    }

    // MARK: - Time

    func advance(by milliseconds: Int64) throws(Violation) {
        guard let daemon else { return }
        var left = milliseconds
        var turns = 0
        while left > 0 {
            try daemon.endTurn()
            let due = daemon.deadline.map { max(1, $0 - moment.steady) } ?? left
            // A loop that always has something to do makes no longer run of it than any other.
            turns += 1
            let passing = turns < 50 ? min(left, due) : left
            moment.steady += passing
            moment.wall += passing
            left -= passing
            daemon.begin(at: time)
        }
    }

    private func jump() {
        let hours = Int64(luck.below(49)) - 24
        moment.wall += hours * 3_600_000 + Int64(luck.below(5_000))
        daemon?.begin(at: time)
        tally.note(.wallJump)
        say("the wall clock jumps by \(hours) hours")
    }

    // MARK: - Other threads

    private func journalStep() throws(Violation) {
        guard let desk = daemon?.desk else { return }
        if desk.isDone {
            try takeReport()
        } else if desk.isWaiting {
            desk.perform()
            if disk.isOff { tally.note(.crashInTurn) }
        } else {
            try daemon?.endTurn()
        }
    }

    private func reload() {
        guard let daemon else { return }
        guard daemon.isReloading else { return daemon.request(.reload) }
        if luck.happens(15) { return daemon.finishReload(with: nil) }
        edition = Edition.allCases[luck.below(Edition.allCases.count)]
        daemon.finishReload(with: edition.catalog)
        noteReload()
        tally.note(.reload)
        say("reloaded: \(edition)")
    }

    func compact() throws(Violation) {
        guard let daemon else { return }
        guard let header = daemon.takeCompaction() else {
            daemon.request(.snapshot)
            return
        }
        let desk = daemon.desk
        // The journal's thread goes on meanwhile.
        let call = desk.isWaiting ? 1 + luck.below(50) : 0
        if call > 0 { tally.note(.turnInCompaction) }
        let watched = WatchedDisk(disk, plantedDisk) { if $0 == call { desk.perform() } }
        let outcome: SnapshotOutcome
        do {
            let compacted = try Compaction.run(
                on: watched, directory: Self.directory,
                continuedBy: plantedDisk?.written(header) ?? header)
            MergeBug.spoil(disk, as: settings.planted)
            outcome = .written(compacted, milliseconds: 1)
            tally.note(.compaction)
            say("compacted: \(compacted)")
        } catch {
            if disk.isOff {
                tally.note(.crashInCompaction)
                return
            }
            try judge(error)
            outcome = .failed("\(error)")
            tally.note(.failedCompaction)
            say("not compacted: \(error)")
        }
        if !disk.isOff { daemon.finishCompaction(outcome) }
    }

    private func judge(_ fault: CompactionFault) throws(Violation) {
        let cause: DiskFault? =
            switch fault {
            case .disk(let fault): fault
            case .unreadable(let fault): fault.ofDisk
            case .unproven: nil
            }
        if let cause, isOurs(cause) { return }
        if theft != nil { return }
        throw Violation("the compaction fails: \(fault)")
    }

    private func fillOrEmptyDisk() {
        disk.isFull.toggle()
        tally.note(disk.isFull ? .fullDisk : .healed)
        say("the disk is \(disk.isFull ? "full" : "not full any more")")
    }
}
