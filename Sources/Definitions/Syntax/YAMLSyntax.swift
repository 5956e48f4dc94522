// YAML through libyaml, as Yams hands it over: a tree of nodes with their marks.
//
// Yams gives up at the first map in which a key stands twice, and reports one of the two places. An
// author wants all of a file's faults at once, so the key that Yams points at gets a tag of ours and
// the text is composed again: tagged, it no longer equals its twin, and this file finds the pair
// itself, with both lines. The tag goes in front of the key on its line, so no line number moves.
//
// Tags written by the author are ignored (`!!str 007` is the text 007 without one, too). Anchors and
// aliases work; merge keys (`<<`) are unknown keys like any other.

import Yams

/// Reads a YAML text into a tree.
struct YAMLSyntax {
    /// How many duplicate keys are reported before reading gives up: each costs one more pass.
    private static let duplicatesMax = 50

    private var duplicates: [DuplicateKey] = []
    private var nodesLeft: Int

    /// Reads `text`, which is one YAML document. Nil when it has no content.
    static func tree(of text: String) throws(SyntaxFault) -> DefinitionTree? {
        guard let root = try compose(text) else { return nil }
        // Without aliases every node takes at least one byte. What has many more nodes than bytes
        // is an alias of an alias of an alias, and would fill the memory.
        var reader = YAMLSyntax(nodesLeft: 10 * text.utf8.count + 1_000)
        let tree = try reader.convert(root, path: "", depth: 0)
        if tree.isNull { return nil }
        return DefinitionTree(root: tree, duplicates: reader.duplicates)
    }

    private init(nodesLeft: Int) { self.nodesLeft = nodesLeft }

    private static func compose(_ text: String) throws(SyntaxFault) -> Node? {
        var text = text
        for attempt in 0...duplicatesMax {
            do {
                // The basic resolver has no rules: keys are equal when their texts are.
                return try Yams.compose(yaml: text, .basic)
            } catch let YamlError.duplicatedKeysInMapping(keys, context) {
                guard attempt < duplicatesMax,
                    let tagged = text.tagged("!duplicate\(attempt)", at: context.mark)
                else { throw duplicateFault(keys, at: context.mark) }
                text = tagged
            } catch let error as YamlError {
                throw SyntaxFault(error, in: text)
            } catch {
                throw SyntaxFault(line: 0, message: "This is not YAML: \(error).")
            }
        }
        preconditionFailure("the last attempt returns or throws")
    }

    private static func duplicateFault(_ keys: [String], at mark: Mark) -> SyntaxFault {
        let names = keys.map { "`\($0.shortened)`" }.joined(separator: ", ")
        return SyntaxFault(line: mark.line, message: "The key \(names) appears twice in one map.")
    }

    private mutating func convert(
        _ node: Node, path: String, depth: Int
    ) throws(SyntaxFault) -> DefinitionNode {
        let line = node.mark?.line ?? 0
        nodesLeft -= 1
        guard nodesLeft >= 0 else {
            throw SyntaxFault(
                line: line, message: "Aliases (*name) expand this file to many times its size.")
        }
        guard depth <= nestingDepthMax else {
            throw SyntaxFault(line: line, message: "Lists and maps are nested too deep.")
        }
        switch node {
        case .scalar(let scalar):
            return DefinitionNode(
                content: .scalar(scalar.string, Self.notation(of: scalar)), line: line)
        case .sequence(let sequence):
            var elements: [DefinitionNode] = []
            elements.reserveCapacity(sequence.count)
            for element in sequence {
                let path = path.appendingIndex(elements.count)
                elements.append(try convert(element, path: path, depth: depth + 1))
            }
            return DefinitionNode(content: .list(elements), line: line)
        case .mapping(let mapping):
            return try convert(mapping, line: line, path: path, depth: depth)
        case .alias:
            throw SyntaxFault(line: line, message: "An alias (*name) refers to an unknown anchor.")
        }
    }

    private mutating func convert(
        _ mapping: Node.Mapping, line: Int, path: String, depth: Int
    ) throws(SyntaxFault) -> DefinitionNode {
        var entries: [DefinitionNode.Entry] = []
        entries.reserveCapacity(mapping.count)
        var linesByKey: [String: Int] = [:]
        for (keyNode, valueNode) in mapping {
            let keyLine = keyNode.mark?.line ?? line
            guard case .scalar(let scalar) = keyNode else {
                throw SyntaxFault(line: keyLine, message: "A key must be a text.")
            }
            let key = scalar.string
            let value = try convert(valueNode, path: path.appendingKey(key), depth: depth + 1)
            if let firstLine = linesByKey[key] {
                duplicates.append(
                    DuplicateKey(path: path, key: key, line: keyLine, firstLine: firstLine))
            } else {
                linesByKey[key] = keyLine
                entries.append(.init(key: key, keyLine: keyLine, value: value))
            }
        }
        return DefinitionNode(content: .map(entries), line: line)
    }

    private static func notation(of scalar: Node.Scalar) -> DefinitionNode.Notation {
        guard scalar.style == .plain || scalar.style == .any else { return .quoted }
        switch scalar.string {
        case "", "~", "null", "Null", "NULL": return .null
        default: return .plain
        }
    }
}

extension SyntaxFault {
    fileprivate init(_ error: YamlError, in text: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            // libyaml's context says what was being read ("while parsing a block mapping").
            let origin = context.map { " \($0.text) that begins on line \($0.mark.line):" } ?? ""
            self.init(line: mark.line, message: "This is not YAML:\(origin) \(problem).")
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = offset == nil ? 0 : before.count(where: \.isNewline) + 1
            self.init(line: line, message: "This is not YAML: \(problem).")
        default:
            self.init(line: 0, message: "This is not YAML: \(error).")
        }
    }
}

extension String {
    /// This text with `tag` in front of what stands at `mark`; nil when the mark is not in it.
    fileprivate func tagged(_ tag: String, at mark: Mark) -> String? {
        var lineStart = unicodeScalars.startIndex
        for _ in 1..<max(mark.line, 1) {
            guard let end = unicodeScalars[lineStart...].firstIndex(of: "\n") else { return nil }
            lineStart = unicodeScalars.index(after: end)
        }
        guard
            let place = unicodeScalars.index(
                lineStart, offsetBy: mark.column - 1, limitedBy: unicodeScalars.endIndex)
        else { return nil }
        return String(self[..<place]) + tag + " " + String(self[place...])
    }
}
