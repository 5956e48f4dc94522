import CouponRules
import CouponWire
import Testing

// Lines in, values out: a request is copied into plain strings and numbers, so that a test can say
// what it expects in one literal.

/// What a line was found to be.
struct Reading: Equatable {
    var error: ErrorCode?
    var field: String?
    var operation: Operation?
    /// The id to echo; nil when the request had none.
    var id: String?
}

/// A request as text, such as `validate codes=[A] lines=[p1×2@2500]`, listing only what was given.
func describe(_ parser: borrowing RequestParser) -> String {
    var parts = ["\(parser.request.operation.name)"]
    func add(_ name: String, _ value: String, if isGiven: Bool) {
        if isGiven { parts.append("\(name)=\(value)") }
    }
    func add(_ name: String, _ text: Text) { add(name, parser.string(text), if: !text.isEmpty) }

    let codes = parser.request.codes.indices.map { parser.describeCode(at: $0) }
    add("codes", "[\(codes.joined(separator: " "))]", if: !codes.isEmpty)
    add("store", parser.request.store)
    add("coupon", parser.request.coupon)
    add("mode", "partial", if: parser.request.mode == .partial)
    add("auto", "true", if: parser.request.considersAutoCoupons)
    add("explain", "true", if: parser.request.explains)
    add("customer", parser.describeCustomer(), if: parser.request.customer.isGiven)
    let lines = parser.request.lines.indices.map { parser.describeLine(at: $0) }
    let cart = parser.request.cart
    add("cart", "\(cart.currency)[\(lines.joined(separator: " "))]", if: cart.isGiven)
    add("shipping", "\(cart.shipping?.minorUnits ?? -1)", if: cart.shipping != nil)
    add(
        "context", parser.describeAttributes(parser.request.context),
        if: !parser.request.context.isEmpty)
    add("order", parser.request.order)
    add("hold_of", parser.request.holdOf)
    if let at = parser.request.at { parts.append("at=\(describe(at))") }
    if let date = parser.request.bookingDate { parts.append("booking_date=\(describe(date))") }
    let seconds = parser.request.holdSeconds
    add("ttl", "\(seconds)", if: seconds != Request.holdSecondsDefault)
    let metadata = parser.request.metadata.indices.map { index in
        let entry = parser.request.metadata[index]
        return "\(parser.string(entry.key)):\(parser.string(entry.value))"
    }
    add("metadata", "{\(metadata.joined(separator: " "))}", if: !metadata.isEmpty)
    return parts.joined(separator: " ")
}

private func describe(_ moment: Moment) -> String {
    switch moment {
    case .instant(let instant): "\(instant.millisecondsSinceEpoch)"
    case .local(let local): "local \(local.milliseconds)"
    case .date(let date): "day \(date.daysSinceEpoch)"
    }
}

extension RequestParser {
    func string(_ text: Text) -> String { copy(bytes(of: text)) }

    func describeCode(at index: Int) -> String {
        let entry = request.codes[index]
        var text = string(entry.code)
        if !entry.coupon.isEmpty { text += "@\(string(entry.coupon))" }
        if let amount = entry.amount { text += "≤\(amount.minorUnits)" }
        if !entry.context.isEmpty { text += describeAttributes(entry.context) }
        return text
    }

    func describeCustomer() -> String {
        let customer = request.customer
        var text = "\(string(customer.id))<\(string(customer.email))>"
        for index in customer.groups.range { text += "+\(string(request.values[index]))" }
        if let orders = customer.orders { text += "#\(orders)" }
        return text
    }

    func describeLine(at index: Int) -> String {
        let line = request.lines[index]
        var text = "\(string(line.product))×\(line.quantity)@\(line.unitPrice.minorUnits)"
        if !line.id.isEmpty { text = "\(string(line.id)):" + text }
        if line.isOnSale { text += "!" }
        if !line.attributes.isEmpty { text += describeAttributes(line.attributes) }
        return text
    }

    func describeAttributes(_ run: Run) -> String {
        let parts = run.range.map { index in
            let attribute = request.attributes[index]
            let values = attribute.values.range.map { string(request.values[$0]) }
            return "\(string(attribute.key))=\(values.joined(separator: "|"))"
        }
        return "{\(parts.joined(separator: " "))}"
    }

    /// Parses a line and says what it was found to be.
    mutating func read(_ line: [UInt8]) -> Reading {
        switch parse(line.span) {
        case .request:
            return Reading(operation: request.operation, id: echo)
        case .fault(let fault):
            return Reading(
                error: fault.code, field: fault.field, operation: fault.operation, id: echo)
        }
    }

    private var echo: String? { request.id.isEmpty ? nil : string(request.id) }
}

func copy(_ bytes: Span<UInt8>) -> String {
    var copied: [UInt8] = []
    for index in bytes.indices { copied.append(bytes[index]) }
    return String(decoding: copied, as: UTF8.self)
}

/// Parses a line by a parser of its own.
func read(_ line: String) -> Reading {
    var parser = RequestParser(lineBytesMax: 65_536)
    return parser.read(Array(line.utf8))
}

/// Expects that a line is the request described.
func check(
    _ line: String, is description: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    var parser = RequestParser(lineBytesMax: 65_536)
    let reading = parser.read(Array(line.utf8))
    #expect(reading.error == nil, "\(reading)", sourceLocation: sourceLocation)
    #expect(describe(parser) == description, sourceLocation: sourceLocation)
}

/// Expects that a line is a `bad_request` about `field`.
func check(
    _ line: String, isRefusedAt field: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    let reading = read(line)
    #expect(reading.error == .badRequest, "\(line)", sourceLocation: sourceLocation)
    #expect(reading.field == field, "\(line)", sourceLocation: sourceLocation)
}
