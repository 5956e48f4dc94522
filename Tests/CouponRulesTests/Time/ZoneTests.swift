// Zones by hand: New York and Sydney change their clocks by an hour in opposite seasons, Lord Howe
// Island by half an hour.

import CouponRules
import Testing

private let hour: Int64 = 3_600_000

/// Transitions as (UTC start, offset in hours).
private struct Place: Sendable {
    var name: String
    var offsets: [(start: String?, hours: Double)]

    static let newYork = Place(
        name: "New York",
        offsets: [
            (nil, -5), ("2025-03-09T07:00Z", -4), ("2025-11-02T06:00Z", -5),
            ("2026-03-08T07:00Z", -4), ("2026-11-01T06:00Z", -5), ("2027-03-14T07:00Z", -4),
        ])
    static let sydney = Place(
        name: "Sydney",
        offsets: [
            (nil, 11), ("2026-04-04T16:00Z", 10), ("2026-10-03T16:00Z", 11),
            ("2027-04-03T16:00Z", 10),
        ])
    static let lordHowe = Place(
        name: "Lord Howe",
        offsets: [(nil, 11), ("2026-04-04T15:00Z", 10.5), ("2026-10-03T15:30Z", 11)])
    static let kathmandu = Place(name: "Kathmandu", offsets: [(nil, 5.75)])

    func transitions() throws -> [ZoneTransition] {
        try offsets.map { start, hours in
            ZoneTransition(
                start: try start.map(instant) ?? .distantPast,
                offsetMilliseconds: Int64(hours * Double(hour)))
        }
    }
}

private func instant(_ text: String) throws -> Instant {
    let bytes = Array(text.utf8)
    guard case .instant(let instant) = try Moment.parse(bytes.span) else {
        throw Moment.Fault.notATime
    }
    return instant
}

private func local(_ text: String) throws -> CivilTime {
    let bytes = Array(text.utf8)
    guard case .local(let time) = try Moment.parse(bytes.span) else { throw Moment.Fault.notATime }
    return time
}

@Suite struct `A zone` {
    private let table: ZoneTable
    private let zones: [String: ZoneID]

    init() throws {
        var table = ZoneTable()
        var zones = ["UTC": ZoneID.utc]
        for place in [Place.newYork, .sydney, .lordHowe, .kathmandu] {
            zones[place.name] = table.add(try place.transitions())
        }
        self.table = table
        self.zones = zones
    }

    @Test(
        arguments: [
            ("New York", "2026-03-08T01:59:59", "2026-03-08T06:59:59Z"),
            ("New York", "2026-03-08T03:00:00", "2026-03-08T07:00:00Z"),
            ("New York", "2026-07-04T12:00", "2026-07-04T16:00Z"),
            ("New York", "2026-12-24T12:00", "2026-12-24T17:00Z"),
            ("New York", "2026-11-01T00:59:59", "2026-11-01T04:59:59Z"),
            ("New York", "2026-11-01T02:00", "2026-11-01T07:00Z"),
            ("New York", "1969-07-04T12:00", "1969-07-04T17:00Z"),
            ("New York", "2030-12-24T12:00", "2030-12-24T16:00Z"),
            ("Sydney", "2026-01-01T00:00", "2025-12-31T13:00Z"),
            ("Sydney", "2026-07-01T00:00", "2026-06-30T14:00Z"),
            ("Sydney", "2026-04-05T03:00", "2026-04-04T17:00Z"),
            ("Sydney", "2026-10-04T03:00", "2026-10-03T16:00Z"),
            ("Kathmandu", "2026-06-01T00:00", "2026-05-31T18:15Z"),
            ("UTC", "2026-06-01T00:00", "2026-06-01T00:00Z"),
        ])
    func `has one instant for a local time that occurs once`(
        zone: String, time: String, expected: String
    ) throws {
        let zone = try #require(zones[zone])
        #expect(try table.instant(of: local(time), in: zone) == instant(expected))
        #expect(try table.civilTime(of: instant(expected), in: zone) == local(time))
    }

