// Weekdays, hours and blackout dates. In June 2026 the 1st is a Monday and the 7th a Sunday.

import CouponRules
import Testing

/// A moment as requests write it.
private func moment(_ text: String) throws -> Moment {
    let bytes = Array(text.utf8)
    return try Moment.parse(bytes.span)
}

private func instant(_ text: String) throws -> Instant {
    guard case .instant(let instant) = try moment(text) else { throw Moment.Fault.notATime }
    return instant
}

private func date(_ text: String) throws -> CivilDate {
    guard case .date(let date) = try moment(text) else { throw Moment.Fault.notATime }
    return date
}

/// A bare date, or a local time.
private func wall(_ text: String) throws -> BookingTime {
    try ZoneTable().bookingTime(of: moment(text), orAt: .distantPast, in: .utc)
}

private let (mon, tue, fri, sat, sun) = (
    Weekdays(1), Weekdays(2), Weekdays(5), Weekdays(6), Weekdays(7)
)

/// Minutes of the day.
private func at(_ hour: Int, _ minute: Int = 0) -> Int { hour * 60 + minute }

/// Whether a coupon with these windows is good at `time`.
private func isGood(_ time: BookingTime, in windows: TimeWindow...) -> Bool {
    var scene = Scene(percent: "10", of: [Item(at: 1_000)])
    scene.hold(in: windows)
    scene.bookingTime = time
    let refusals = scene.verdict().refusals
    return refusals != [Refusal(.outsideTimeWindow)] && refusals.isEmpty
}

@Suite struct `A weekday/hour window` {
    @Test(
        arguments: [
            ("2026-05-31T23:59", false), ("2026-06-01T00:00", true), ("2026-06-01T23:59", true),
            ("2026-06-02T00:00", true), ("2026-06-03T00:00", false), ("2026-06-07T12:00", false),
            ("2026-06-01", true), ("2026-06-02", true), ("2026-06-03", false),
        ])
    func `without hours contains its whole days`(time: String, expected: Bool) throws {
        #expect(isGood(try wall(time), in: TimeWindow([mon, tue])) == expected)
    }

    @Test(
        arguments: [
            ("2026-06-01T08:59:59.999", false), ("2026-06-01T09:00", true),
            ("2026-06-01T16:59:59.999", true), ("2026-06-01T17:00", false),
            ("2026-06-06T09:00", true), ("2026-06-07", true),
        ])
    func `without days contains its hours on every day`(time: String, expected: Bool) throws {
        let window = TimeWindow(fromMinute: at(9), toMinute: at(17))
        #expect(isGood(try wall(time), in: window) == expected)
    }

    @Test(
        arguments: [
            // Sunday 23:00 to 02:00.
            ("2026-06-07T22:59", false), ("2026-06-07T23:00", true), ("2026-06-07T23:59", true),
            ("2026-06-08T00:00", true), ("2026-06-08T01:00", true),
            ("2026-06-08T01:59:59.999", true), ("2026-06-08T02:00", false),
            ("2026-06-08T23:00", false), ("2026-06-07T01:00", false), ("2026-06-07T00:00", false),
            // A whole day lies in the window that starts on it.
            ("2026-06-07", true), ("2026-06-08", false),
        ])
    func `past midnight belongs to the day it starts`(time: String, expected: Bool) throws {
        let window = TimeWindow(sun, fromMinute: at(23), toMinute: at(2))
        #expect(isGood(try wall(time), in: window) == expected)
    }

    @Test(
        arguments: [
            ("2026-06-01T21:59", false), ("2026-06-01T22:00", true), ("2026-06-01T23:59", true),
            ("2026-06-02T00:00", false),
        ])
    func `until midnight ends with its day for both ways to write midnight`(
        time: String, expected: Bool
    ) throws {
        let time = try wall(time)
        #expect(isGood(time, in: TimeWindow(mon, fromMinute: at(22))) == expected)
        #expect(isGood(time, in: TimeWindow(mon, fromMinute: at(22), toMinute: 0)) == expected)
    }

