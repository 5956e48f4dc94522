// A purge that took the time of day for granted would archive every order of the shop on the day on
// which a clock is wrong. So it has a calendar of its own, which is kept with the state: it starts
// where the state starts, and moves on only as fast as time passes while a daemon runs. Days for
// which no daemon ran are missing, so a purge comes as much later; an operator who knows that the
// clock is right can say so (`--trust-clock`).
//
// The calendar is never ahead of the time of day for long: when a clock that was ahead has been put
// back for an hour, the calendar follows. One that shows 1970 for the first minutes after a power cut
// moves nothing.

import CouponStore

/// The date that a purge believes, in milliseconds since 1970.
struct PurgeCalendar {
    /// The date at ``start`` on the steady clock.
    private var date: Int64
    private var start: Int64
    /// Since when the time of day is behind the calendar, on the steady clock.
    private var behindSince: Int64?
    /// When the date was recorded last, on the steady clock.
    private var recordedAt: Int64
    /// Whether the date was taken from the clock or the orders, and not recorded since: it is recorded
    /// with the next records. Otherwise a jump of the clock before a crash would be believed.
    private var isNew: Bool

    /// A clock that is behind for so long was put right.
    static let behindMax: Int64 = 3_600_000
    /// The date is recorded when it has moved on by so much, along with other records.
    static let recordInterval: Int64 = 60_000

    /// Goes on from the date that the state brings along; 0 where it brings none.
    init(recorded: Int64, newestOrder: Int64?, at time: TurnTime) {
        // A state from before the calendar has seen time pass at least up to its newest order.
        let wall = time.wall.millisecondsSinceEpoch
        date = recorded > 0 ? recorded : min(newestOrder ?? wall, wall)
        start = time.steady
        recordedAt = time.steady
        isNew = recorded == 0
    }

    /// The date of the calendar.
    func date(at time: TurnTime) -> Int64 { date + (time.steady - start) }

    /// The date that a purge goes by: that of the calendar or of the clock, whichever is earlier.
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
        isNew = true
    }

    /// The date to record now, where it is new or has moved on by a minute.
    mutating func dateToRecord(at time: TurnTime) -> Int64? {
        let now = date(at: time)
        let isTime = time.steady - recordedAt >= Self.recordInterval
        guard isTime || isNew, now > 0 else { return nil }
        isNew = false
        recordedAt = time.steady
        return now
    }
}
