import CouponWire
import FlatStorage

extension ErrorReply {
    /// The socket does not allow what the request asks for.
    static func writeForbidden(
        field: StaticString = "op", to id: Span<UInt8>, _ reply: inout JSONWriter
    ) {
        write(.forbidden, message: "This socket does not allow that.", field: field, to: id, &reply)
    }

    /// The request is about a code that does not exist.
    static func writeUnknownCode(to id: Span<UInt8>, _ reply: inout JSONWriter) {
        write(.notFound, message: "This code does not exist.", field: "code", to: id, &reply)
    }

    /// Nothing can be recorded at the moment.
    static func writeNoSpace(to id: Span<UInt8>, _ reply: inout JSONWriter) {
        write(
            .storageUnavailable,
            message: "There is no space to record this at the moment; nothing was changed.",
            to: id, &reply)
    }

    /// The line is longer than a line may be.
    static func writeLineTooLong(limit: Int, _ reply: inout JSONWriter) {
        let fault = RequestFault(
            code: .lineTooLong,
            message: "A line has at most \(limit) bytes; this one was skipped.")
        write(fault, to: "null".utf8.span, &reply)
    }

    /// The one line that a client gets that is not let in.
    static func write(_ reason: TurnAwayReason, _ reply: inout JSONWriter) {
        switch reason {
        case .tooManyConnections:
            write(
                .tooManyConnections,
                message: "The configured number of connections is reached.",
                to: "null".utf8.span, &reply)
        case .notOnTheList:
            write(
                .forbidden, message: "This user may not use this socket.", to: "null".utf8.span,
                &reply)
        }
    }
}

/// Why a client is not let in.
package enum TurnAwayReason: Sendable {
    case tooManyConnections
    case notOnTheList
}
