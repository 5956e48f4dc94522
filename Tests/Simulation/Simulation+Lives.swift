import CouponService
import CouponStore
import FlatStorage
import Glibc
import StoreSupport

extension Simulation {
    /// Makes the run. It ends by itself, or with the first promise that did not hold.
    package func run() throws(Violation) {
        try startUntilServing(after: .process)
        for life in 1...settings.lives {
            let ended = life < settings.lives ? try live() : try liveToTheEnd()
            end(ended)
            if theft == nil {
                if luck.happens(15) { turnABit() } else if luck.happens(15) { stealWhileStopped() }
            }
            try startUntilServing(after: ended)
        }
    }

    /// The daemon has ended so: what is left of the disk is what the next one finds.
    func end(_ ended: Ending) {
        say("ended: \(ended)")
        // The loop may not have heard of it.
        if daemon?.desk.fault?.operation == .synchronize { noteRefusedSynchronization() }
        if daemon?.desk.filledCount ?? 0 > 0 { tally.note(.fullSegment) }
        putBackUnlessMissed(after: ended)
        if ended == .powerCut || ended == .drained && !isScripted && luck.happens(50) {
            cutPower()
        } else {
            disk.restartProcess()
        }
        tally.note(ended == .drained ? .drained : ended == .powerCut ? .powerCut : .kill)
    }

    private func cutPower() {
        // What has no name does not survive it.
        putBack()
        disk = disk.afterCrash(&luck)
        isFaultArmed = false
    }

    /// Lets one bit of what is on the disk go wrong.
    private func turnABit() {
        // A file that a start creates again is the wrong place for it.
        let names = disk.names.filter { !$0.hasSuffix(".tmp") && !$0.hasSuffix(".new") }
        guard !names.isEmpty else { return }
        let path = names[luck.below(names.count)]
        let byteCount = disk.durableByteCount(of: path)
        // Most of a segment was never written to.
        let bound = luck.happens(70) ? min(byteCount, 6_000) : byteCount
        guard bound > 0 else { return }
        let bit = luck.below(bound * 8)
        if disk.turnBit(bit, of: path) {
            say("bit \(bit) of \(path) is turned")
            rot = Rot(
                path: path, bit: bit, marked: marked,
                hasOlderSnapshot: names.contains { $0.hasSuffix("/snapshot.previous") })
        }
    }

    private func turnBack() {
        guard let rot, !rot.isTurnedBack else { return }
        self.rot?.isTurnedBack = true
        _ = disk.turnBit(rot.bit, of: rot.path)
    }

    // MARK: - Starting until it serves

    /// Starts again and again, as an operator does, until it serves. The disk may
    /// fail, or everything end, in each of the starts.
    func startUntilServing(after first: Ending) throws(Violation) {
        var ended = first
        for attempt in 1...20 {
            if attempt < 4 && !isScripted && luck.happens(25) { armFault() }
            switch try start(after: ended) {
            case .serving:
                if rot?.isTurnedBack == false { tally.note(.survivedRot) }
                turnBack()
                rot = nil
                return
            case .crashed:
                tally.note(.crashInStart)
                if attempt > 1 || first != .drained { tally.note(.crashTwice) }
                let next = endOfArmedFault()
                if ended != .drained && next == .powerCut { ended = .powerCut }
            case .refused(let fault): try judge(fault)
            case .failed(let fault):
                try judge(.disk(fault))
            }
        }
        throw Violation("the daemon does not start any more")
    }

    /// Takes a refusal to start for what it is: honest, or a fault of ours.
    private func judge(_ fault: RecoveryFault) throws(Violation) {
        if let cause = fault.ofDisk, isOurs(cause) {
            if cause.operation == .synchronize { noteRefusedSynchronization() }
            isFaultArmed = false
            disk.fail(operation: nil)
            disk.isFull = false
            disk.restartProcess()
            tally.note(.failedStart)
            return
        }
        if case .journal = fault, theft != nil {
            tally.note(.refusedForTheft)
            putBack()
            disk.restartProcess()
            return
        }
        guard let rot, !rot.isTurnedBack else {
            throw Violation("the daemon refuses to start: \(fault)")
        }
        if rot.path.hasSuffix("/snapshot") && rot.hasOlderSnapshot {
            throw Violation("one of two snapshots is rotten, and the daemon refuses: \(fault)")
        }
        tally.note(.refusedForRot)
        turnBack()
        disk.restartProcess()
    }

    // MARK: - Faults

    /// Whether a fault is one that was planned.
    func isOurs(_ fault: DiskFault) -> Bool {
        isFaultArmed && !disk.hasFaultAhead || disk.isFull && fault.errno == ENOSPC
    }

