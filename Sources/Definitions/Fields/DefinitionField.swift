// The grammar is read through two small types. A `DefinitionField` is one value with the path that leads to
// it: it reads itself as a text, a number, a list …, or says what it found instead. A `FieldMap` is
// asked for each of its keys once; then the keys that were not asked for are the unknown ones. So
// the known keys are listed only where they are read. No reader stops at the first fault.

import CouponRules

/// One value of a definition file: where it is, and how to read it.
///
/// Each way of reading returns nil and refuses the value when it is something else.
package struct DefinitionField {
    let node: DefinitionNode
    /// Such as `coupons[3].discount.percent`; empty for the file itself.
    let path: String
    let scope: FileScope

    /// Whether it is a list or map with nothing in it.
    var isEmpty: Bool { node.content == .list([]) || node.content == .map([]) }

    package func refuse(_ message: String) { scope.refuse(at: node.position, field: path, message) }

    private func refuseShape(_ expected: String) {
        refuse("Found \(node.described) where \(expected) is expected.")
    }

    /// A text as it was written; an integer is its digits.
    package func text() -> String? {
        switch node.content {
        case .scalar(let text, .quoted), .scalar(let text, .plain): return text
        case .scalar(let text, .number) where wholeNumber(text) != nil: return text
        default:
            refuseShape("a text")
            return nil
        }
    }

    /// A text that says something, as it was written.
    func nonEmptyText() -> String? {
        guard let text = text() else { return nil }
        if !text.trimmed.isEmpty { return text }
        refuse("The text must not be empty.")
        return nil
    }

    /// The name of something: trimmed, 1 ... 255 bytes, on one line.
    package func name() -> String? {
        guard let text = text()?.trimmed else { return nil }
        if text.isEmpty {
            refuse("A name must not be empty.")
            return nil
        }
        if text.utf8.count > 255 {
            refuse("`\(text.shortened)` has \(text.utf8.count) bytes; at most 255 are allowed.")
            return nil
        }
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            refuse("`\(text.shortened)` contains a line break or another control character.")
            return nil
        }
        return text
    }

    /// A whole number within `range`.
    package func integer(in range: ClosedRange<Int64>) -> Int64? {
        switch node.content {
        case .scalar(let text, .plain), .scalar(let text, .number):
            guard let number = wholeNumber(text) else { break }
            if range.contains(number) { return number }
            let bound =
                number < range.lowerBound
                ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
            refuse("\(number) is out of range: it must be \(bound).")
            return nil
        case .scalar(let text, .quoted) where wholeNumber(text) != nil:
            refuse(
                "Found the text \"\(text)\" where a number is expected: write it without quotes.")
            return nil
        default: break
        }
        refuseShape("a whole number")
        return nil
    }

    /// How many of something, at least one: 1 ... 2^53 − 1.
    func count() -> Int64? { integer(in: 1...Money.largest.minorUnits) }

    /// How many of something, or none: 0 ... 2^53 − 1.
    func countOrZero() -> Int64? { integer(in: 0...Money.largest.minorUnits) }

    func flag() -> Bool? {
        switch node.content {
        case .scalar("true", .boolean): return true
        case .scalar("false", .boolean): return false
        case .scalar("true", .plain), .scalar("True", .plain), .scalar("TRUE", .plain): return true
        case .scalar("false", .plain), .scalar("False", .plain), .scalar("FALSE", .plain):
            return false
        default:
            refuseShape("`true` or `false`")
            return nil
        }
    }

    /// One of a few words.
    package func choice<Value>(_ choices: [(name: String, value: Value)]) -> Value? {
        guard let text = text() else { return nil }
        if let match = choices.first(where: { $0.name == text }) { return match.value }
        let names = choices.map(\.name)
        refuse(
            "`\(text.shortened)` is not one of \(names.joined(separator: ", "))."
                + suggestion(for: text, among: names))
        return nil
    }

    /// One of several values, each written by its name.
    func choice<Value>(_ values: [Value], named name: (Value) -> StaticString) -> Value? {
        choice(values.map { (name($0).description, $0) })
    }

    /// One of an enumeration's words.
    package func choice<Value: CaseIterable & RawRepresentable<String>>(of type: Value.Type)
        -> Value?
    {
        choice(type.allCases.map { ($0.rawValue, $0) })
    }

    /// The elements of a list. Any other value is refused and gives none; an element
    /// that says nothing is refused and left out.
    package func list() -> [DefinitionField] {
        guard case .list(let nodes) = node.content else {
            refuseShape("a list")
            return []
        }
        return nodes.indices.compactMap { index in
            let element = DefinitionField(
                node: nodes[index], path: path.appendingIndex(index), scope: scope)
            if !element.node.isNull { return element }
            element.refuse("The list has an empty element; quote it if it is a text.")
            return nil
        }
    }

    package func map() -> FieldMap? {
        switch node.content {
        case .map(let entries): return FieldMap(field: self, entries: entries)
        // Some languages write an empty map as an empty list in JSON.
        case .list([]): return FieldMap(field: self, entries: [])
        default:
            refuseShape("a map")
            return nil
        }
    }
}

