import CouponRules
import CouponStore

/// The time of one turn of the loop: everything in a turn happens at this time.
package struct TurnTime: Equatable, Sendable, BitwiseCopyable {
    /// The time of day, by which coupons are evaluated. It can jump, forwards and backwards.
    package var wall: Instant
    /// Milliseconds of a clock that never jumps, by which durations are measured.
    package var steady: Int64

    package init(wall: Instant, steady: Int64) {
        self.wall = wall
        self.steady = steady
    }

    /// How the two clocks relate now.
    package var lapseClock: LapseClock {
        LapseClock(wall: wall.millisecondsSinceEpoch, steady: steady)
    }
}