    /// Lets an operation that is soon to come fail, or be the last one.
    func armFault() {
        // One at a time: the loop may not have heard yet of the one before.
        if isFaultArmed || disk.hasFaultAhead { return }
        let number = 1 + luck.below(luck.happens(50) ? 12 : 45)
        switch luck.below(10) {
        case 0...3:
            armed = .powerCut
            disk.end(atOperation: number)
        case 4...6:
            armed = .process
            disk.end(atOperation: number)
        default:
            isFaultArmed = true
            disk.fail(operation: number, with: luck.happens(70) ? EIO : ENOSPC)
        }
        say("operation \(number) from here is to fail")
    }

    /// The disk was cut off: goes on with what is left of it.
    private func endOfArmedFault() -> Ending {
        if armed == .powerCut { cutPower() } else { disk.restartProcess() }
        return armed
    }

    // MARK: - Living

    private func live() throws(Violation) -> Ending {
        for _ in 0..<settings.stepsPerLife * (isBusy ? 4 : 1) {
            try step()
            if let ended = ending() { return ended }
            if luck.happens(70) {
                try daemon?.endTurn()
            }
        }
        if luck.happens(40) { return try drain() ?? ending() ?? .process }
        return luck.happens(60) ? .powerCut : .process
    }

    /// How the daemon has just ended, if it has.
    func ending() -> Ending? {
        if disk.isOff { return armed }
        return hasExited ? .process : nil
    }

    /// A life that ends well: every fault is over, there is space again, and all is as it should be.
    private func liveToTheEnd() throws(Violation) -> Ending {
        for _ in 0..<settings.stepsPerLife / 2 {
            try step()
            if let ended = ending() { return ended }
            try daemon?.endTurn()
        }
        // One that has come already is still to be heard of.
        if disk.hasFaultAhead {
            disk.fail(operation: nil)
            isFaultArmed = false
        }
        disk.isFull = false
        for _ in 0..<8 {
            try settleJournal()
            if let ended = ending() { return ended }
            try advance(by: 400)
        }
        guard daemon?.spaceFault == nil else {
            throw Violation("there is space again, and the journal does not take it")
        }
        let before = tally[.storageUnavailable]
        let client = client()
        for _ in 0..<6 { send(from: client) }
        try daemon?.receive(.max, from: client)
        try daemon?.endTurn()
        if tally[.storageUnavailable] > before {
            throw Violation(
                "the disk has space again, and requests are still refused for lack of it")
        }
        return try drain() ?? .process
    }

    /// Ends the daemon in good order. Nil where that came to another end.
    func drain() throws(Violation) -> Ending? {
        guard let daemon else { return nil }
        if isScripted || luck.happens(50) { daemon.beginDrain() }
        for client in daemon.connected { try daemon.receive(.max, from: client) }
        for _ in 0..<20 {
            try daemon.endTurn()
            try settleJournal()
            if let ended = ending() { return ended }
        }
        daemon.beginFinish()
        for _ in 0..<20 where !daemon.isSettled {
            try daemon.endTurn()
            try settleJournal()
            if let ended = ending() { return ended }
        }
        guard daemon.isSettled else { throw Violation("the daemon does not come to rest") }
        if let theft {
            throw Violation("the daemon ends in good order, and \(theft.taken.theft) is gone")
        }
        noteDrained(daemon.state)
        return .drained
    }

    /// The journal does what it has, and the loop learns of it.
    func settleJournal() throws(Violation) {
        guard let daemon else { return }
        daemon.desk.perform()
        if disk.isOff {
            tally.note(.crashInTurn)
            return
        }
        try takeReport()
    }

    func takeReport() throws(Violation) {
        guard let fault = try daemon?.takeReport() else { return }
        say("the journal is broken: \(fault)")
        tally.note(.exitAfterFault)
        if fault.operation == .synchronize { tally.note(.refusedSynchronization) }
        if theft != nil {
            tally.note(.lostName)
            hasExited = true
            return
        }
        // What is written in place has its space: a full disk does not end the daemon.
        guard isFaultArmed && !disk.hasFaultAhead else {
            throw Violation("the journal is broken without a fault of the disk: \(fault)")
        }
        hasExited = true
    }
}

extension RecoveryFault {
    /// The fault of the disk behind it.
    var ofDisk: DiskFault? {
        switch self {
        case .disk(let fault): fault
        case .snapshot(let fault):
            if case .unreadable(let fault) = fault.problem { fault } else { nil }
        case .journal, .foreignFile, .contradiction: nil
        }
    }
}
