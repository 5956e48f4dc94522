import CouponRules
import Testing

private func parse(_ text: String) throws(Moment.Fault) -> Moment {
    let bytes = Array(text.utf8)
    return try Moment.parse(bytes.span)
}

/// 2026-06-01T00:00:00Z.
private let june: Int64 = 1_780_272_000

private func utc(_ seconds: Int64, milliseconds: Int64 = 0) -> Moment {
    .instant(Instant(millisecondsSinceEpoch: seconds * 1_000 + milliseconds))
}

private func wall(_ seconds: Int64, milliseconds: Int64 = 0) -> Moment {
    .local(CivilTime(milliseconds: seconds * 1_000 + milliseconds))
}

@Suite struct `A moment` {
    @Test(
        arguments: [
            ("2026-06-01T00:00:00Z", utc(june)), ("2026-06-01T09:30:15Z", utc(june + 34_215)),
            ("2026-06-01T09:30Z", utc(june + 34_200)), ("2026-06-01t09:30z", utc(june + 34_200)),
            ("2026-06-01 09:30Z", utc(june + 34_200)),
            ("2026-06-01T09:30:15.250Z", utc(june + 34_215, milliseconds: 250)),
            ("2026-06-01T09:30:15,5Z", utc(june + 34_215, milliseconds: 500)),
            ("2026-06-01T09:30:15.123999Z", utc(june + 34_215, milliseconds: 123)),
            ("2026-06-01T09:30:15.000000001Z", utc(june + 34_215)),
            ("2026-06-01T09:30:15+02:00", utc(june + 27_015)),
            ("2026-06-01T09:30:15-0430", utc(june + 50_415)),
            ("2026-06-01T09:30+02", utc(june + 27_000)),
            ("2026-06-01T09:30:15.5+02:00", utc(june + 27_015, milliseconds: 500)),
            ("2026-06-01T00:30+01:00", utc(june - 1_800)),
            ("2026-06-01T23:30-18:00", utc(june + 149_400)),
            ("2026-06-01T09:30-00:00", utc(june + 34_200)),
            ("2016-12-31T23:59:60Z", utc(1_483_228_799)), ("1969-12-31T23:59:59Z", utc(-1)),
            ("1969-12-31T23:59:59.900Z", utc(-1, milliseconds: 900)),
            ("9999-12-31T23:59:59Z", utc(253_402_300_799)),
            ("0001-01-01T00:00:00Z", utc(-62_135_596_800)),
        ])
    func `with an offset is an instant`(text: String, expected: Moment) throws {
        #expect(try parse(text) == expected)
    }

    @Test(
        arguments: [
            ("2026-06-01T09:30", wall(june + 34_200)), ("2026-06-01 09:30:15", wall(june + 34_215)),
            ("2026-06-01T00:00:00", wall(june)), ("2026-06-01T23:59:59", wall(june + 86_399)),
            ("2026-06-01T09:30:15.75", wall(june + 34_215, milliseconds: 750)),
            ("1969-12-31T12:00", wall(-43_200)),
        ])
    func `without an offset is a local time`(text: String, expected: Moment) throws {
        #expect(try parse(text) == expected)
    }

    @Test(
        arguments: [
            ("2026-06-01", 20_605), ("1970-01-01", 0), ("1969-12-31", -1), ("2024-02-29", 19_782),
            ("2000-02-29", 11_016), ("9999-12-31", 2_932_896), ("0001-01-01", -719_162),
        ] as [(String, Int32)])
    func `without a time is a day`(text: String, day: Int32) throws {
        #expect(try parse(text) == .date(CivilDate(daysSinceEpoch: day)))
    }

    @Test(
        arguments: [
            ("0", 0), ("1780272000", june), ("253402300799", 253_402_300_799), ("007", 7),
        ] as [(String, Int64)])
    func `of digits only is Unix seconds`(text: String, seconds: Int64) throws {
        #expect(try parse(text) == utc(seconds))
        #expect(try Moment.unixSeconds(seconds) == utc(seconds))
    }

    @Test func `after the year 9999 is taken for milliseconds`() {
        for text in ["253402300800", "1780272000000", "999999999999999999"] {
            #expect(throws: Moment.Fault.millisecondsNotSeconds) { try parse(text) }
        }
        #expect(throws: Moment.Fault.millisecondsNotSeconds) { try Moment.unixSeconds(.max) }
        #expect(throws: Moment.Fault.notATime) { try Moment.unixSeconds(-1) }
    }

    @Test(
        arguments: [
            "20270831", "20260601", "19000101", "21991231", "20260231", "1900", "2026", "2199",
        ])
    func `of digits that look like a day or a year is refused`(text: String) throws {
        #expect(throws: Moment.Fault.compactDate) { try parse(text) }
        let number = try #require(Int64(text))
        #expect(throws: Moment.Fault.compactDate) { try Moment.unixSeconds(number) }
    }

    @Test(
        arguments: [
            "18991231", "22000101", "20261301", "20260001", "20260100", "20260132", "1899", "2200",
            "202606", "202606011", "2026060100",
        ])
    func `of other digits is Unix seconds, however close to a day`(text: String) throws {
        let number = try #require(Int64(text))
        #expect(try parse(text) == utc(number))
    }

    @Test(
        arguments: [
            "", " ", "now", "26-06-01", "2026-6-1", "2026/06/01", "20260601T0930",
            "2026-06", "2026-06-", "2026-06-0", "2026-06-01T", "2026-06-01Z", "2026-06-01T9:30",
            "2026-06-01T09", "2026-06-01T09Z", "2026-06-01T09:", "2026-06-01T09:3",
            "2026-06-01X09:30",
            "2026-06-01T24:00", "2026-06-01T23:60", "2026-06-01T23:59:61", "2026-06-01T09:30:",
            "2026-06-01T09:30:5", "2026-06-01T09:30:15.", "2026-06-01T09:30:15.Z",
            "2026-06-01T09:30:15.5.5", "2026-06-01T09:30+", "2026-06-01T09:30+2",
            "2026-06-01T09:30+02:", "2026-06-01T09:30+02:0", "2026-06-01T09:30+02:00x",
            "2026-06-01T09:30+19:00", "2026-06-01T09:30+02:60", "2026-06-01T09:30ZZ",
            "2026-06-01T09:30 Z", "2026-06-01  09:30", " 2026-06-01", "2026-06-01 ", "-1", "+1",
            "1.5",
            "1780272000.5", "1e9", "12345678901234567890", "２０２６-06-01", "2026-06-01T09:30+0２",
        ])
    func `is not read from other text`(text: String) {
        #expect(throws: Moment.Fault.notATime) { try parse(text) }
    }

    @Test(
        arguments: [
            "2026-02-29", "2026-02-30T09:30", "2026-04-31", "2026-06-31Z", "2026-00-01",
            "2026-13-01", "2026-01-00", "2026-01-32", "0000-01-01", "1900-02-29", "2100-02-29",
        ])
    func `is not on a day outside the calendar`(text: String) {
        #expect(throws: Moment.Fault.noSuchDate) { try parse(text) }
    }
}
