import CouponService
import CouponWire
import Testing

@testable import coupond

@Suite struct `The places for connections` {
    private static func places(_ general: Int, reserve: Int) -> ConnectionPlaces {
        var limits = ResourceLimits()
        limits.connectionsMax = general
        limits.adminConnectionsMax = reserve
        return ConnectionPlaces(limits)
    }

    @Test func `keep a reserve for administrators and viewers`() {
        var places = Self.places(2, reserve: 2)
        #expect(places.take(for: .storefront) == .admitted(.general))
        #expect(places.take(for: .storefront) == .admitted(.general))
        #expect(places.take(for: .storefront) == .refused(isNews: true))
        #expect(places.take(for: .admin) == .admitted(.reserve))
        #expect(places.take(for: .viewer) == .admitted(.reserve))
        #expect(places.take(for: .admin) == .refused(isNews: false))
        places.giveBack(.reserve)
        #expect(places.take(for: .storefront) == .refused(isNews: false))
        #expect(places.take(for: .admin) == .admitted(.reserve))
        places.giveBack(.general)
        #expect(places.take(for: .admin) == .admitted(.general))
    }

    @Test func `are reported as full once, until a tenth of them is free again`() {
        var places = Self.places(20, reserve: 1)
        for _ in 0..<20 { #expect(places.take(for: .storefront) == .admitted(.general)) }
        #expect(places.take(for: .storefront) == .refused(isNews: true))
        #expect(places.take(for: .storefront) == .refused(isNews: false))
        places.giveBack(.general)
        #expect(places.take(for: .storefront) == .admitted(.general))
        #expect(places.take(for: .storefront) == .refused(isNews: false))
        places.giveBack(.general)
        places.giveBack(.general)
        for _ in 0..<2 { #expect(places.take(for: .storefront) == .admitted(.general)) }
        #expect(places.take(for: .storefront) == .refused(isNews: true))
    }
}

@Suite struct `An idle clock` {
    private var clock = IdleClock()

    private mutating func sweep(_ lineCount: UInt64, awaitsDaemon: Bool = false) -> Int {
        clock.sweep(lineCount: lineCount, awaitsDaemon: awaitsDaemon)
    }

    @Test mutating func `runs from the last whole line`() {
        #expect(sweep(0) == 0, "a client has just come")
        #expect([sweep(0), sweep(0)] == [1, 2])
        #expect(sweep(1) == 0)
        #expect([sweep(1), sweep(1), sweep(2)] == [1, 2, 0])
    }

    @Test mutating func `runs from the last reply that was taken`() {
        #expect([sweep(0), sweep(0)] == [0, 1])
        clock.noteTaken()
        #expect([sweep(0), sweep(0)] == [0, 1])
    }

    @Test mutating func `stands while the client waits for the daemon`() {
        #expect([sweep(0), sweep(0)] == [0, 1])
        #expect([sweep(0, awaitsDaemon: true), sweep(0, awaitsDaemon: true)] == [0, 0])
        #expect([sweep(0), sweep(0)] == [1, 2])
    }
}

@Suite struct `A wait for the disk` {
    private var wait = DiskWait()

    @Test mutating func `is not worth a line if it is short`() {
        wait.begin(at: 5_000)
        #expect(wait.nextCheck == 6_000)
        #expect(wait.overdue(at: 5_999) == nil)
        #expect(wait.end(at: 5_999) == nil)
        #expect(wait.nextCheck == nil)
        #expect(wait.overdue(at: 9_000) == nil, "it is over")
    }

    @Test mutating func `is reported once when it is long, and when it ends`() {
        wait.begin(at: 5_000)
        #expect(wait.overdue(at: 6_001) == 1_001)
        #expect(wait.overdue(at: 7_000) == nil)
        #expect(wait.nextCheck == nil)
        #expect(wait.end(at: 8_500) == 3_500)
        wait.begin(at: 9_000)
        #expect(wait.end(at: 20_000) == nil, "the loop was late to look; that is not news any more")
    }
}

@Suite struct `The watch over a socket's file` {
    @Test func `binds a lost socket again, and reports the loss once`() {
        var watch = SocketWatch(isOwn: true)
        #expect(watch.note(.intact) == .nothing)
        #expect(watch.note(.missing) == .reportAndBind)
        #expect(watch.note(.replaced) == .bind)
        #expect(watch.note(.missing) == .bind)
        #expect(watch.note(.intact) == .nothing)
        #expect(watch.note(.replaced) == .reportAndBind)
        watch.noteBound()
        #expect(watch.note(.missing) == .reportAndBind, "it was bound in between")
    }

    @Test func `only reports a socket of the service manager`() {
        var watch = SocketWatch(isOwn: false)
        #expect(watch.note(.replaced) == .report)
        #expect(watch.note(.replaced) == .nothing)
        #expect(watch.note(.intact) == .nothing)
        #expect(watch.note(.missing) == .report)
    }

    @Test func `reports each reason for a failure once`() {
        var watch = SocketWatch(isOwn: true)
        _ = watch.note(.missing)
        let first = ["taken", "taken", "forbidden"].map { watch.noteFailure($0) }
        #expect(first == [true, false, true])
        _ = watch.note(.intact)
        _ = watch.note(.missing)
        let afterwards = watch.noteFailure("forbidden")
        #expect(afterwards)
    }
}
