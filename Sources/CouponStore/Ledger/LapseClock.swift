/// How the time of day, which can jump, relates to the clock by which holds lapse, which cannot.
///
/// A hold lasts for so long from now, however the time of day jumps meanwhile. Images contain the
/// time of day at which holds lapse, because only that has a meaning for shops and after a restart;
/// the deadline on the steady clock is computed when the hold is made or read from disk.
package struct LapseClock: Equatable, Sendable, BitwiseCopyable {
    /// Milliseconds from the time of day, in milliseconds since 1970, to the steady clock.
    private var offset: Int64 = 0
    /// The present moment on the steady clock.
    private var now = Int64.max

    /// The longest time for which a request may hold: a week, in milliseconds.
    package static let holdMillisecondsMax: Int64 = 604_800_000

    /// A steady clock that is the time of day, where nothing lapses or nothing jumps.
    package init() {}

    /// The clocks at one moment, both in milliseconds.
    package init(wall: Int64, steady: Int64) {
        offset = steady &- wall
        now = steady
    }

    /// The steady time at which it will be `wall`, unless the time of day jumps. A time further away
    /// than any request asks for is of a clock that was set back since, and is cut to that.
    package func steady(_ wall: Int64) -> Int64 {
        let (latest, overflow) = now.addingReportingOverflow(Self.holdMillisecondsMax)
        return min(wall &+ offset, overflow ? .max : latest)
    }

    /// The steady time at which it was `wall`, which is not in the future.
    func steadyPast(_ wall: Int64) -> Int64 { min(wall &+ offset, now) }
}
