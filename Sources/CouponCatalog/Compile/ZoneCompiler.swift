// Foundation knows the world's time zones; a coupon needs only the moments at which one of them
// moved its clocks. They are asked for once per zone, from 1970 to 2100: far enough in both
// directions for any coupon, and few enough (some 300 moments) to keep for each zone.

import CouponRules
import Foundation

/// Turns names of time zones into a ``ZoneTable``.
struct ZoneCompiler {
    private(set) var zones = ZoneTable()
    private var known: [String: ZoneID?] = ["UTC": .utc]

    /// The zone with the IANA name `name`; nil when there is none.
    mutating func zone(named name: String) -> ZoneID? {
        if let answered = known[name] { return answered }
        let zone = TimeZone(identifier: name).map { zones.add(ZoneCompiler.transitions(of: $0)) }
        known[name] = .some(zone)
        return zone
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
