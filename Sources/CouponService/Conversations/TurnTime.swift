import CouponRules
import CouponStore

/// What the clocks say in one turn of the loop: everything that happens in a turn happens then.
package struct TurnTime: Equatable, Sendable, BitwiseCopyable {
    /// The time of day, by which coupons are judged. It can jump, forwards and backwards.
    package var wall: Instant
    /// Milliseconds of a clock that never jumps: how long something takes is told by it.
    package var steady: Int64

    package init(wall: Instant, steady: Int64) {
        self.wall = wall
        self.steady = steady
    }

    /// How the two relate now.
    package var lapseClock: LapseClock {
        LapseClock(wall: wall.millisecondsSinceEpoch, steady: steady)
    }
}
