import Foundation
import LoopClient
import Posix
import Testing
import UVLoop

@Suite struct `An event loop` {
    @Test func `can be created and released two thousand times`() throws {
        var loops: [Weak] = []
        for _ in 0..<2_000 {
            let loop = try EventLoop()
            let timer = try LoopTimer(on: loop) {}
            timer.start(after: 1_000_000)
            _ = try TurnHook(on: loop) {}
            loops.append(Weak(loop))
        }
        let leftCount = loops.count { $0.object != nil }
        #expect(leftCount == 0)
    }

    @Test func `closes every open handle at its end`() throws {
        var fixture: LoopFixture? = try LoopFixture()
        let server = Peer()
        let client = Peer()
        let pair = try #require(try fixture?.connect(server: server, client: client))
        pair.server.write([UInt8](repeating: 1, count: 2_000_000))
        let timer = try LoopTimer(on: #require(fixture).loop) {}
        let path = try #require(fixture?.path("open"))
        let listener = try #require(try fixture?.listen(at: path) { _ in })
        let mailbox = try Mailbox<Int>(on: #require(fixture).loop) { _ in }
        #expect(FileManager.default.fileExists(atPath: path))
        fixture = nil

        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(server.ends == [.closedHere])
        #expect(client.ends == [.closedHere])
        #expect(listener.isClosed && timer.isClosed && pair.server.isClosed)
        #expect(!mailbox.address.post(1))
        // Objects that outlive their loop are inert.
        timer.start(after: 1)
        timer.stop()
        timer.close()
        pair.client.write("ignored")
    }

    @Test func `also closes handles that a handler opens while it ends`() throws {
        let late = Shared<LoopTimer?>(nil)
        var loop: EventLoop? = try EventLoop()
        let path = "/tmp/uvl-late-\(UInt32.random(in: 0 ... .max))"
        let socket = try UnixSocket(boundTo: path, mode: 0o600)
        let listener = try PipeListener(
            on: #require(loop), adopting: socket.relinquish(), removing: path)
        try listener.listen(backlog: 1, onFailure: { Issue.record($0) }) { _ in }
        let peer = Peer()
        peer.onEnded = { [weak loop] _ in
            // Reached through `closeAll`, while the loop still lives.
            if let loop { late.value = try? LoopTimer(on: loop) {} }
        }
        let connection = try Connection(on: #require(loop), connectingTo: path)
        connection.start(deliveringTo: peer)
        loop?.closeAll()
        #expect(peer.ends == [.closedHere])
        #expect(late.value?.isClosed == true)
        loop = nil
    }

    @Test func `runs its hook once a turn, after the turn's events`() throws {
        let fixture = try LoopFixture()
        var events: [String] = []
        let hook = try TurnHook(on: fixture.loop) { events.append("hook") }
        var firings = 0
        let timer = Shared<LoopTimer?>(nil)
        timer.value = try LoopTimer(on: fixture.loop) {
            events.append("timer")
            firings += 1
            if firings == 3 { timer.value?.close() }
        }
        timer.value?.start(after: 0, repeatingEvery: 1)
        try fixture.run()
        #expect(firings == 3)
        #expect(events.last == "hook")
        let missesNone = zip(events, events.dropFirst()).allSatisfy {
            $0 != "timer" || $1 == "hook"
        }
        #expect(missesNone)
        hook.close()
    }

    @Test func `runs again after a stop`() throws {
        let fixture = try LoopFixture()
        var firings = 0
        let timer = try LoopTimer(on: fixture.loop) { [loop = fixture.loop] in
            firings += 1
            loop.stop()
        }
        timer.start(after: 0, repeatingEvery: 1)
        try fixture.run()
        #expect(firings == 1)
        try fixture.run()
        #expect(firings == 2)
    }
}

@Suite struct `A timer` {
    let fixture: LoopFixture

    init() throws {
        fixture = try LoopFixture()
    }

    @Test func `fires in the order of time, then of starting`() throws {
        var order: [Int64] = []
        let timers = try [30, 10, 20, 10, -5, 0].map { (delay: Int64) in
            let timer = try LoopTimer(on: fixture.loop) { order.append(delay) }
            timer.start(after: delay)
            return timer
        }
        let began = MonotonicClock.nanoseconds
        // It returns only after the last timer has fired.
        try fixture.run()
        #expect(order == [-5, 0, 10, 10, 20, 30])
        // The loop reads its clock before the timers start, in whole milliseconds.
        #expect(MonotonicClock.nanoseconds - began >= 28_000_000)
        withExtendedLifetime(timers) {}
    }

    @Test func `fires repeatedly until stopped, and may be started again`() throws {
        var firings = 0
        let timer = Shared<LoopTimer?>(nil)
        timer.value = try LoopTimer(on: fixture.loop) {
            firings += 1
            if firings % 5 == 0 { timer.value?.stop() }
        }
        timer.value?.start(after: 1, repeatingEvery: 1)
        try fixture.run()
        #expect(firings == 5)
        timer.value?.start(after: 1, repeatingEvery: 1)
        try fixture.run()
        #expect(firings == 10)
        timer.value = nil
    }

    @Test func `does not keep the loop running if set so`() throws {
        let timer = try LoopTimer(on: fixture.loop) {
            Issue.record("the loop did not wait for this")
        }
        #expect(timer.keepsLoopRunning)
        timer.keepsLoopRunning = false
        timer.start(after: 50_000)
        try fixture.run()
    }

    @Test func `forgets its closure when closed inside it, even one that holds the timer`() throws {
        weak var held: Shared<LoopTimer?>?
        do {
            let timer = Shared<LoopTimer?>(nil)
            held = timer
            timer.value = try LoopTimer(on: fixture.loop) { timer.value?.close() }
            timer.value?.start(after: 0)
        }
        #expect(held != nil)
        try fixture.run()
        #expect(held == nil)
    }

    @Test func `refuses a period of zero`() async {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop()
            try LoopTimer(on: loop) {}.start(after: 0, repeatingEvery: 0)
        }
    }
}

@Suite(.serialized) struct `A signal watcher` {
    @Test func `receives the signals of the process`() throws {
        let fixture = try LoopFixture()
        var heard: [CInt] = []
        let watchers = try [SIGUSR1, SIGUSR2].map { signal in
            try SignalWatcher(on: fixture.loop, signal: signal) { [loop = fixture.loop] in
                heard.append(signal)
                if heard.count == 2 { loop.stop() }
            }
        }
        watchers[0].keepsLoopRunning = true
        kill(getpid(), SIGUSR1)
        kill(getpid(), SIGUSR2)
        try fixture.run()
        #expect(heard.sorted() == [SIGUSR1, SIGUSR2].sorted())
    }

    @Test func `cannot watch signals that the kernel reserves`() throws {
        let loop = try EventLoop()
        #expect(throws: UVFault(.watchSignal, code: -EINVAL)) {
            try SignalWatcher(on: loop, signal: SIGKILL) {}
        }
    }
}
