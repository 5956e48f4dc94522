// A purge that took the time of day for granted would archive every order of the shop on the day on
// which a clock is wrong. So it has a calendar of its own, which is kept with the state: it starts
// where the state starts, and moves on only as fast as time passes while a daemon runs. Days for
// which no daemon ran are missing, so a purge comes as much later; an operator who knows that the
// clock is right can say so (`--trust-clock`).
//
// The calendar is never ahead of the time of day for long: when a clock that was ahead has been put
// back for an hour, the calendar follows. One that shows 1970 for the first minutes after a power cut
// moves nothing.
//
// The date is written along with other records, once a minute: for its own sake no disk is woken. The
// first record of a state says it too, so that no jump of the clock before a crash is believed.

import CouponStore

/// The date that a purge believes, in milliseconds since 1970.
struct PurgeCalendar {
    /// The date at ``start`` on the steady clock.
    private var date: Int64
    private var start: Int64
    /// Since when the time of day is behind the calendar, on the steady clock.
    private var behindSince: Int64?

    /// A clock that is behind for so long was put right.
    static let behindMax: Int64 = 3_600_000

    /// Goes on from the date that the state brings along; 0 where it brings none.
    init(recorded: Int64, newestOrder: Int64?, at time: TurnTime) {
        // A state from before the calendar has seen time pass at least up to its newest order.
        let wall = time.wall.millisecondsSinceEpoch
        date = recorded > 0 ? recorded : min(newestOrder ?? wall, wall)
        start = time.steady
    }

    /// The date of the calendar.
    func date(at time: TurnTime) -> Int64 { date + (time.steady - start) }

    /// The date that a purge goes by: the earlier one of calendar and clock.
    func today(at time: TurnTime) -> Int64 {
        min(date(at: time), time.wall.millisecondsSinceEpoch)
    }

    /// Follows a clock that was put back, when it has been so for long enough.
    mutating func follow(_ time: TurnTime) {
        let wall = time.wall.millisecondsSinceEpoch
        guard wall < date(at: time) else {
            behindSince = nil
            return
        }
        let since = behindSince ?? time.steady
        behindSince = since
        if time.steady - since >= Self.behindMax { trust(time) }
    }

    /// Takes the time of day for the date.
    mutating func trust(_ time: TurnTime) {
        date = time.wall.millisecondsSinceEpoch
        start = time.steady
        behindSince = nil
    }
}