    @Test(
        arguments: [
            ("2026-06-01T12:00", true), ("2026-06-01T21:00", false), ("2026-06-05T23:00", true),
            ("2026-06-06T00:30", true), ("2026-06-06T12:00", false), ("2026-06-04T12:00", false),
        ])
    func `may be any one of several`(time: String, expected: Bool) throws {
        let good = isGood(
            try wall(time), in: TimeWindow(mon, fromMinute: at(9), toMinute: at(17)),
            TimeWindow([fri, sat], fromMinute: at(22), toMinute: at(2)))
        #expect(good == expected)
    }

    @Test func `has the right weekdays before 1970`() throws {
        // A Wednesday, whose evening runs into Thursday 1970-01-01.
        let evening = TimeWindow(Weekdays(3), fromMinute: at(22), toMinute: at(2))
        #expect(isGood(try wall("1969-12-31T22:00"), in: evening))
        #expect(isGood(try wall("1970-01-01T01:59"), in: evening))
        #expect(!isGood(try wall("1969-12-31T01:59"), in: evening))
    }
}

@Suite struct `A blackout date` {
    @Test(
        arguments: [
            ("2026-07-03T23:59:59.999", nil), ("2026-07-04T00:00", Reason.blackoutDate),
            ("2026-07-04T23:59:59.999", .blackoutDate), ("2026-07-05T00:00", nil),
            ("2026-07-04", .blackoutDate), ("2026-07-05", nil),
            ("2026-12-23", nil), ("2026-12-24", .blackoutDate), ("2026-12-25", .blackoutDate),
            ("2026-12-26T23:59", .blackoutDate), ("2026-12-27", nil), ("2025-12-25", nil),
        ])
    func `refuses the whole day and both ends of a range`(
        time: String, expected: Reason?
    ) throws {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.blackOut(
            DateRange(first: try date("2026-07-04"), last: try date("2026-07-04")),
            DateRange(first: try date("2026-12-24"), last: try date("2026-12-26")))
        scene.bookingTime = try wall(time)
        #expect(scene.verdict().reason == expected)
    }

    @Test func `is a calendar date, apart from a window that began the evening before`() throws {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.hold(in: [TimeWindow(sun, fromMinute: at(23), toMinute: at(2))])
        scene.blackOut(DateRange(first: try date("2026-06-07"), last: try date("2026-06-07")))
        scene.bookingTime = try wall("2026-06-08T01:00")
        #expect(scene.verdict().refusals.isEmpty)
        scene.bookingTime = try wall("2026-06-07T23:30")
        #expect(scene.verdict().refusals == [Refusal(.blackoutDate)])
        scene.bookingTime = try wall("2026-06-07T12:00")
        #expect(
            scene.verdict(explains: true).refusals == [
                Refusal(.blackoutDate), Refusal(.outsideTimeWindow),
            ])
    }

    @Test func `does not affect a coupon without one`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.bookingTime = nil
        #expect(scene.verdict().discount == 100)
        scene.coupon.deriveChecks()
        #expect(!scene.coupon.isJudgedByBookingTime)
    }
}

@Suite struct `A booking time` {
    private let table: ZoneTable
    private let newYork: ZoneID
    private let auckland: ZoneID

    init() throws {
        var table = ZoneTable()
        func zone(_ first: Int64, _ changes: [(String, Int64)]) throws -> ZoneID {
            var transitions = [
                ZoneTransition(start: .distantPast, offsetMilliseconds: first * 3_600_000)
            ]
            for (start, hours) in changes {
                transitions.append(
                    ZoneTransition(
                        start: try instant(start), offsetMilliseconds: hours * 3_600_000))
            }
            return table.add(transitions)
        }
        newYork = try zone(-5, [("2026-03-08T07:00Z", -4), ("2026-11-01T06:00Z", -5)])
        auckland = try zone(13, [("2026-04-04T14:00Z", 12), ("2026-09-26T14:00Z", 13)])
        self.table = table
    }

