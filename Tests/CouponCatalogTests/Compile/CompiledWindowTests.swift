import Definitions
import CouponRules
import Testing

@testable import CouponCatalog

@Suite struct `A coupon's written window` {
    @Test(arguments: [
        ("UTC", "2026-06-01", "2026-06-01T00:00:00Z"),
        ("America/New_York", "2026-06-01", "2026-06-01T04:00:00Z"),
        ("America/New_York", "2026-01-15T09:30", "2026-01-15T14:30:00Z"),
        ("America/New_York", "2026-06-01T09:30:00+02:00", "2026-06-01T07:30:00Z"),
        ("America/New_York", "1780000000", "2026-05-28T20:26:40Z"),
        // 02:30 does not exist on the day when clocks go forward: it moves forward by the gap.
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30:00Z"),
        ("America/New_York", "2026-03-08T01:59", "2026-03-08T06:59:00Z"),
        ("America/New_York", "2026-03-08T03:00", "2026-03-08T07:00:00Z"),
        // 01:30 exists twice on the day when they go back: it is the first.
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z"),
        ("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00:00Z"),
        ("Pacific/Auckland", "2026-12-31", "2026-12-30T11:00:00Z"),
        ("Asia/Kathmandu", "2026-06-01", "2026-05-31T18:15:00Z"),
        // Samoa had no 30 December 2011.
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00:00Z"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
        ("America/New_York", "2099-07-01", "2099-07-01T04:00:00Z"),
    ])
    func `starts in the coupon's zone`(zone: String, written: String, expected: String) throws {
        let catalog = try compiled(tenPercent("id: a, timezone: \(zone), starts_at: \(written)"))
        let startsAt = try catalog.coupon().startsAt
        #expect(startsAt == (try instant(expected)))
    }

    @Test(arguments: [
        ("UTC", "2026-08-31", "2026-09-01T00:00:00Z"),
        ("UTC", "2026-08-31T00:00", "2026-08-31T00:00:00Z"),
        ("Pacific/Auckland", "2026-12-31", "2026-12-31T11:00:00Z"),
        ("Pacific/Auckland", "2026-09-26", "2026-09-26T12:00:00Z"),
        ("Pacific/Auckland", "2026-09-27", "2026-09-27T11:00:00Z"),
        ("America/New_York", "2026-11-01", "2026-11-02T05:00:00Z"),
    ])
    func `ends with the day of a bare date`(zone: String, written: String, expected: String) throws
    {
        let catalog = try compiled(tenPercent("id: a, timezone: \(zone), ends_at: \(written)"))
        let endsAt = try catalog.coupon().endsAt
        #expect(endsAt == (try instant(expected)))
    }

    @Test func `may be one day, and is open where nothing is written`() throws {
        let catalog = try compiled(
            tenPercent(
                "id: day, starts_at: 2026-06-01, ends_at: 2026-06-01", "id: open"))
        let (day, open) = (try catalog.coupon("day"), try catalog.coupon("open"))
        #expect(day.startsAt == (try instant("2026-06-01T00:00:00Z")))
        #expect(day.endsAt == (try instant("2026-06-02T00:00:00Z")))
        #expect(open.startsAt == .distantPast)
        #expect(open.endsAt == .distantFuture)
    }

    @Test(arguments: [
        // An empty window that only the zone brings to light.
        "starts_at: \"2026-06-01T12:00:00Z\", ends_at: 2026-06-01T08:00",
        // The whole skipped hour is one instant.
        "starts_at: 2026-03-08T03:30, ends_at: 2026-03-08T02:30",
        "starts_at: \"2026-03-08T07:30:00Z\", ends_at: 2026-03-08T02:30",
    ])
    func `may not be empty`(window: String) {
        let faults = faultsCompiling(
            tenPercent("id: a, timezone: America/New_York, \(window)"))
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("1.yaml:3:") == true)
        #expect(faults.first?.contains(": coupons[0].ends_at: ") == true)
    }
}

