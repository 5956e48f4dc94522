import CouponStore
import FlatStorage
import StoreSupport
import Testing

// A daemon in small: a ledger, a journal and a disk. What it decides is a script, one record for
// each step, so that the state after any number of records is known without having been there: a
// recovery that ends after record n has to end in the script's state n, with any history before.

/// Steps that make every kind of record, each exactly one.
enum Script {
    static let now: Int64 = 1_780_000_000_000

    /// Makes step `number`, 1 or more, of the script. The state has all steps before it.
    static func perform(_ number: UInt64, on state: inout SketchLedger) throws {
        let round = (number - 1) / 8
        state.ledger.redemptions = RedemptionNumbers(last: number << 20)
        switch (number - 1) % 8 {
        case 0: state.record(.reserve(until: now + 1), order: "session\(round)")
        case 1:
            _ = state.counter(.total, "default\0couA", startingAt: 40)
            var order = ImageSketch.pair(.applied, keepsUse: round % 2 == 0)
            order.codes[0].facts.redemption = number << 20
            state.record(
                order, order: "o\(round)", takingOver: try state.id(of: "session\(round)"))
        case 2: try state.release("o\(round)", [true, false, false], at: now + Int64(number))
        case 3: state.record(.reserve(until: now + Int64(number)), order: "hold\(round)")
        case 4:
            let isLapsed = state.ledger.lapseNext(until: now + Int64(number))
            #expect(isLapsed)
        case 5: try state.release("o\(round)", [false, false, true], at: now + Int64(number))
        case 6: state.record(.pair(.reserved), order: "o\(round)")
        default:
            var order = ImageSketch.pair(.applied)
            order.metadata = [["note", String(repeating: "x", count: Int(number % 5) * 60)]]
            state.record(order, order: "o\(round)")
        }
        let sequence = state.ledger.sequence
        #expect(sequence == number)
    }

    /// The state after so many steps, see ``canonicalBytes(of:)``.
    static func encodedState(after count: UInt64) throws -> [UInt8] {
        var state = SketchLedger()
        for number in 0..<count { try perform(number + 1, on: &state) }
        return canonicalBytes(of: state.ledger)
    }
}

/// The script's states, each computed once.
struct ScriptStates {
    private var known: [UInt64: [UInt8]] = [:]

    subscript(count: UInt64) -> [UInt8] {
        mutating get throws {
            if let state = known[count] { return state }
            let state = try Script.encodedState(after: count)
            known[count] = state
            return state
        }
    }
}

/// Salts that are one another's successors.
struct CountedSalts: SaltSource {
    var last: UInt64

    mutating func next() -> UInt64 {
        last += 1
        return last
    }
}

/// A daemon that follows the script.
struct SketchDaemon: ~Copyable {
    static let directory = "state"
    /// Segments of sixteen blocks: a header, up to fourteen of batches, and a seal.
    static let segmentByteCount = 16 * 512

    var state = SketchLedger()
    var journal: JournalWriter
    private(set) var report: JournalReport
    private let disk: any Disk

    /// Recovers what is there, and begins the journal's next segment.
    init(
        on disk: any Disk, segmentByteCount: Int = Self.segmentByteCount, salt: UInt64? = nil,
        keeping names: KeptNames = KeptNames()
    ) throws {
        self.disk = disk
        var recovered = try Self.recover(from: disk)
        journal = try JournalWriter.begin(
            on: disk, directory: Self.directory, segmentByteCount: segmentByteCount,
            after: recovered.continuation, keeping: names,
            salts: CountedSalts(last: salt ?? .random(in: 0 ... .max / 2)))
        report = journal.report
        swap(&state.ledger, &recovered.ledger)
        state.ledger.isCapturing = true
    }

    static func recover(
        from disk: any Disk, continuedBy next: SegmentHeader? = nil
    ) throws(RecoveryFault) -> RecoveredState {
        try Recovery.recover(
            from: disk, directory: directory, seed: HashSeed(11), orderLimit: 1_000_000,
            continuedBy: next)
    }

    /// Makes the script's next steps.
    mutating func decide(_ count: Int = 1) throws {
        for _ in 0..<count { try Script.perform(state.ledger.sequence + 1, on: &state) }
    }

    /// Gives what was decided to the journal.
    mutating func perform(
        synchronizes: Bool = false, marks: Bool = false, rolls: Bool = false,
        checks: Bool = false
    ) {
        var records = RecordLog()
        state.ledger.takeChanges(into: &records)
        report = journal.perform(
            JournalTurn(
                synchronizes: synchronizes, marks: marks, rolls: rolls, checks: checks), records)
    }

    /// Goes on in another segment, and makes a snapshot of what stands still then.
    @discardableResult
    mutating func compact() throws(CompactionFault) -> Compacted {
        perform(rolls: true)
        return try Compaction.run(
            on: disk, directory: Self.directory, continuedBy: report.segment)
    }

    consuming func close() throws(DiskFault) { try journal.close() }
}

/// What was read from a disk, as plain values.
struct RecoveredSketch {
    var encoded: [UInt8]
    var sequence: UInt64
    var report: RecoveryReport
    var renewedCount: Int
    var durableSequence: UInt64

    init(from disk: any Disk, continuedBy next: SegmentHeader? = nil) throws(RecoveryFault) {
        let state = try SketchDaemon.recover(from: disk, continuedBy: next)
        try state.check()
        encoded = canonicalBytes(of: state.ledger)
        sequence = state.ledger.sequence
        report = state.report
        renewedCount = state.continuation.renewed.count
        durableSequence = state.continuation.durableSequence
    }

    /// Whether this is what the script says of so many steps.
    func isScript(after count: UInt64, _ states: inout ScriptStates) throws -> Bool {
        try sequence == count && encoded == states[count]
    }
}

/// Why a disk cannot be recovered, or nil where it can.
func recoveryFault(of disk: any Disk) -> RecoveryFault? {
    do {
        _ = try RecoveredSketch(from: disk)
        return nil
    } catch {
        return error
    }
}

extension SimulatedDisk {
    /// The state that a snapshot holds, see ``canonicalBytes(of:)``; nil where it is missing or damaged.
    func state(of path: String) -> [UInt8]? {
        guard let bytes = self[path] else { return nil }
        do {
            return canonicalBytes(
                of: try Ledger.decoded(from: bytes.span, seed: HashSeed(1), orderLimit: 10))
        } catch {
            return nil
        }
    }

    /// Everything there is, as a program sees it.
    var contents: [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for name in names { contents[name] = self[name] }
        return contents
    }

    /// Another disk with what is durable on this one.
    var copy: SimulatedDisk { afterCrash(keepingNameChanges: pendingNameChanges) }

    /// The segments' paths, in order.
    var segments: [String] { names.filter { $0.hasSuffix(".log") } }
}