    @Test(
        arguments: [
            ("2026-06-30T03:59:59Z", "2026-06-29T23:59", "2026-06-30T15:59"),
            ("2026-06-30T04:00:00Z", "2026-06-30T00:00", "2026-06-30T16:00"),
            ("2026-06-30T11:59:59Z", "2026-06-30T07:59", "2026-06-30T23:59"),
            ("2026-06-30T12:00:00Z", "2026-06-30T08:00", "2026-07-01T00:00"),
            ("2026-12-31T10:59:59Z", "2026-12-31T05:59", "2026-12-31T23:59"),
            ("2026-12-31T11:00:00Z", "2026-12-31T06:00", "2027-01-01T00:00"),
            ("2027-01-01T04:59:59Z", "2026-12-31T23:59", "2027-01-01T17:59"),
        ])
    func `is now in the coupon's zone when none is given`(
        now: String, inNewYork: String, inAuckland: String
    ) throws {
        let now = try instant(now)
        #expect(
            table.bookingTime(of: nil, orAt: now, in: newYork) == (try wall(inNewYork)))
        #expect(
            table.bookingTime(of: nil, orAt: now, in: auckland) == (try wall(inAuckland)))
        // A given instant stays the same whenever it is judged.
        let given = Moment.instant(now)
        #expect(
            table.bookingTime(of: given, orAt: .distantPast, in: auckland)
                == (try wall(inAuckland)))
    }

    @Test(
        arguments: [
            ("2026-07-04", "2026-07-04"), ("2026-07-04T09:30", "2026-07-04T09:30"),
            ("2026-07-04T23:00-04:00", "2026-07-04T23:00"),
            ("2026-07-04T01:00+02:00", "2026-07-03T19:00"), ("1783180800", "2026-07-04T12:00"),
            // The hour that spring skips moves forward; the one that autumn repeats is itself.
            ("2026-03-08T01:59", "2026-03-08T01:59"), ("2026-03-08T02:00", "2026-03-08T03:00"),
            ("2026-03-08T02:59", "2026-03-08T03:59"), ("2026-11-01T01:30", "2026-11-01T01:30"),
        ])
    func `that is given is read in the coupon's zone`(written: String, expected: String) throws {
        let read = table.bookingTime(of: try moment(written), orAt: .distantPast, in: newYork)
        #expect(read == (try wall(expected)))
    }

    @Test(
        arguments: [
            // New York, in the night of 8 March: 01:59 is followed by 03:00.
            ("2026-03-08T06:59:59Z", 1, 3, true), ("2026-03-08T07:00:00Z", 1, 3, false),
            ("2026-03-08T06:59:59Z", 2, 3, false), ("2026-03-08T07:00:00Z", 2, 3, false),
            ("2026-03-08T07:00:00Z", 2, 4, true), ("2026-03-08T07:59:59Z", 2, 4, true),
            ("2026-03-08T08:00:00Z", 2, 4, false),
            // In the night of 1 November 01:00 to 02:00 occurs twice and is in the window both
            // times.
            ("2026-11-01T04:59:59Z", 1, 2, false), ("2026-11-01T05:00:00Z", 1, 2, true),
            ("2026-11-01T05:59:59Z", 1, 2, true), ("2026-11-01T06:00:00Z", 1, 2, true),
            ("2026-11-01T06:59:59Z", 1, 2, true), ("2026-11-01T07:00:00Z", 1, 2, false),
        ])
    func `is the local time while clocks change`(
        now: String, from: Int, to: Int, expected: Bool
    ) throws {
        let time = table.bookingTime(of: nil, orAt: try instant(now), in: newYork)
        let window = TimeWindow(sun, fromMinute: at(from), toMinute: at(to))
        #expect(isGood(time, in: window) == expected)
    }

    @Test(
        arguments: [
            // Saturday 26 September 22:00 to Sunday 04:00, of which 02:00 to 03:00 is skipped.
            ("2026-09-26T09:59:59Z", false), ("2026-09-26T10:00:00Z", true),
            ("2026-09-26T14:00:00Z", true), ("2026-09-26T14:59:59Z", true),
            ("2026-09-26T15:00:00Z", false),
        ])
    func `is also the local time in a window past midnight`(
        now: String, expected: Bool
    ) throws {
        let time = table.bookingTime(of: nil, orAt: try instant(now), in: auckland)
        let window = TimeWindow(sat, fromMinute: at(22), toMinute: at(4))
        #expect(isGood(time, in: window) == expected)
    }

    @Test func `is not compared with a start or an end`() throws {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.hold(in: [TimeWindow(sat)])
        scene.coupon.endsAt = try instant("2026-06-02T00:00Z")
        scene.now = try instant("2026-06-01T12:00Z")
        scene.bookingTime = try wall("2026-06-06")
        #expect(scene.verdict().refusals.isEmpty)
        scene.now = scene.coupon.endsAt
        #expect(scene.verdict().reason == .expired)
    }
}
