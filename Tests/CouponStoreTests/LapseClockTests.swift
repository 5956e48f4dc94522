import CouponStore
import FlatStorage
import Testing

/// A daemon's two clocks, the first of which jumps.
private struct Clocks {
    var wall: Int64 = 1_780_000_000_000
    var steady: Int64 = 5_000

    mutating func pass(_ milliseconds: Int64) {
        wall += milliseconds
        steady += milliseconds
    }

    var lapseClock: LapseClock { LapseClock(wall: wall, steady: steady) }
}

extension SketchLedger {
    /// Reserves both codes of an order for a minute from now.
    fileprivate mutating func reserveForAMinute(_ order: String, _ clocks: Clocks) {
        ledger.lapseClock = clocks.lapseClock
        var sketch = ImageSketch.pair(.reserved)
        sketch.facts.expiresAt = clocks.wall + 60_000
        record(sketch, order: order)
    }
}

@Suite struct `A hold and the time of day` {
    private static let jumps: [Int64] = [-86_400_000, -61_000, -1, 1, 61_000, 86_400_000]

    /// However the time of day jumps, the hold ends a minute after it was made.
    @Test(arguments: jumps)
    func `keeps its deadline when the time of day jumps`(jump: Int64) {
        var clocks = Clocks(), state = SketchLedger()
        state.reserveForAMinute("o", clocks)
        clocks.pass(20_000)
        clocks.wall += jump
        state.ledger.lapseClock = clocks.lapseClock
        state.expectLapse(at: 65_000)
        state.expectLapse(at: nil)
    }

    @Test(arguments: jumps)
    func `keeps its deadline when a part of it is given back`(jump: Int64) throws {
        var clocks = Clocks(), state = SketchLedger()
        state.reserveForAMinute("o", clocks)
        clocks.pass(20_000)
        clocks.wall += jump
        state.ledger.lapseClock = clocks.lapseClock
        try state.release("o", [true, false, false], at: clocks.wall)
        state.expectLapse(at: 65_000)
    }

    @Test(arguments: jumps)
    func `gets another deadline when it is renewed`(jump: Int64) {
        var clocks = Clocks(), state = SketchLedger()
        state.reserveForAMinute("o", clocks)
        clocks.pass(20_000)
        clocks.wall += jump
        state.reserveForAMinute("o", clocks)
        state.expectLapse(at: 85_000)
        state.expectLapse(at: nil)
    }

    /// Holds that are made before and after a jump lapse in the order of their deadlines, not of
    /// what their images say.
    @Test func `lapses before one that was made later, however the time of day went back`() throws {
        var clocks = Clocks(), state = SketchLedger()
        state.reserveForAMinute("first", clocks)
        clocks.pass(10_000)
        clocks.wall -= 3_600_000
        state.reserveForAMinute("second", clocks)
        let images = try ["first", "second"].map { try state.sketch(of: $0)?.facts.expiresAt ?? 0 }
        #expect(images[1] < images[0])
        state.expectLapse(at: 65_000)
        #expect(try state.sketch(of: "first")?.facts.state == .released)
        #expect(try state.sketch(of: "second")?.facts.state == .reserved)
        state.expectLapse(at: 75_000)
    }

    /// The steady clock of the process before is gone: what the image says is all there is.
    @Test(arguments: jumps)
    func `ends by the time of day after a restart`(jump: Int64) throws {
        var clocks = Clocks(), state = SketchLedger()
        state.ledger.isCapturing = true
        state.reserveForAMinute("o", clocks)
        let records = state.changes()
        clocks.pass(20_000)
        clocks.wall += jump
        clocks.steady = 77
        let deadline = 77 + 40_000 - jump
        let encoded = state.ledger.encodeSnapshot()
        var decoded = SketchLedger(), redone = SketchLedger()
        decoded.ledger = try Ledger.decoded(
            from: encoded.bytes, seed: HashSeed(4), orderLimit: 10, lapseClock: clocks.lapseClock)
        decoded.expectLapse(at: deadline, "from a snapshot")
        redone.ledger.lapseClock = clocks.lapseClock
        try redone.redo(records)
        redone.expectLapse(at: deadline, "from the journal")
    }
}
