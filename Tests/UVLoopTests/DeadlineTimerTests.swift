import LoopClient
import Testing
import UVLoop

@Suite struct `A deadline timer` {
    let fixture: LoopFixture

    init() throws {
        fixture = try LoopFixture()
    }

    @Test func `fires once when its instant has come, and never before`() throws {
        var firedAt: [Int64] = []
        let timer = try DeadlineTimer(on: fixture.loop) {
            firedAt.append(MonotonicClock.nanoseconds)
        }
        // Finer than the resolution of a loop's own timer.
        let instant = MonotonicClock.nanoseconds + 300_000
        timer.start(at: instant)
        try fixture.run()
        #expect(firedAt.count == 1)
        #expect(try #require(firedAt.first) >= instant)
        timer.close()
    }

    @Test func `fires for an instant that has passed, or is not valid`() throws {
        var firedCount = 0
        let timer = try DeadlineTimer(on: fixture.loop) { firedCount += 1 }
        for instant in [MonotonicClock.nanoseconds, 1, 0, -1] {
            timer.start(at: instant)
            try fixture.run()
        }
        #expect(firedCount == 4)
        timer.close()
    }

    @Test func `uses the last instant that was set, even inside its own call`() throws {
        let begin = MonotonicClock.nanoseconds
        let steps = Shared<[Int64]>([])
        let timer = Shared<DeadlineTimer?>(nil)
        timer.value = try DeadlineTimer(on: fixture.loop) {
            steps.value.append(MonotonicClock.nanoseconds - begin)
            if steps.value.count < 3 {
                timer.value?.start(at: begin + Int64(steps.value.count + 1) * 2_000_000)
            }
        }
        timer.value?.start(at: begin + 3_600_000_000_000)
        timer.value?.start(at: begin + 2_000_000)
        try fixture.run()
        #expect(steps.value.count == 3)
        for (index, step) in steps.value.enumerated() {
            #expect(step >= Int64(index + 1) * 2_000_000)
        }
        timer.value?.close()
        timer.value = nil
    }

    @Test func `does not fire after it is stopped or closed`() throws {
        var firedCount = 0
        let stopped = try DeadlineTimer(on: fixture.loop) { firedCount += 1 }
        let closed = try DeadlineTimer(on: fixture.loop) { firedCount += 1 }
        for timer in [stopped, closed] { timer.start(at: 1) }
        // Both have expired, but the loop has not looked yet.
        stopped.stop()
        closed.close()
        closed.start(at: 1)
        try fixture.run()
        #expect(firedCount == 0)
        stopped.start(at: 1)
        try fixture.run()
        #expect(firedCount == 1)
        stopped.close()
    }

    @Test func `does not keep a loop running unless it is started`() throws {
        let timer = try DeadlineTimer(on: fixture.loop) {}
        try fixture.run()
        timer.close()
        timer.stop()
    }

    @Test func `leaves nothing behind, a thousand times`() throws {
        var seen: [Weak] = []
        for _ in 0..<1_000 {
            let timer = try DeadlineTimer(on: fixture.loop) {}
            timer.start(at: .max)
            timer.close()
            seen.append(Weak(timer))
        }
        try fixture.run()
        // The kernel's timer is released with the object.
        let leftCount = seen.count { $0.object != nil }
        #expect(leftCount == 0)
    }
}
