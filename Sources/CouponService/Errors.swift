import CouponWire
import FlatStorage

extension JSONWriter {
    mutating func error(
        _ code: ErrorCode, field: StaticString? = nil, _ message: StaticString,
        to parser: borrowing RequestParser
    ) {
        ErrorReply.write(
            code, message: message, field: field, to: parser.bytes(of: parser.request.id), &self)
    }

    mutating func forbidden(field: StaticString = "op", to parser: borrowing RequestParser) {
        error(.forbidden, field: field, "This socket does not allow that.", to: parser)
    }

    mutating func lineTooLong(limit: Int) {
        ErrorReply.write(
            RequestFault(
                code: .lineTooLong,
                message: "A line has at most \(limit) bytes; this one was skipped."),
            to: "null".utf8.span, &self)
    }

    mutating func turnAway(_ reason: TurnAwayReason) {
        switch reason {
        case .tooManyConnections:
            ErrorReply.write(
                .tooManyConnections, message: "The configured number of connections is reached.",
                to: "null".utf8.span, &self)
        case .notOnTheList:
            ErrorReply.write(
                .forbidden, message: "This user may not use this socket.", to: "null".utf8.span,
                &self)
        }
    }
}
