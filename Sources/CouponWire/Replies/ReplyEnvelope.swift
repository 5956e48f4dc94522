import FlatStorage

/// What every reply line begins and ends with.
package enum ReplyEnvelope {
    /// Begins a reply line. If the request had an id, it comes first, as it was written.
    package static func begin(to id: Span<UInt8>, _ reply: inout JSONWriter) {
        reply.beginObject()
        if !id.isEmpty {
            reply.key("id")
            reply.raw(id)
        }
    }

    /// Writes the whole reply whose result is null.
    package static func writeNullResult(to id: Span<UInt8>, _ reply: inout JSONWriter) {
        begin(to: id, &reply)
        reply.key("result")
        reply.null()
        end(&reply)
    }

    /// Ends a reply line.
    package static func end(_ reply: inout JSONWriter) {
        reply.endObject()
        reply.endLine()
    }
}

/// A reply that is only an error.
package enum ErrorReply {
    /// Writes the whole reply to a line that is not a request.
    package static func write(
        _ fault: RequestFault, to id: Span<UInt8>, _ reply: inout JSONWriter
    ) {
        begin(fault.code, to: id, &reply)
        reply.key("message")
        reply.string(copying: fault.message)
        if let field = fault.field {
            reply.key("field")
            reply.string(copying: field)
        }
        end(&reply)
    }

    /// Writes the whole reply to a request that fails for a reason without details.
    package static func write(
        _ code: ErrorCode, message: StaticString, field: StaticString? = nil,
        to id: Span<UInt8>, _ reply: inout JSONWriter
    ) {
        begin(code, to: id, &reply)
        reply.key("message")
        reply.string(message)
        if let field {
            reply.key("field")
            reply.string(field)
        }
        end(&reply)
    }

    /// Begins an error reply. The member `message` must follow; `field` and `details` may.
    package static func begin(_ code: ErrorCode, to id: Span<UInt8>, _ reply: inout JSONWriter) {
        ReplyEnvelope.begin(to: id, &reply)
        reply.key("error")
        reply.beginObject()
        reply.key("code")
        reply.string(code.name)
    }

    package static func end(_ reply: inout JSONWriter) {
        reply.endObject()
        ReplyEnvelope.end(&reply)
    }
}