    @Test(
        arguments: [
            ("New York", "2026-03-08T02:00:00", "2026-03-08T03:00:00"),
            ("New York", "2026-03-08T02:30:00", "2026-03-08T03:30:00"),
            ("New York", "2026-03-08T02:59:59.999", "2026-03-08T03:59:59.999"),
            ("Sydney", "2026-10-04T02:00", "2026-10-04T03:00"),
            ("Sydney", "2026-10-04T02:59", "2026-10-04T03:59"),
            ("Lord Howe", "2026-10-04T02:00", "2026-10-04T02:30"),
            ("Lord Howe", "2026-10-04T02:29", "2026-10-04T02:59"),
        ])
    func `moves a skipped local time forward`(zone: String, time: String, expected: String) throws {
        let zone = try #require(zones[zone])
        let moved = table.instant(of: try local(time), in: zone)
        #expect(try table.civilTime(of: moved, in: zone) == local(expected))
    }

    @Test(
        arguments: [
            ("New York", "2026-11-01T01:00:00", "2026-11-01T05:00:00Z"),
            ("New York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z"),
            ("New York", "2026-11-01T01:59:59.999", "2026-11-01T05:59:59.999Z"),
            ("Sydney", "2026-04-05T02:00", "2026-04-04T15:00Z"),
            ("Sydney", "2026-04-05T02:59", "2026-04-04T15:59Z"),
            ("Lord Howe", "2026-04-05T01:30", "2026-04-04T14:30Z"),
            ("Lord Howe", "2026-04-05T01:59", "2026-04-04T14:59Z"),
        ])
    func `takes the first of a repeated local time`(
        zone: String, time: String, expected: String
    ) throws {
        let zone = try #require(zones[zone])
        #expect(try table.instant(of: local(time), in: zone) == instant(expected))
    }

    @Test func `has the repeated hour twice`() throws {
        let zone = try #require(zones["New York"])
        for text in ["2026-11-01T05:30Z", "2026-11-01T06:30Z"] {
            #expect(try table.civilTime(of: instant(text), in: zone) == local("2026-11-01T01:30"))
        }
    }

    @Test(arguments: [Place.newYork, .sydney, .lordHowe, .kathmandu])
    private func `converts both ways like a linear search`(place: Place) throws {
        let zone = try #require(zones[place.name])
        let transitions = try place.transitions()
        func offset(at instant: Instant) -> Int64 {
            var offset: Int64 = 0
            for transition in transitions where transition.start <= instant {
                offset = transition.offsetMilliseconds
            }
            return offset
        }

        var random = SplitMix64(for: "A zone")
        let changes = transitions.map(\.start).filter { $0 != .distantPast }
        for _ in 0..<20_000 {
            // Half the times lie within two hours of a change, the others within three years.
            let start = try changes.randomElement(using: &random) ?? instant("2026-06-01T00:00Z")
            let reach = Bool.random(using: &random) ? 2 * hour : 13_000 * hour
            let near = start.millisecondsSinceEpoch + offset(at: start)
            let time = CivilTime(
                milliseconds: near + Int64.random(in: -reach...reach, using: &random))

            let readings = Set(transitions.map(\.offsetMilliseconds)).map {
                Instant(millisecondsSinceEpoch: time.milliseconds - $0)
            }.filter { time.milliseconds - $0.millisecondsSinceEpoch == offset(at: $0) }
            let found = table.instant(of: time, in: zone)
            let shown = table.civilTime(of: found, in: zone)
            let gap = place.name == "Lord Howe" ? hour / 2 : hour
            let isRight =
                if let first = readings.min() {
                    found == first && shown == time
                } else {
                    shown.milliseconds == time.milliseconds + gap
                }
            if !isRight {
                Issue.record("\(time) became \(found), which is local \(shown)")
                return
            }
        }
    }

    @Test func `without a first transition traps`() async {
        await #expect(processExitsWith: .failure) {
            var table = ZoneTable()
            _ = table.add([])
        }
    }
}
