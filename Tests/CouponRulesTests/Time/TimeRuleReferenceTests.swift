// Windows and blackout dates against the same rules in their plainest form: the windows of the days
// around are written out as minutes on one time line, and the booked minute is looked up there.

import CouponRules
import Testing

/// A random coupon with dates, and a random time to book.
private struct Booked {
    var windows: [TimeWindow]
    var blackouts: [DateRange]
    var time: BookingTime

    /// Minutes of bookings and of window edges: few, so that they often meet.
    static let minutes = [0, 1, 60, 119, 120, 540, 1_020, 1_320, 1_380, 1_439]

    init(_ random: inout SplitMix64) {
        func minute() -> Int { Self.minutes.randomElement(using: &random) ?? 0 }
        windows = []
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let from = minute()
            let isToMidnight = Int.random(in: 0..<5, using: &random) == 0
            let to = isToMidnight ? TimeWindow.minutesPerDay : minute()
            if from == to { continue }
            let days = Weekdays(rawValue: UInt8.random(in: 1...127, using: &random))
            windows.append(TimeWindow(days, fromMinute: from, toMinute: to))
        }
        let day = Int32.random(in: -10...20, using: &random)
        blackouts = []
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            let first = Int32.random(in: -10...20, using: &random)
            let last = first + Int32.random(in: 0...3, using: &random)
            blackouts.append(
                DateRange(
                    first: CivilDate(daysSinceEpoch: first), last: CivilDate(daysSinceEpoch: last)))
        }
        let isBare = Int.random(in: 0..<4, using: &random) == 0
        time = BookingTime(
            date: CivilDate(daysSinceEpoch: day), minuteOfDay: isBare ? nil : minute())
    }

    /// The verdict of the plain rules.
    var reasons: [Reason] {
        var reasons: [Reason] = []
        let day = Int(time.date.daysSinceEpoch)
        let blackDays = blackouts.flatMap {
            Array($0.first.daysSinceEpoch...$0.last.daysSinceEpoch)
        }
        if blackDays.contains(Int32(day)) { reasons.append(.blackoutDate) }
        if windows.isEmpty { return reasons }

        var starts: Set<Int> = []
        var open: Set<Int> = []
        for candidate in (day - 2)...(day + 1) {
            for window in windows where window.weekdays.contains(Self.weekday(of: candidate)) {
                starts.insert(candidate)
                let length = window.toMinute - window.fromMinute
                let first = candidate * 1_440 + window.fromMinute
                for minute in 0..<(length > 0 ? length : length + 1_440) {
                    open.insert(first + minute)
                }
            }
        }
        let isOpen =
            if let minute = time.minuteOfDay { open.contains(day * 1_440 + minute) } else {
                starts.contains(day)
            }
        if !isOpen { reasons.append(.outsideTimeWindow) }
        return reasons
    }

    /// Counted from an early Monday: 1969-12-01.
    private static func weekday(of day: Int) -> Weekdays {
        Weekdays(rawValue: 1 << UInt8((day + 31) % 7))
    }

    var scene: Scene {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.hold(in: windows)
        scene.blackOut(blackouts)
        scene.bookingTime = time
        return scene
    }
}

@Suite struct `A random booking` {
    @Test func `matches the plain rules`() {
        var random = SplitMix64(for: "A random booking")
        var counts: [[Reason]: Int] = [:]
        for _ in 0..<4_000 {
            let booked = Booked(&random)
            let expected = booked.reasons
            counts[expected, default: 0] += 1
            let scene = booked.scene
            guard scene.verdict(explains: true).reasons == expected,
                scene.verdict().reasons == Array(expected.prefix(1))
            else {
                Issue.record("\(booked) should be refused for \(expected)")
                return
            }
        }
        // Every outcome occurred many times.
        #expect(counts.count == 4)
        #expect(counts.values.allSatisfy { $0 > 40 })
    }
}
