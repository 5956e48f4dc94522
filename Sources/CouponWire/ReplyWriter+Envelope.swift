import CouponRules
import FlatStorage

// What every reply begins and ends with, and the reply that is only an error.

extension ReplyWriter {
    /// Begins a reply line: the id as it was written, where there was one, comes first.
    package mutating func beginReply(to id: Span<UInt8>) {
        needsComma = false
        beginObject()
        if !id.isEmpty {
            key("id")
            raw(id)
        }
    }

    /// Ends a reply line.
    package mutating func endReply() {
        endObject()
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    /// Writes the whole reply to a line that is no request.
    package mutating func faultReply(to id: Span<UInt8>, _ fault: RequestFault) {
        beginErrorReply(to: id, fault.code)
        key("message")
        string(copying: fault.message)
        if let field = fault.field {
            key("field")
            string(copying: field)
        }
        endErrorReply()
    }

    /// Writes the whole reply to a request that fails for a reason without details.
    package mutating func errorReply(
        to id: Span<UInt8>, _ code: ErrorCode, message: StaticString, field: StaticString? = nil
    ) {
        beginErrorReply(to: id, code)
        key("message")
        string(message)
        if let field {
            key("field")
            string(field)
        }
        endErrorReply()
    }

    /// Begins an error reply. `message` must follow, `field` and `details` may, as members.
    package mutating func beginErrorReply(to id: Span<UInt8>, _ code: ErrorCode) {
        beginReply(to: id)
        key("error")
        beginObject()
        key("code")
        string(code.name)
    }

    package mutating func endErrorReply() {
        endObject()
        endReply()
    }
}
