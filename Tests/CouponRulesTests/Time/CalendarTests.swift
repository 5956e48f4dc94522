import CouponRules
import Testing

@Suite struct `A calendar day` {
    @Test func `follows the Gregorian calendar`() {
        let monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        // 1900-01-01 was a Monday, 25,567 days before the epoch.
        var day: Int32 = -25_567
        var weekday = 1
        for year in 1900...2200 {
            let leaps = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
            for (month, length) in zip(1..., monthLengths) {
                let length = month == 2 && leaps ? 29 : length
                for dayOfMonth in 1...length {
                    let date = CivilDate(year: year, month: month, day: dayOfMonth)
                    let counted = CivilDate(daysSinceEpoch: day)
                    day += 1
                    guard date == counted, counted.yearMonthDay == (year, month, dayOfMonth),
                        counted.weekday == weekday,
                        counted.next == CivilDate(daysSinceEpoch: day)
                    else {
                        Issue.record("\(year)-\(month)-\(dayOfMonth)")
                        return
                    }
                    weekday = weekday % 7 + 1
                }
                #expect(CivilDate(year: year, month: month, day: length + 1) == nil)
            }
        }
    }

    @Test(
        arguments: [
            (1, 1, 1, -719_162), (9_999, 12, 31, 2_932_896), (1600, 2, 29, -135_081),
            (2000, 3, 1, 11_017),
        ])
    func `exists for every year that can be written`(
        year: Int, month: Int, day: Int, expected: Int32
    ) {
        #expect(CivilDate(year: year, month: month, day: day)?.daysSinceEpoch == expected)
        #expect(CivilDate(daysSinceEpoch: expected).yearMonthDay == (year, month, day))
    }

    @Test(arguments: [
        (0, 1, 1), (10_000, 1, 1), (2026, 0, 1), (2026, 13, 1), (2026, 1, 0), (-1, 1, 1),
    ])
    func `outside the calendar does not exist`(year: Int, month: Int, day: Int) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }

    @Test func `continues before the first year`() {
        // The calendar continues through a year 0, which is a leap year.
        #expect(CivilDate(daysSinceEpoch: -719_163).yearMonthDay == (0, 12, 31))
        #expect(CivilDate(daysSinceEpoch: -719_469).yearMonthDay == (0, 2, 29))
        #expect(CivilDate(daysSinceEpoch: -719_529).yearMonthDay == (-1, 12, 31))
    }

    @Test func `compares by time`() {
        #expect(CivilDate(daysSinceEpoch: -1) < CivilDate(daysSinceEpoch: 0))
        #expect(!(CivilDate(daysSinceEpoch: 1) < CivilDate(daysSinceEpoch: 1)))
    }
}

@Suite struct `A local time` {
    @Test(
        arguments: [
            (0, 0, 0), (86_399_999, 0, 86_399_999), (86_400_000, 1, 0), (-1, -1, 86_399_999),
            (-86_400_000, -1, 0), (-86_400_001, -2, 86_399_999),
        ] as [(Int64, Int32, Int64)])
    func `has a day and a time of day`(milliseconds: Int64, day: Int32, ofDay: Int64) {
        let time = CivilTime(milliseconds: milliseconds)
        #expect(time.date == CivilDate(daysSinceEpoch: day))
        #expect(time.millisecondsOfDay == ofDay)
        #expect(CivilTime(startOf: time.date).milliseconds == milliseconds - ofDay)
        #expect(time < CivilTime(milliseconds: milliseconds + 1))
    }
}

@Suite struct `An instant` {
    @Test func `lies between the distant past and the distant future`() {
        let epoch = Instant(secondsSinceEpoch: 0)
        #expect(epoch == Instant(millisecondsSinceEpoch: 0))
        #expect(Instant.distantPast < epoch)
        #expect(epoch < Instant.distantFuture)
        #expect(Instant(secondsSinceEpoch: Instant.secondsMax) < .distantFuture)
        #expect(Instant(secondsSinceEpoch: 2).millisecondsSinceEpoch == 2_000)
    }
}
