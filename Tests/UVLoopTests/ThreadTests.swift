import Foundation
import Synchronization
import Testing
import UVLoop

@Suite struct `A mailbox` {
    let fixture: LoopFixture

    init() throws {
        fixture = try LoopFixture()
    }

    @Test func `delivers from four threads, each in its order`() throws {
        struct Letter: Sendable {
            var sender: Int
            var number: Int
        }
        let senderCount = 4
        let lettersPerSender = 10_000
        var next = [Int](repeating: 0, count: senderCount)
        var isInOrder = true
        var receivedCount = 0
        let mailbox = Shared<Mailbox<Letter>?>(nil)
        mailbox.value = try Mailbox<Letter>(on: fixture.loop) { letter in
            isInOrder = isInOrder && letter.number == next[letter.sender]
            next[letter.sender] += 1
            receivedCount += 1
            if receivedCount == senderCount * lettersPerSender { mailbox.value?.close() }
        }
        let address = try #require(mailbox.value?.address)
        for sender in 0..<senderCount {
            Thread {
                for number in 0..<lettersPerSender {
                    address.post(Letter(sender: sender, number: number))
                }
            }.start()
        }
        try fixture.run()
        #expect(receivedCount == senderCount * lettersPerSender)
        #expect(isInOrder)
        mailbox.value = nil
    }

    @Test func `wakes the loop once for many messages`() throws {
        var turns = 0
        var received: [Int] = []
        let hook = try TurnHook(on: fixture.loop) { turns += 1 }
        let mailbox = try Mailbox<Int>(on: fixture.loop) { [loop = fixture.loop] number in
            received.append(number)
            if number == 99 { loop.stop() }
        }
        for number in 0..<100 { mailbox.address.post(number) }
        try fixture.run()
        #expect(received == Array(0..<100))
        #expect(turns == 1)
        hook.close()
        mailbox.close()
    }

    @Test func `delivers messages that are posted during a delivery`() throws {
        var received: [Int] = []
        let mailbox = Shared<Mailbox<Int>?>(nil)
        mailbox.value = try Mailbox<Int>(on: fixture.loop) { number in
            received.append(number)
            if number == 5 {
                mailbox.value?.close()
            } else {
                mailbox.value?.address.post(number + 1)
            }
        }
        mailbox.value?.address.post(1)
        try fixture.run()
        #expect(received == [1, 2, 3, 4, 5])
        mailbox.value = nil
    }

    @Test func `refuses messages after its end, and drops the undelivered ones`() throws {
        var received: [Int] = []
        let mailbox = Shared<Mailbox<Int>?>(nil)
        mailbox.value = try Mailbox<Int>(on: fixture.loop) { number in
            received.append(number)
            mailbox.value?.close()
        }
        let address = try #require(mailbox.value?.address)
        #expect(address.post(1))
        #expect(address.post(2))
        try fixture.run()
        #expect(received == [1])
        #expect(!address.post(3))
        mailbox.value = nil
    }

    @Test func `may be closed while others post`() throws {
        for _ in 0..<50 {
            let mailbox = Shared<Mailbox<Int>?>(nil)
            mailbox.value = try Mailbox<Int>(on: fixture.loop) { _ in mailbox.value?.close() }
            let address = try #require(mailbox.value?.address)
            let refusals = DispatchSemaphore(value: 0)
            for _ in 0..<2 {
                Thread {
                    while address.post(1) {}
                    refusals.signal()
                }.start()
            }
            try fixture.run()
            for _ in 0..<2 { #expect(refusals.wait(timeout: .now() + 60) == .success) }
            mailbox.value = nil
        }
    }
}

@Suite struct `A worker` {
    let fixture: LoopFixture

    init() throws {
        fixture = try LoopFixture()
    }

    @Test func `delivers results on the loop, in the order of the jobs`() throws {
        let worker = try Worker(on: fixture.loop, name: "squares")
        let loopThread = pthread_self()
        var squares: [Int] = []
        var name: String?
        worker.run({ pthread_self() }) { workerThread in
            #expect(pthread_self() == loopThread)
            #expect(workerThread != loopThread)
        }
        for number in 0..<1_000 {
            worker.run({ number * number }) { squares.append($0) }
        }
        worker.run({ try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8) }) {
            name = $0
        }
        try fixture.run()
        #expect(squares == (0..<1_000).map { $0 * $0 })
        #expect(name == "squares\n")
    }

