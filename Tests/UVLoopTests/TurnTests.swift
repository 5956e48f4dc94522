import LoopClient
import Testing
import UVLoop

@Suite struct `A turn of the loop` {
    /// The kinds of callback by which a turn can begin.
    enum Door: CaseIterable {
        case timer, mailbox, newConnection, bytes, endOfConnection
    }

    private static let work = Duration.milliseconds(3)

    @Test(arguments: Door.allCases)
    func `is as long as its work, for every kind of callback`(door: Door) throws {
        let fixture = try LoopFixture()
        var isDone = false
        var lengths: [Int64] = []
        let hook = try TurnHook(
            on: fixture.loop, onTurn: {},
            afterTurn: { [loop = fixture.loop] in
                lengths.append($0)
                if isDone { loop.stop() }
            })
        try arrange(door, on: fixture) {
            let end = ContinuousClock.now + Self.work
            while ContinuousClock.now < end {}
            isDone = true
        }
        // The loop does not end before its next wait, even with work left.
        let later = try LoopTimer(on: fixture.loop) {}
        later.start(after: 1_000_000)
        try fixture.run()
        #expect(.nanoseconds(try #require(lengths.last)) >= Self.work)
        later.close()
        hook.close()
    }

    /// Runs `work` in a callback of the kind `door`.
    private func arrange(
        _ door: Door, on fixture: LoopFixture, work: @escaping () -> Void
    ) throws {
        switch door {
        case .timer: try LoopTimer(on: fixture.loop) { work() }.start(after: 1)
        case .mailbox:
            let mailbox = try Mailbox<Void>(on: fixture.loop) { work() }
            mailbox.address.post(())
        case .newConnection:
            let path = fixture.path("door")
            _ = try fixture.listen(at: path) { _ in work() }
            _ = try Connection(on: fixture.loop, connectingTo: path)
        case .bytes:
            let server = Peer()
            server.onReceived = { _ in work() }
            try fixture.connect(server: server, client: Peer()).client.write("x")
        case .endOfConnection:
            let client = Peer()
            client.onEnded = { _ in work() }
            try fixture.connect(server: Peer(), client: client).client.close()
        }
    }

    @Test func `does not include the wait before it`() throws {
        let fixture = try LoopFixture()
        var lengths: [Int64] = []
        let hook = try TurnHook(on: fixture.loop, onTurn: {}, afterTurn: { lengths.append($0) })
        var firings = 0
        let timer = try LoopTimer(on: fixture.loop) { [loop = fixture.loop] in
            firings += 1
            if firings == 20 { loop.stop() }
        }
        timer.start(after: 10, repeatingEvery: 10)
        try fixture.run()
        #expect(lengths.count >= 20)
        // A busy machine may lengthen some of the turns, but not all of them.
        let shortest = try #require(lengths.dropFirst().min())
        #expect(.nanoseconds(shortest) < .milliseconds(5))
        timer.close()
        hook.close()
    }
}