extension DefinitionField {
    /// What `key` says in a map that has been read already: to refuse it for what stands elsewhere.
    func value(of key: String) -> DefinitionField? {
        var map = map()
        return map?.take(key)
    }
}

/// A map of a definition file, asked for its keys one by one.
package struct FieldMap {
    let field: DefinitionField
    private let entries: [DefinitionNode.Entry]
    private var asked: [String] = []

    init(field: DefinitionField, entries: [DefinitionNode.Entry]) {
        self.field = field
        self.entries = entries
    }

    /// The value of `key`; nil when it is absent, or written and left empty.
    package mutating func take(_ key: String) -> DefinitionField? {
        asked.append(key)
        guard let entry = entries.first(where: { $0.key == key }), !entry.value.isNull else {
            return nil
        }
        return value(of: entry)
    }

    /// The value of `key`, which must be there because of `reason`.
    package mutating func require(_ key: String, _ reason: String) -> DefinitionField? {
        let value = take(key)
        if value == nil { field.refuse("`\(key)` is missing: \(reason).") }
        return value
    }

    /// Whether `key` says anything, be it right or wrong.
    func has(_ key: String) -> Bool {
        entries.contains { $0.key == key && !$0.value.isNull && !value(of: $0).isEmpty }
    }

    /// Every key and value, for maps whose keys are the author's own.
    func all() -> [(key: String, value: DefinitionField)] {
        entries.filter { !$0.value.isNull }.map { ($0.key, value(of: $0)) }
    }

    /// A key that has no value here, as a field, so that the key itself can be refused.
    func keyField(_ key: String) -> DefinitionField {
        let position = entries.first { $0.key == key }?.position ?? field.node.position
        return DefinitionField(
            node: .null(at: position), path: field.path.appendingKey(key), scope: field.scope)
    }

    /// Refuses the keys that were not asked for. `moved` says where keys that are known elsewhere, or
    /// by other names in other systems, have their place; it is only asked for when there is one.
    package func refuseUnknownKeys(moved: @autoclosure () -> [String: String] = [:]) {
        for entry in entries where !asked.contains(entry.key) {
            let hint =
                moved()[entry.key].map { " Here that is `\($0)`." }
                ?? suggestion(for: entry.key, among: asked)
            keyField(entry.key).refuse("There is no field `\(entry.key.shortened)` here.\(hint)")
        }
    }

    private func value(of entry: DefinitionNode.Entry) -> DefinitionField {
        DefinitionField(
            node: entry.value, path: field.path.appendingKey(entry.key), scope: field.scope)
    }
}

/// A decimal integer without a superfluous zero or sign; nil for anything else, and beyond 64 bits.
func wholeNumber(_ text: some StringProtocol) -> Int64? {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard digits.isDigits, digits == "0" || !digits.hasPrefix("0")
    else { return nil }
    return Int64(text)
}

extension StringProtocol {
    /// Whether it is one or more ASCII digits.
    var isDigits: Bool { !isEmpty && utf8.allSatisfy { (0x30...0x39).contains($0) } }
}

extension String {
    /// Without the white space and zero-width characters around it.
    package var trimmed: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.isBlank }),
            let last = scalars.lastIndex(where: { !$0.isBlank })
        else { return "" }
        // Sliced by scalars: as characters, a trailing joiner would stick to the last letter.
        return String(Substring(scalars[first...last]))
    }
}

extension Unicode.Scalar {
    /// White space, or a character of no width: zero-width space, joiners, word joiner, BOM.
    fileprivate var isBlank: Bool {
        switch value {
        case 0x200B...0x200D, 0x2060, 0xFEFF: true
        default: properties.isWhitespace
        }
    }
}
