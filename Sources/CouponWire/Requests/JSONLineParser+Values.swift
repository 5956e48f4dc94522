import CouponRules

// Reads single values. Shops write ids as strings or as numbers, and PHP writes an empty map as a
// list: both are accepted, and nothing else that differs from the grammar.

/// The longest store, order, coupon, customer, product or line id in bytes.
let identifierBytesMax = 255

extension JSONNode {
    var keyText: Text { Text(start: key_start, count: key_count) }

    /// The text of a string, or a number as it was written.
    var text: Text { Text(start: start, count: count) }

    /// Whether it is accepted as an object: an object, or an empty list.
    var isObjectLike: Bool { kind == .object || (kind == .array && count == 0) }
}

extension JSONLineParser {
    /// A string, or an integer as its decimal text.
    @inline(__always)
    func text(at index: Int) throws(Rejection) -> Text {
        guard let text = textIfAny(node(index)) else {
            throw Rejection(problem: .notText, node: index)
        }
        return text
    }

    /// As ``text(at:)``, or nil for any other kind of value.
    @inline(__always)
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
        switch node(index).kind {
        case .true: return true
        case .false: return false
        default: throw Rejection(problem: .notABoolean, node: index)
        }
    }

    @inline(__always)
    func integer(at index: Int, in range: ClosedRange<Int64>) throws(Rejection) -> Int64 {
        let node = node(index)
        switch node.kind {
        case .integer where range.contains(node.integer): return node.integer
        case .integer, .wide:
            throw Rejection(
                problem: .outside(from: range.lowerBound, to: range.upperBound), node: index)
        default: throw Rejection(problem: .notAnInteger, node: index)
        }
    }

    @inline(__always)
    func money(at index: Int) throws(Rejection) -> Money {
        Money(minorUnits: try integer(at: index, in: 0...Money.largest.minorUnits))
    }

    func mode(at index: Int) throws(Rejection) -> Request.Mode {
        let node = node(index)
        guard node.kind == .string, let mode = WireVocabulary.mode(name(of: node.text)) else {
            throw Rejection(problem: .badMode, node: index)
        }
        return mode
    }

    func currency(at index: Int) throws(Rejection) -> Currency {
        let node = node(index)
        guard node.kind == .string, let currency = Currency(bytes(of: node.text)) else {
            throw Rejection(problem: .badCurrency, node: index)
        }
        return currency
    }

    /// A time as a string or as Unix seconds.
    func moment(at index: Int) throws(Rejection) -> Moment {
        let node = node(index)
        do throws(Moment.Fault) {
            switch node.kind {
            case .integer: return try Moment.unixSeconds(node.integer)
            case .string:
                let text = bytes(of: node.text)
                let moment = try Moment.parse(text)
                // Seconds are a number. Digits in quotes are more likely meant as a date.
                if text.isDigits { throw .notATime }
                return moment
            // Seconds of more than 64 bits are milliseconds at best.
            case .wide: throw .millisecondsNotSeconds
            default: throw .notATime
            }
        } catch {
            let problem: Problem =
                switch error {
                case .notATime: .badMoment
                case .noSuchDate: .badDate
                case .millisecondsNotSeconds: .millisecondsNotSeconds
                case .compactDate, .spreadsheetDay: .compactDate
                }
            throw Rejection(problem: problem, node: index)
        }
    }

    /// An e-mail address, trimmed and in small letters. It may be empty.
    mutating func email(at index: Int) throws(Rejection) -> Text {
        let node = node(index)
        guard node.kind == .string else { throw Rejection(problem: .notAString, node: index) }
        let (trimmed, isASCII) = trim(node.text)
        // A text over the limit is not worth the Unicode tables. Small letters may be longer than
        // capitals, so the limit is checked again below.
        var email = trimmed
        if isASCII {
            lowercaseASCII(in: email)
        } else if email.count <= identifierBytesMax {
            email = keep(lowercased(email).utf8)
        }
        guard email.count <= identifierBytesMax else {
            throw Rejection(problem: .badLength(atMost: identifierBytesMax), node: index)
        }
        return email
    }

    /// The text without the ASCII white space around it, and whether it is ASCII throughout.
    private func trim(_ text: Text) -> (trimmed: Text, isASCII: Bool) {
        let bytes = bytes(of: text)
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
        var lowered = Substring(string(bytes(of: text)).lowercased())
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
    /// Whether it has digits only, and at least one.
    fileprivate var isDigits: Bool {
        for index in 0..<count where !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self[index])
        {
            return false
        }
        return count > 0
    }
}
