import CouponWire

extension ReplyWriter {
    mutating func error(
        _ code: ErrorCode, field: StaticString? = nil, _ message: StaticString,
        to parser: borrowing RequestParser
    ) {
        errorReply(to: parser.bytes(of: parser.request.id), code, message: message, field: field)
    }

    mutating func forbidden(field: StaticString = "op", to parser: borrowing RequestParser) {
        error(.forbidden, field: field, "This socket does not allow that.", to: parser)
    }

    mutating func lineTooLong(limit: Int) {
        faultReply(
            to: "null".utf8.span,
            RequestFault(
                code: .lineTooLong,
                message: "A line has at most \(limit) bytes; this one was skipped."))
    }

    mutating func turnAway(_ reason: TurnAwayReason) {
        switch reason {
        case .tooManyConnections:
            errorReply(
                to: "null".utf8.span, .tooManyConnections,
                message: "The configured number of connections is reached.")
        case .notOnTheList:
            errorReply(
                to: "null".utf8.span, .forbidden,
                message: "This user may not use this socket.")
        }
    }
}
