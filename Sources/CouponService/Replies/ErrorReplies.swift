import CouponWire
import FlatStorage

extension ReplyWriter {
    mutating func error(
        _ code: ErrorCode, field: StaticString? = nil, _ message: StaticString,
        to id: Span<UInt8>
    ) {
        errorReply(to: id, code, message: message, field: field)
    }

    mutating func forbidden(field: StaticString = "op", to id: Span<UInt8>) {
        error(.forbidden, field: field, "This socket does not allow that.", to: id)
    }

    /// Nothing can be recorded at the moment.
    mutating func noSpaceError(to id: Span<UInt8>) {
        error(
            .storageUnavailable,
            "There is no space to record this at the moment; nothing was changed.", to: id)
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

/// Why a client is not let in.
package enum TurnAwayReason: Sendable {
    case tooManyConnections
    case notOnTheList
}
