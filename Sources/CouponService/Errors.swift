import CouponCatalog
import CouponWire

extension Service {
    mutating func writeFault(_ fault: RequestFault) {
        statistics.faults += 1
        reply.faultReply(to: parser.bytes(of: parser.request.id), fault)
    }

    mutating func writeError(
        _ code: ErrorCode, field: StaticString? = nil, _ message: StaticString
    ) {
        statistics.faults += 1
        reply.errorReply(
            to: parser.bytes(of: parser.request.id), code, message: message, field: field)
    }

    mutating func writeUnprocessable(field: StaticString, _ message: StaticString) {
        writeError(.unprocessable, field: field, message)
    }

    mutating func writeForbidden(field: StaticString = "op") {
        writeError(.forbidden, field: field, "This socket does not allow that.")
    }

    /// The code exists, but its coupon has rules that this version cannot judge.
    mutating func writeUnserved(_ features: Unserved) {
        statistics.faults += 1
        reply.beginErrorReply(to: parser.bytes(of: parser.request.id), .unprocessable)
        reply.key("message")
        reply.beginString()
        reply.append("This version does not judge coupons with ")
        reply.append(features.name)
        reply.append(" yet.")
        reply.endString()
        reply.key("field")
        reply.string("code")
        reply.endErrorReply()
    }

    mutating func writeLineTooLong() {
        statistics.faults += 1
        reply.faultReply(
            to: "null".utf8.span,
            RequestFault(
                code: .lineTooLong,
                message: "A line has at most \(limits.lineBytesMax) bytes; this one was skipped."))
    }

    mutating func writeTurnAway(_ reason: TurnAwayReason) {
        statistics.faults += 1
        switch reason {
        case .tooManyConnections:
            reply.errorReply(
                to: "null".utf8.span, .tooManyConnections,
                message: "The configured number of connections is reached.")
        case .notOnTheList:
            reply.errorReply(
                to: "null".utf8.span, .forbidden,
                message: "This user may not use this socket.")
        }
    }
}
