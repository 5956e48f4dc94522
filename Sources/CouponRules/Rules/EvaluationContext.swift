/// What an evaluation is for, and the times that it is made at.
package struct EvaluationContext: Hashable, Sendable, BitwiseCopyable {
    package enum Purpose: UInt8, Sendable, BitwiseCopyable {
        case validate, reserve, apply
    }

    package var purpose: Purpose
    /// The instant that starts and ends are compared with.
    package var instant: Instant
    /// The time that blackout dates and weekday/hour windows are compared with, in the coupon's
    /// zone. Only a coupon that ``Coupon/isJudgedByBookingTime`` needs it.
    package var bookingTime: BookingTime?
    /// The date that the blackout dates of the candidate's offer are compared with, in the offer's
    /// zone. Only an offer with blackout dates needs it.
    package var offerBookingDate: CivilDate?
    /// Whether it collects every failing rule, not only the first.
    package var explains: Bool

    package init(purpose: Purpose, instant: Instant, explains: Bool = false) {
        self.purpose = purpose
        self.instant = instant
        self.explains = explains
    }
}

extension EvaluationContext {
    var neededBookingTime: BookingTime {
        guard let bookingTime else {
            preconditionFailure("a coupon with date rules is judged with a booking time")
        }
        return bookingTime
    }

    var neededOfferBookingDate: CivilDate {
        guard let offerBookingDate else {
            preconditionFailure("an offer with blackout dates is judged with a booking date")
        }
        return offerBookingDate
    }
}
