import Testing

@testable import LoadGenerator

@Suite struct `A schedule` {
    @Test(arguments: [0.5, 1, 3, 999, 1_000, 33_333, 1_000_000, 7_000_001])
    func `gives the number of scheduled requests at every moment`(perSecond: Double) {
        let schedule = OpenSchedule(
            from: 1_000, until: 20_000_001_000, perSecond: perSecond)
        #expect(schedule.count == Int((perSecond * 20).rounded(.up)))
        #expect(schedule.time(of: 0) == 1_000)
        #expect(schedule.countDue(by: 999) == 0)
        for number in stride(from: 0, to: schedule.count, by: max(1, schedule.count / 1_000)) {
            let time = schedule.time(of: number)
            #expect(schedule.countDue(by: time - 1) == number)
            #expect(schedule.countDue(by: time) == number + 1)
        }
        #expect(schedule.countDue(by: .max / 1_000_000) == schedule.count)
    }

    @Test func `is not stretched by rounding, however long it goes on`() {
        let schedule = OpenSchedule(from: 0, until: 3_600_000_000_000, perSecond: 300_000)
        #expect(schedule.time(of: 300_000 * 3_599) == 3_599_000_000_000)
        #expect(schedule.count == 300_000 * 3_600)
    }
}

@Suite struct `Send times` {
    @Test func `come out in the order that they went in, however many wait`() {
        var times = SendTimes()
        var (next, expected) = (Int64(0), Int64(0))
        // Grows with its start anywhere in the ring.
        for round in 0..<200 {
            for _ in 0..<(round % 7 * 5) {
                times.append(next)
                next += 1
            }
            for _ in 0..<(round % 5 * 4) where times.count > 0 {
                #expect(times.takeFirst() == expected)
                expected += 1
            }
        }
        #expect(times.count == Int(next - expected))
        while let time = times.takeFirst() {
            #expect(time == expected)
            expected += 1
        }
        #expect(expected == next)
        #expect(times.takeFirst() == nil)
    }
}
