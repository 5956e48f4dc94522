import CouponRules

// One coarse call per line. The shim parses the line and numbers its keys; then the request walks
// the nodes once and fills itself. It lives on between lines, so that nothing is allocated. The id
// and the operation are found first: the reply to a faulty request echoes its id, and whether a peer
// may ask for an operation is checked before the operation's fields are.

/// Reads requests, one line at a time.
package struct RequestParser: ~Copyable {
    /// The request of the last line, valid until the next. Its texts are read by ``bytes(of:)``.
    package private(set) var request: Request
    // The fenced file reads it too, to lend the bytes of texts.
    private(set) var json: JSONLineParser

    /// A parser of lines of at most `lineBytesMax` bytes (1 ... 16 MiB), their ends not counted.
    /// All memory is allocated here.
    package init(lineBytesMax: Int) {
        request = Request(lineBytesMax: lineBytesMax)
        json = JSONLineParser(lineBytesMax: lineBytesMax, vocabulary: WireVocabulary.words)
    }

    /// Reads a line of at most the parser's limit, given without its end.
    package mutating func parse(_ line: Span<UInt8>) -> ParseOutcome {
        request.clear()
        do throws(JSONLineParser.Failure) {
            try json.parse(line)
        } catch {
            return .fault(unreadable(error))
        }
        guard json.node(0).kind == .object else {
            request.id = json.keep("null".utf8)
            return .fault(
                RequestFault(code: .badRequest, message: "A request must be a JSON object."))
        }

        let envelope = findEnvelope()
        do throws(Rejection) {
            if let repeated = json.repeatedNode {
                throw Rejection(problem: .repeated, node: repeated)
            }
            if let badID = envelope.badID {
                throw Rejection(problem: .notAnIdentifierOfReply, node: badID)
            }
            guard let op = envelope.op else {
                throw Rejection(problem: .missing, node: 0, missingField: .op)
            }
            guard json.node(op).kind == .string else {
                throw Rejection(problem: .notAString, node: op)
            }
            guard let operation = envelope.operation else {
                return .fault(
                    RequestFault(
                        code: .unknownOperation, field: "op",
                        message: "This operation does not exist."))
            }
            request.operation = operation
            if let fields = operation.fields { try request.readFields(fields, from: &json) }
        } catch {
            return .fault(fault(error, operation: envelope.operation))
        }
        return .request
    }

    /// What is known of a request before its fields are read.
    private struct Envelope {
        var op: Int?
        var operation: Operation?
        var badID: Int?
    }

    /// Finds the id and the operation among the top-level members, and notes the id to echo.
    private mutating func findEnvelope() -> Envelope {
        var envelope = Envelope()
        var isIDAmbiguous = false
        var isOpAmbiguous = false
        var child = 1
        let end = Int(json.node(0).next)
        while child < end {
            let node = json.node(child)
            switch RequestField(rawValue: node.name) {
            case .id:
                isIDAmbiguous = !request.id.isEmpty || envelope.badID != nil
                switch node.kind {
                case .string, .integer, .wide, .null: request.id = json.rawValueOfFirstName
                default: envelope.badID = child
                }
            case .op:
                isOpAmbiguous = envelope.op != nil
                envelope.op = child
                if node.kind == .string {
                    envelope.operation = WireVocabulary.operation(json.name(of: node.text))
                }
            default: break
            }
            child = Int(node.next)
        }
        if isIDAmbiguous || envelope.badID != nil { request.id = json.keep("null".utf8) }
        if isOpAmbiguous { envelope.operation = nil }
        return envelope
    }

    private mutating func unreadable(_ failure: JSONLineParser.Failure) -> RequestFault {
        request.id = json.keep("null".utf8)
        return switch failure {
        case .notJSON: RequestFault(code: .badJSON, message: "The line is not JSON in UTF-8.")
        case .tooDeep: RequestFault(code: .badRequest, message: "The line is nested too deeply.")
        }
    }

    private func fault(_ rejection: Rejection, operation: Operation?) -> RequestFault {
        var path = json.path(to: rejection.node)
        if let missing = rejection.missingField {
            path += path.isEmpty ? "\(missing.name)" : ".\(missing.name)"
        }
        return RequestFault(
            code: .badRequest, field: path, message: rejection.problem.message,
            operation: operation)
    }
}
