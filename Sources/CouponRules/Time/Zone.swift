// A time zone as the rules need it: a sorted run of moments at which the offset from UTC changed.
// The catalog computes the run once, when it loads, so the rules never call a time-zone library.

/// A zone's place in the ``ZoneTable`` of the catalog that it came from.
@frozen @usableFromInline
package struct ZoneID: Hashable, Sendable, BitwiseCopyable {
    package let index: UInt32
    package init(index: UInt32) { self.index = index }

    /// Every table begins with UTC.
    package static var utc: ZoneID { ZoneID(index: 0) }
}

/// From `start` on, local time is UTC plus `offsetMilliseconds`.
@frozen @usableFromInline
package struct ZoneTransition: Hashable, Sendable, BitwiseCopyable {
    package var start: Instant
    package var offsetMilliseconds: Int64

    package init(start: Instant, offsetMilliseconds: Int64) {
        self.start = start
        self.offsetMilliseconds = offsetMilliseconds
    }
}

/// The zones that a catalog's coupons are written in.
package struct ZoneTable: Sendable {
    private var transitions: [ZoneTransition] = []
    private var firstTransitions: [Int] = []

    /// A table with UTC only.
    package init() { _ = add([ZoneTransition(start: .distantPast, offsetMilliseconds: 0)]) }

    /// Adds a zone. `zone` is sorted by start and begins with ``Instant/distantPast``.
    package mutating func add(_ zone: [ZoneTransition]) -> ZoneID {
        precondition(
            zone.first?.start == .distantPast, "a zone has an offset from the distant past on")
        firstTransitions.append(transitions.count)
        transitions += zone
        return ZoneID(index: UInt32(firstTransitions.count - 1))
    }

    /// The number of zones.
    package var count: Int { firstTransitions.count }

    /// A zone as ``add(_:)`` took it.
    package func transitions(of zone: ZoneID) -> [ZoneTransition] {
        Array(transitions[range(of: zone)])
    }

    /// The local time in `zone` at `instant`.
    package func civilTime(of instant: Instant, in zone: ZoneID) -> CivilTime {
        let offset = transitions[lastTransition(in: zone) { $0.start <= instant }]
            .offsetMilliseconds
        return CivilTime(milliseconds: instant.millisecondsSinceEpoch + offset)
    }

    /// The instant at which the local time in `zone` is `local`. A time that the zone skips moves
    /// forward by the gap; a time that it repeats is the first of the two.
    package func instant(of local: CivilTime, in zone: ZoneID) -> Instant {
        // The last transition before this local time. Inside a gap that is the one before the gap,
        // whose offset carries the time over it.
        let index = lastTransition(in: zone) { transition in
            transition.start == .distantPast
                || local.milliseconds
                    >= transition.start.millisecondsSinceEpoch + transition.offsetMilliseconds
        }
        if index > range(of: zone).lowerBound {
            // In a repeated hour the same local time came before this transition too: take that
            // one.
            let earlier = instant(of: local, offsetOf: index - 1)
            if earlier < transitions[index].start { return earlier }
        }
        return instant(of: local, offsetOf: index)
    }

    private func instant(of local: CivilTime, offsetOf index: Int) -> Instant {
        Instant(millisecondsSinceEpoch: local.milliseconds - transitions[index].offsetMilliseconds)
    }

    private func range(of zone: ZoneID) -> Range<Int> {
        let place = Int(zone.index)
        let end =
            place + 1 < firstTransitions.count ? firstTransitions[place + 1] : transitions.count
        return firstTransitions[place]..<end
    }

    private func lastTransition(in zone: ZoneID, where hasPassed: (ZoneTransition) -> Bool) -> Int {
        var low = range(of: zone).lowerBound
        var high = range(of: zone).upperBound
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if hasPassed(transitions[middle]) { low = middle } else { high = middle }
        }
        return low
    }
}
