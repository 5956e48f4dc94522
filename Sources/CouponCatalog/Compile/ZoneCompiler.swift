// Foundation knows the world's time zones; a coupon needs only the moments at which one of them
// moved its clocks. They are asked for once per zone, from 1970 to 2100: far enough in both
// directions for any coupon, and few enough (some 300 moments) to keep for each zone.

import CouponRules
import Definitions
import Foundation

/// Turns names of time zones into a ``ZoneTable``.
struct ZoneCompiler {
    private(set) var zones = ZoneTable()
    private var known: [String: ZoneID?] = ["UTC": .utc]

    private let faults: FaultList

    init(faults: FaultList) { self.faults = faults }

    /// The zone with the IANA name `name`; UTC and a fault when it does not exist.
    mutating func zone(named name: String, place: SourcePlace, field: String) -> ZoneID {
        let zone =
            known[name]
            ?? TimeZone(identifier: name).map { zones.add(ZoneCompiler.transitions(of: $0)) }
        known[name] = .some(zone)
        if let zone { return zone }
        faults.refuse(
            place, field, "There is no time zone “\(name)”; use an IANA name such as Europe/Rome.")
        return .utc
    }

    /// The window between two edges as written, each read in `zone` unless it has its own offset.
    func window(from start: WrittenMoment?, to end: WrittenMoment?, in zone: ZoneID) -> Window {
        Window(
            startsAt: start.map { firstInstant(of: $0, in: zone) } ?? .distantPast,
            endsAt: end.map { endInstant(of: $0, in: zone) } ?? .distantFuture)
    }

    private func firstInstant(of moment: WrittenMoment, in zone: ZoneID) -> Instant {
        switch moment {
        case .instant(let instant): instant
        case .local(let time): zones.instant(of: time, in: zone)
        case .date(let date): zones.instant(of: CivilTime(startOf: date), in: zone)
        }
    }

    /// A bare date ends when its day does.
    func endInstant(of moment: WrittenMoment, in zone: ZoneID) -> Instant {
        guard case .date(let date) = moment else { return firstInstant(of: moment, in: zone) }
        return zones.instant(of: CivilTime(startOf: date.next), in: zone)
    }

    private static func transitions(of zone: TimeZone) -> [ZoneTransition] {
        let first = Date(timeIntervalSince1970: 0)
        let end = Date(timeIntervalSince1970: 4_102_444_800)
        var offset = zone.secondsFromGMT(for: first)
        var transitions = [
            ZoneTransition(start: .distantPast, offsetMilliseconds: Int64(offset) * 1_000)
        ]
        var reached = first
        // Despite its name this finds every change of the offset, such as Samoa's jump over the
        // date line, and also changes of the zone's name alone, which are left out.
        while let next = zone.nextDaylightSavingTimeTransition(after: reached), next < end {
            reached = next
            let nextOffset = zone.secondsFromGMT(for: next)
            guard nextOffset != offset else { continue }
            offset = nextOffset
            transitions.append(
                ZoneTransition(
                    start: Instant(secondsSinceEpoch: Int64(next.timeIntervalSince1970)),
                    offsetMilliseconds: Int64(offset) * 1_000))
        }
        return transitions
    }
}

/// A half-open window; without an edge it is open on that side.
struct Window {
    var startsAt = Instant.distantPast
    var endsAt = Instant.distantFuture

    var isEmpty: Bool { startsAt >= endsAt }

    func meets(_ other: Window) -> Bool {
        max(startsAt, other.startsAt) < min(endsAt, other.endsAt)
    }

    /// The edges that it has, moved into the window of `coupon` where they lie outside.
    func cut(to coupon: Coupon) -> Window {
        var cut = self
        if startsAt > .distantPast { cut.startsAt = max(startsAt, coupon.startsAt) }
        if endsAt < .distantFuture { cut.endsAt = min(endsAt, coupon.endsAt) }
        return cut
    }

    /// Refuses the window of a code or an offer that is empty or outside its coupon's. Faults that
    /// need no zones to be seen have been found in the same fields when the file was read.
    func check(in coupon: Coupon, at place: SourcePlace, path: String, _ faults: FaultList) {
        let (startField, endField) = (path.appendingKey("starts_at"), path.appendingKey("ends_at"))
        if isEmpty {
            faults.refuse(place, endField, "It ends before it starts.")
        } else if coupon.startsAt >= coupon.endsAt {
            return
        } else if startsAt >= coupon.endsAt {
            faults.refuse(place, startField, "The coupon ends before this.")
        } else if coupon.startsAt >= endsAt {
            faults.refuse(place, endField, "The coupon starts after this.")
        }
    }
}
