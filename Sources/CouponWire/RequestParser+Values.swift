import CouponRules

// Readers of single values. The vendors' systems write ids now as strings and now as numbers, and
// PHP writes an empty map as a list: these two liberties are taken here, and no other.

/// The longest store, order, coupon, customer, product or line id in bytes.
let identifierBytesMax = 255

extension JSONNode {
    var keyText: Text { Text(start: key_start, count: key_count) }

    /// The text of a string, or a number as it was written.
    var text: Text { Text(start: start, count: count) }

    /// Whether it stands where an object is due: an object, or an empty list.
    var isObjectLike: Bool { kind == .object || (kind == .array && count == 0) }
}

extension RequestParser {
    /// A string, or an integer as its decimal text.
    func text(at index: Int) throws(Rejection) -> Text {
        guard let text = textIfAny(json.node(index)) else {
            throw Rejection(problem: .notText, node: index)
        }
        return text
    }

    /// As ``text(at:)``, or nil for any other kind of value.
    func textIfAny(_ node: JSONNode) -> Text? {
        switch node.kind {
        case .string, .wide: return node.text
        case .integer:
            // `-0` is the integer 0.
            if node.integer == 0 && node.count == 2 { return Text(start: node.start + 1, count: 1) }
            return node.text
        default: return nil
        }
    }

    /// A text of 1 ... 255 bytes.
    func identifier(at index: Int) throws(Rejection) -> Text {
        let text = try text(at: index)
        guard text.count > 0 && text.count <= identifierBytesMax else {
            throw Rejection(problem: .badLength(atMost: identifierBytesMax), node: index)
        }
        return text
    }

    func boolean(at index: Int) throws(Rejection) -> Bool {
        switch json.node(index).kind {
        case .true: return true
        case .false: return false
        default: throw Rejection(problem: .notABoolean, node: index)
        }
    }

    func integer(at index: Int, in range: ClosedRange<Int64>) throws(Rejection) -> Int64 {
        let node = json.node(index)
        switch node.kind {
        case .integer where range.contains(node.integer): return node.integer
        case .integer, .wide:
            throw Rejection(
                problem: .outside(from: range.lowerBound, to: range.upperBound), node: index)
        default: throw Rejection(problem: .notAnInteger, node: index)
        }
    }

    func money(at index: Int) throws(Rejection) -> Money {
        Money(minorUnits: try integer(at: index, in: 0...Money.largest.minorUnits))
    }

    func mode(at index: Int) throws(Rejection) -> Request.Mode {
        let node = json.node(index)
        guard node.kind == .string, let mode = WireVocabulary.mode(json.name(of: node.text)) else {
            throw Rejection(problem: .badMode, node: index)
        }
        return mode
    }

    func currency(at index: Int) throws(Rejection) -> Currency {
        let node = json.node(index)
        guard node.kind == .string, let currency = Currency(json.bytes(of: node.text)) else {
            throw Rejection(problem: .badCurrency, node: index)
        }
        return currency
    }

    /// A time as a string or as Unix seconds.
    func moment(at index: Int) throws(Rejection) -> Moment {
        let node = json.node(index)
        do throws(Moment.Fault) {
            switch node.kind {
            case .integer: return try Moment.unixSeconds(node.integer)
            case .string:
                let text = json.bytes(of: node.text)
                let moment = try Moment.parse(text)
                // Seconds are a number: digits in quotes are more likely meant as a date.
                if text.isDigits { throw .notATime }
                return moment
            // More than 64 bits of positive seconds are milliseconds, or worse.
            case .wide: throw .millisecondsNotSeconds
            default: throw .notATime
            }
        } catch {
            let problem: Problem =
                switch error {
                case .notATime: .badMoment
                case .noSuchDate: .badDate
                case .millisecondsNotSeconds: .millisecondsNotSeconds
                case .compactDate: .compactDate
                }
            throw Rejection(problem: problem, node: index)
        }
    }

    /// An e-mail address: trimmed, in small letters; empty when nothing is left.
    mutating func email(at index: Int) throws(Rejection) -> Text {
        let node = json.node(index)
        guard node.kind == .string else { throw Rejection(problem: .notAString, node: index) }
        let (trimmed, isASCII) = trim(node.text)
        // Only so many bytes are worth the Unicode tables. What they grow into is looked at below.
        var email = trimmed
        if isASCII {
            json.lowercaseASCII(in: email)
        } else if email.count <= identifierBytesMax {
            email = json.keep(lowercased(email).utf8)
        }
        guard email.count <= identifierBytesMax else {
            throw Rejection(problem: .badLength(atMost: identifierBytesMax), node: index)
        }
        return email
    }

    /// The text without the ASCII white space around it, and whether it is ASCII throughout.
    private func trim(_ text: Text) -> (trimmed: Text, isASCII: Bool) {
        let bytes = json.bytes(of: text)
        var first = 0
        var end = bytes.count
        while first < end && bytes[first] <= 0x20 { first += 1 }
        while end > first && bytes[end - 1] <= 0x20 { end -= 1 }
        var union: UInt8 = 0
        for position in first..<end { union |= bytes[position] }
        let trimmed = Text(start: text.start + UInt32(first), count: UInt32(end - first))
        return (trimmed, union < 0x80)
    }

    private func lowercased(_ text: Text) -> String {
        var lowered = Substring(string(json.bytes(of: text)).lowercased())
        while let first = lowered.first, first.isWhitespace { lowered.removeFirst() }
        while let last = lowered.last, last.isWhitespace { lowered.removeLast() }
        return String(lowered)
    }
}

/// A copy of bytes as a string, for paths that may allocate.
func string(_ bytes: Span<UInt8>) -> String {
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in bytes.indices { copy.append(bytes[index]) }
    return String(decoding: copy, as: UTF8.self)
}

extension Span where Element == UInt8 {
    /// Whether it is nothing but digits.
    fileprivate var isDigits: Bool {
        for index in 0..<count where !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self[index])
        {
            return false
        }
        return count > 0
    }
}
