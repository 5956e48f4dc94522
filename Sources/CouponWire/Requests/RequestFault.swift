/// The stable names of errors. They are on the wire: never rename one. Also update `Errors.md` in
/// the documentation and `reply.schema.json`.
package enum ErrorCode: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    case badJSON
    case badRequest
    case lineTooLong
    case unknownOperation
    case forbidden
    case notFound
    case conflict
    case unprocessable
    case managedByCatalog
    case idempotencyConflict
    case throttled
    case overloaded
    case tooManyConnections
    case storageUnavailable
    case shuttingDown
    case internalFault

    /// The value of `error.code` in a reply.
    package var name: StaticString {
        switch self {
        case .badJSON: "bad_json"
        case .badRequest: "bad_request"
        case .lineTooLong: "line_too_long"
        case .unknownOperation: "unknown_op"
        case .forbidden: "forbidden"
        case .notFound: "not_found"
        case .conflict: "conflict"
        case .unprocessable: "unprocessable"
        case .managedByCatalog: "managed_by_catalog"
        case .idempotencyConflict: "idempotency_conflict"
        case .throttled: "throttled"
        case .overloaded: "overloaded"
        case .tooManyConnections: "too_many_connections"
        case .storageUnavailable: "storage_unavailable"
        case .shuttingDown: "shutting_down"
        case .internalFault: "internal"
        }
    }
}

/// Why a line cannot be answered as a request.
package struct RequestFault: Equatable, Sendable {
    package var code: ErrorCode
    /// Where in the request, such as `cart.lines[2].quantity`; nil if the whole line is at fault.
    package var field: String?
    /// One sentence for the author of the client.
    package var message: String
    /// The operation, if the line names a known one: whether the peer may ask for it is checked
    /// before its fields are.
    package var operation: Operation?

    package init(
        code: ErrorCode, field: String? = nil, message: String, operation: Operation? = nil
    ) {
        self.code = code
        self.field = field
        self.message = message
        self.operation = operation
    }
}

/// The result of parsing a line.
package enum ParseOutcome {
    /// A request that follows the grammar. ``RequestParser/request`` holds it.
    case request
    /// A faulty line. ``Request/id`` nevertheless holds what the reply must echo.
    case fault(RequestFault)
}

/// What is wrong with a field.
enum Problem: BitwiseCopyable {
    case missing
    case unknown
    case repeated
    case notAnObject
    case notAList
    case notText
    case notAString
    case notABoolean
    case notAnInteger
    case notAnAttribute
    case notAnIdentifierOfReply
    case outside(from: Int64, to: Int64)
    case badLength(atMost: Int)
    case tooLong(atMost: Int)
    case badCount(atMost: Int)
    case badMode
    case badCurrency
    case badMoment
    case badDate
    case millisecondsNotSeconds
    case compactDate
    case codeAndCodes

    /// The sentence that the client reads.
    var message: String {
        switch self {
        case .missing: "This field is required."
        case .unknown: "This field is not allowed here."
        case .repeated: "This key is given twice in one object."
        case .notAnObject: "An object is expected."
        case .notAList: "A list is expected."
        case .notText: "A string is expected."
        case .notAString: "A string is expected; no other kind of value is accepted."
        case .notABoolean: "true or false is expected."
        case .notAnInteger: "An integer is expected, without fraction or exponent."
        case .notAnAttribute: "A string, an integer or a list of those is expected."
        case .notAnIdentifierOfReply: "A string, an integer or null is expected."
        case .outside(let smallest, let largest):
            "An integer from \(smallest) to \(largest) is expected."
        case .badLength(let bytesMax): "1 to \(bytesMax) bytes are expected."
        case .tooLong(let bytesMax): "Keys and values may have at most \(bytesMax) bytes in total."
        case .badCount(let countMax): "1 to \(countMax) elements are expected."
        case .badMode: "\"all\" or \"partial\" is expected."
        case .badCurrency: "A currency code of three letters is expected."
        case .badMoment: "A date, an ISO 8601 time or Unix seconds are expected."
        case .badDate: "This date does not exist."
        case .millisecondsNotSeconds: "Unix seconds are expected; this looks like milliseconds."
        case .compactDate: "Write a date as 2027-08-31; digits alone are read as Unix seconds."
        case .codeAndCodes: "Either code or codes is expected, not both."
        }
    }
}

/// How a field breaks the grammar. It is small, because every reader may throw it.
struct Rejection: Error, BitwiseCopyable {
    var problem: Problem
    /// The node at fault, or the object that lacks a field.
    var node: Int
    var missingField: RequestField?
}

extension JSONLineParser {
    /// The path from the top of the request to a node: keys joined by dots, places in brackets.
    func path(to target: Int) -> String {
        var path = ""
        var parent = 0
        while parent != target {
            var child = parent + 1
            var place = 0
            while Int(node(child).next) <= target {
                child = Int(node(child).next)
                place += 1
            }
            if node(parent).kind == .array {
                path += "[\(place)]"
            } else {
                path += path.isEmpty ? "" : "."
                path += string(bytes(of: node(child).keyText))
            }
            parent = child
        }
        return path
    }
}
