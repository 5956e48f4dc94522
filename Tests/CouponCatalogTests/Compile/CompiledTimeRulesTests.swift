// Blackout dates and weekday/hour windows from their text to the tables that are judged, and what
// real zones make of them.

import CouponRules
import Testing

@testable import CouponCatalog

extension Catalog {
    /// The days on which `coupon` does not hold, as days since 1970.
    fileprivate func blackouts(of coupon: Coupon) -> [ClosedRange<Int32>] {
        coupon.blackouts.range.map {
            rules.blackouts[$0].first.daysSinceEpoch...rules.blackouts[$0].last.daysSinceEpoch
        }
    }

    fileprivate func windows(of coupon: Coupon) -> [TimeWindow] {
        coupon.windows.range.map { rules.windows[$0] }
    }

    /// Why the only coupon is refused when `bookingDate`, or without it `now`, is judged.
    fileprivate func reason(_ bookingDate: String? = nil, at now: String) throws -> Reason? {
        var evaluation = EvaluationContext(purpose: .validate, instant: try instant(now))
        let candidate = Candidate(coupon: try coupon(), terms: CodeTerms())
        evaluation.bookingTime = zones.bookingTime(
            of: try bookingDate.map { try Moment.parse($0.utf8.span) }, orAt: evaluation.instant,
            in: candidate.coupon.zone)
        let purchase = Purchase()
        var judge = Judge()
        judge.begin(purchase)
        judge.judge(candidate, on: purchase, by: tables, evaluation)
        return judge.refusals.first?.reason
    }
}

@Suite struct `A coupon's compiled dates` {
    @Test func `are the days and windows that were written`() throws {
        let catalog = try compiled(
            tenPercent(
                "id: plain",
                """
                id: a, blackout: ["1970-01-05", "1970-02-01/1970-02-03"], windows: [\
                {days: [mon, sun]}, {from: "09:00", to: "17:30"}, \
                {days: [fri], from: "22:00", to: "02:00"}, {days: [sat], from: "22:00"}]
                """,
                "id: b, blackout: [1970-01-02], windows: [{days: [tue], to: \"24:00\"}]"))
        let plain = try catalog.coupon("plain")
        #expect(catalog.blackouts(of: plain).isEmpty)
        #expect(catalog.windows(of: plain).isEmpty)
        #expect(!plain.isJudgedByBookingTime)

        let a = try catalog.coupon("a")
        #expect(a.isJudgedByBookingTime)
        #expect(a.checks.contains(.blackout) && a.checks.contains(.timeWindows))
        #expect(catalog.blackouts(of: a) == [4...4, 31...33])
        #expect(
            catalog.windows(of: a) == [
                TimeWindow([Weekdays(1), Weekdays(7)]),
                TimeWindow(fromMinute: 540, toMinute: 1_050),
                TimeWindow(Weekdays(5), fromMinute: 1_320, toMinute: 120),
                TimeWindow(Weekdays(6), fromMinute: 1_320),
            ])

        let b = try catalog.coupon("b")
        #expect(catalog.blackouts(of: b) == [1...1])
        #expect(catalog.windows(of: b) == [TimeWindow(Weekdays(2))])
    }

    @Test(arguments: ["blackout: [2026-07-04]", "windows: [{days: [mon]}]"])
    func `are asked by the time that is booked`(definition: String) throws {
        let catalog = try compiled(tenPercent("id: a, codes: [A], \(definition)"))
        let coupon = try catalog.coupon()
        #expect(coupon.isJudgedByBookingTime)
    }

    @Test(arguments: [
        ("America/New_York", "2026-07-04T03:59:59Z", nil),
        ("America/New_York", "2026-07-04T04:00:00Z", Reason.blackoutDate),
        ("America/New_York", "2026-07-05T03:59:59Z", .blackoutDate),
        ("America/New_York", "2026-07-05T04:00:00Z", nil),
        ("Pacific/Auckland", "2026-07-03T11:59:59Z", nil),
        ("Pacific/Auckland", "2026-07-03T12:00:00Z", .blackoutDate),
        ("Pacific/Auckland", "2026-07-04T11:59:59Z", .blackoutDate),
        ("Pacific/Auckland", "2026-07-04T12:00:00Z", nil),
    ])
    func `black out a day of the coupon's zone`(
        zone: String, now: String, expected: Reason?
    ) throws {
        let catalog = try compiled(tenPercent("id: a, timezone: \(zone), blackout: [2026-07-04]"))
        #expect(try catalog.reason(at: now) == expected)
    }

    /// 2026-12-31 is a Thursday, and the day on which the coupon ends.
    @Test(arguments: [
        ("America/New_York", "2026-12-31T04:59:59Z", Reason.outsideTimeWindow),
        ("America/New_York", "2026-12-31T05:00:00Z", nil),
        ("America/New_York", "2027-01-01T04:59:59Z", nil),
        ("America/New_York", "2027-01-01T05:00:00Z", .expired),
        ("Pacific/Auckland", "2026-12-30T10:59:59Z", .outsideTimeWindow),
        ("Pacific/Auckland", "2026-12-30T11:00:00Z", nil),
        ("Pacific/Auckland", "2026-12-31T10:59:59Z", nil),
        ("Pacific/Auckland", "2026-12-31T11:00:00Z", .expired),
    ])
    func `hold to the last moment of the last day in the coupon's zone`(
        zone: String, now: String, expected: Reason?
    ) throws {
        let catalog = try compiled(
            tenPercent(
                "id: a, timezone: \(zone), ends_at: 2026-12-31, windows: [{days: [thu]}]"))
        #expect(try catalog.reason(at: now) == expected)
    }

    @Test(arguments: [
        // Clocks go forward from 02:00 on Sunday 2026-03-08, and back from 02:00 on 2026-11-01.
        ("2026-03-08T06:59:59Z", Reason.outsideTimeWindow),
        ("2026-03-08T07:00:00Z", .outsideTimeWindow),
        ("2026-03-15T06:00:00Z", nil), ("2026-03-15T06:59:59Z", nil),
        ("2026-11-01T05:59:59Z", .outsideTimeWindow),
        ("2026-11-01T06:59:59Z", .outsideTimeWindow), ("2026-11-01T07:00:00Z", nil),
        ("2026-11-01T07:59:59Z", nil), ("2026-11-01T08:00:00Z", .outsideTimeWindow),
    ])
    func `are hours of a clock that is turned twice a year`(now: String, expected: Reason?) throws {
        let catalog = try compiled(
            tenPercent(
                """
                id: a, timezone: America/New_York, \
                windows: [{days: [sun], from: "02:00", to: "03:00"}]
                """))
        #expect(try catalog.reason(at: now) == expected)
    }

    @Test(arguments: [
        ("2026-12-24", Reason.blackoutDate), ("2026-12-24T10:00", .blackoutDate),
        ("2026-12-23T11:00:00Z", .blackoutDate), ("2026-12-24T11:00:00Z", nil),
        ("2026-12-25", nil), ("1798110000", nil),
    ])
    func `are asked about the date that is booked`(written: String, expected: Reason?) throws {
        let catalog = try compiled(
            tenPercent("id: a, timezone: Pacific/Auckland, blackout: [2026-12-24]"))
        #expect(try catalog.reason(written, at: "2026-06-01T00:00:00Z") == expected)
    }
}