    @Test func `does not keep the loop running without a job, and takes one from a delivery`()
        throws
    {
        let worker = try Worker(on: fixture.loop, name: "chain")
        try fixture.run()
        var results: [String] = []
        worker.run({ "first" }) { first in
            results.append(first)
            worker.run({ "second" }) { results.append($0) }
        }
        try fixture.run()
        #expect(results == ["first", "second"])
        worker.close()
    }

    @Test func `runs its jobs with the requested niceness`() throws {
        let niceness: @Sendable () -> CInt = {
            getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        }
        let ours = niceness()
        let worker = try Worker(on: fixture.loop, name: "nice", niceness: min(19, ours + 5))
        var theirs: CInt?
        worker.run(niceness) { theirs = $0 }
        try fixture.run()
        #expect(theirs == min(19, ours + 5))
        #expect(niceness() == ours)
    }

    @Test func `runs each job on a new thread like its own if memory must be returned`() throws {
        let worker = try Worker(
            on: fixture.loop, name: "large", niceness: 3, returnsMemory: true)
        let traits: @Sendable () -> (thread: pthread_t, name: String?, niceness: CInt) = {
            (
                pthread_self(),
                try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8),
                getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
            )
        }
        let ours = traits()
        var numbers: [Int] = []
        for number in 0..<20 {
            worker.run({ (number, traits()) }) { number, found in
                numbers.append(number)
                #expect(found.thread != ours.thread)
                #expect(found.name == "large\n")
                #expect(found.niceness == max(ours.niceness, 3))
            }
        }
        try fixture.run()
        #expect(numbers == Array(0..<20))
        worker.close()
    }

    @Test func `returns a job's memory even in small pieces`() throws {
        // Foundation keeps memory from its first read, which must not lie between the pieces.
        _ = residentBytes()
        let worker = try Worker(on: fixture.loop, name: "pieces", returnsMemory: true)
        let pieces: @Sendable () -> Int = {
            let pieces = (0..<200_000).map { [UInt8](repeating: 1, count: 500 + $0 % 1_000) }
            return withExtendedLifetime(pieces) { residentBytes() ?? 0 }
        }
        var most = 0
        worker.run(pieces) { most = $0 }
        // The thread of a job has ended when the next job runs.
        var left = 0
        worker.run({ residentBytes() ?? .max }) { left = $0 }
        try fixture.run()
        // The pieces were 200 MB. Other tests use memory meanwhile.
        #expect(most - left > 100_000_000)
        worker.close()
    }

    @Test func `finishes the running job at its end, drops the others, and delivers none`() throws {
        let worker = try Worker(on: fixture.loop, name: "closing")
        let started = DispatchSemaphore(value: 0)
        let forgotten = DispatchSemaphore(value: 0)
        let counter = Counter()
        var deliveredCount = 0
        worker.run({
            started.signal()
            // `close` forgets the other jobs before it waits for this one.
            if forgotten.wait(timeout: .now() + 60) == .success { counter.increment() }
        }) { deliveredCount += 1 }
        let alarm = ReleaseAlarm(forgotten)
        worker.run({ [alarm] in withExtendedLifetime(alarm) { counter.increment() } }) {
            deliveredCount += 1
        }
        _ = consume alarm
        started.wait()
        worker.close()
        #expect(counter.value == 1)
        worker.run({ counter.increment() }) { deliveredCount += 1 }
        try fixture.run()
        #expect(counter.value == 1)
        #expect(deliveredCount == 0)
    }

    @Test func `ends its thread when released`() throws {
        weak var held: Counter?
        var worker: Worker? = try Worker(on: fixture.loop, name: "released")
        do {
            let counter = Counter()
            held = counter
            worker?.run({ counter.increment() }) {}
        }
        worker = nil
        #expect(worker == nil && held == nil)
    }

    @Test func `may outlive its loop`() throws {
        var loop: EventLoop? = try EventLoop()
        let worker = try Worker(on: #require(loop), name: "orphan")
        loop = nil
        worker.run({ 1 }) { _ in Issue.record("there is no loop to deliver on") }
        worker.close()
    }
}

/// A number that threads share.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func increment() { count.add(1, ordering: .sequentiallyConsistent) }
}

/// Signals when its last reference is released.
final class ReleaseAlarm: Sendable {
    private let semaphore: DispatchSemaphore
    init(_ semaphore: DispatchSemaphore) { self.semaphore = semaphore }
    deinit { semaphore.signal() }
}

/// The bytes of physical memory that the process occupies.
private func residentBytes() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
        return nil
    }
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return pages.map { $0 * sysconf(CInt(_SC_PAGESIZE)) }
}