@Suite struct `A code's written window` {
    @Test func `is cut to its coupon's`() throws {
        let catalog = try compiled(
            tenPercent(
                """
                id: a, starts_at: 2026-06-01, ends_at: 2026-06-30, codes: [\
                {code: WIDE, starts_at: 2026-01-01, ends_at: 2026-12-31}, \
                {code: INNER, starts_at: 2026-06-10, ends_at: 2026-06-11}, {code: START, \
                starts_at: 2026-06-20}, NONE]
                """))
        let terms = ["WIDE", "INNER", "START", "NONE"].map {
            catalog.terms(of: catalog.matches($0)[0])
        }
        #expect(
            terms.map(\.startsAt) == [
                try instant("2026-06-01T00:00:00Z"), try instant("2026-06-10T00:00:00Z"),
                try instant("2026-06-20T00:00:00Z"), .distantPast,
            ])
        #expect(
            terms.map(\.endsAt) == [
                try instant("2026-07-01T00:00:00Z"), try instant("2026-06-12T00:00:00Z"),
                .distantFuture, .distantFuture,
            ])
    }

    @Test(arguments: [
        ("starts_at: 2026-07-01", "coupons[0].codes[0].starts_at"),
        ("ends_at: 2026-05-31", "coupons[0].codes[0].ends_at"),
        (
            "starts_at: \"2026-06-10T12:00:00Z\", ends_at: 2026-06-10T12:00",
            "coupons[0].codes[0].ends_at"
        ),
    ])
    func `may not be empty after the cut`(window: String, field: String) {
        let faults = faultsCompiling(
            tenPercent(
                "id: a, starts_at: 2026-06-01, ends_at: 2026-06-30, codes: [{code: A, \(window)}]"))
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("1.yaml:3: \(field): ") == true)
    }
}

@Suite struct `An offer's written window` {
    @Test func `is read in its own zone and cut to its coupon's`() throws {
        let catalog = try compiled(
            tenPercent(
                """
                id: a, timezone: Asia/Tokyo, starts_at: 2026-06-01, ends_at: 2026-06-30, offers: [\
                {id: plain}, {id: tokyo, starts_at: 2026-06-10, ends_at: 2026-06-11}, \
                {id: rome, timezone: Europe/Rome, starts_at: 2026-06-10, ends_at: 2026-06-11}, \
                {id: wide, starts_at: 2026-01-01, ends_at: 2026-12-31}, \
                {id: late, starts_at: 2026-06-20}]
                """))
        let offers = try catalog.offers()
        #expect(
            offers.map(\.startsAt) == [
                .distantPast, try instant("2026-06-09T15:00:00Z"),
                try instant("2026-06-09T22:00:00Z"), try instant("2026-05-31T15:00:00Z"),
                try instant("2026-06-19T15:00:00Z"),
            ])
        #expect(
            offers.map(\.endsAt) == [
                .distantFuture, try instant("2026-06-11T15:00:00Z"),
                try instant("2026-06-11T22:00:00Z"), try instant("2026-06-30T15:00:00Z"),
                .distantFuture,
            ])
        let zone = try catalog.coupon().zone
        #expect(offers.map { $0.zone == zone } == [true, true, false, true, true])
    }

    @Test(arguments: [
        (
            "starts_at: \"2026-06-10T12:00:00Z\", ends_at: 2026-06-10T12:00",
            "coupons[0].offers[0].ends_at"
        ),
        ("starts_at: 2026-07-01", "coupons[0].offers[0].starts_at"),
        // Only the two zones bring these to light.
        ("timezone: Asia/Tokyo, ends_at: 2026-06-01T08:00", "coupons[0].offers[0].ends_at"),
        (
            "timezone: America/New_York, starts_at: 2026-06-30T20:00",
            "coupons[0].offers[0].starts_at"
        ),
    ])
    func `may not be empty after the cut`(window: String, field: String) {
        let faults = faultsCompiling(
            tenPercent(
                "id: a, starts_at: 2026-06-01, ends_at: 2026-06-30, offers: [{id: o1, \(window)}]"))
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("1.yaml:3: \(field): ") == true)
    }
}

@Suite struct `An unknown zone` {
    @Test func `is a fault of the definition that names it`() {
        var coupon = CouponDefinition(
            place: SourcePlace(file: "x.yaml", line: 7), path: "coupons[0]")
        coupon.id = "a"
        coupon.timezone = "Mars/Olympus"
        var file = CatalogFile(path: "x.yaml")
        file.coupons = [coupon]
        let thrown = #expect(throws: CatalogFaults.self) { _ = try Catalog.compile([file]) }
        #expect(thrown?.faults.map(\.field) == ["coupons[0].timezone"])
        #expect(thrown?.faults.map(\.place.line) == [7])
    }
}
