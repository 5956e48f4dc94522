// YAML through libyaml, event by event: the tree is made here, with the position of everything in it. A
// key is a text, so a list, a map or an alias in its place is refused as it is met, before anything of
// it is read. Aliases work as values, within a limit: a few hundred bytes of aliases of aliases would
// otherwise stand for more nodes than any memory holds.
//
// Tags written by the author are ignored (`!!str 007` is the text 007 without one, too), and merge keys
// (`<<`) are unknown keys like any other.

/// Reads a YAML text into a tree.
struct YAMLSyntax: ~Copyable {
    /// What can be repeated by an alias, and how many nodes it is.
    private struct Anchored {
        var node: DefinitionNode
        var nodeCount: Int
    }

    private var events: YAMLEvents
    private var duplicates: [DuplicateKey] = []
    private var anchors: [String: Anchored] = [:]
    private var nodeCount = 0
    private let nodeCountMax: Int
    private let deadline: LoadingDeadline?

    /// Reads `text`, which is one YAML document. Nil when it has no content.
    static func tree(
        of text: String, until deadline: LoadingDeadline? = nil
    ) throws(SyntaxFault) -> DefinitionTree? {
        var reader = YAMLSyntax(text, deadline)
        return try reader.tree()
    }

    private init(_ text: String, _ deadline: LoadingDeadline?) {
        events = YAMLEvents(text)
        // Without aliases every node takes at least one byte.
        nodeCountMax = 10 * text.utf8.count + 1_000
        self.deadline = deadline
    }

    private mutating func tree() throws(SyntaxFault) -> DefinitionTree? {
        guard case .documentStart = try events.next().kind else { return nil }
        let root = try node(events.next(), path: "", depth: 0)
        _ = try events.next()
        let rest = try events.next()
        guard case .streamEnd = rest.kind else {
            throw SyntaxFault(
                at: rest.position,
                message: "A file is one YAML document; here another document begins.")
        }
        return root.isNull ? nil : DefinitionTree(root: root, duplicates: duplicates)
    }

    private mutating func count(_ nodes: Int, at position: SourcePosition) throws(SyntaxFault) {
        nodeCount += nodes
        if nodeCount > nodeCountMax {
            throw SyntaxFault(
                at: position, message: "Aliases (*name) expand this file to many times its size.")
        }
        // The clock is asked now and then. The fault itself is not reported: the deadline's is.
        if nodeCount % 256 < nodes, let deadline, deadline.isOver {
            throw SyntaxFault(at: position, message: "The time for reading is over.")
        }
    }

    /// The node that begins with `event`.
    private mutating func node(
        _ event: YAMLEvent, path: String, depth: Int
    ) throws(SyntaxFault) -> DefinitionNode {
        let position = event.position
        guard depth <= nestingDepthMax else {
            throw SyntaxFault(at: position, message: "Lists and maps are nested too deep.")
        }
        let countBefore = nodeCount
        try count(1, at: position)
        let content: DefinitionNode.Content
        switch event.kind {
        case .alias(let name):
            guard let anchored = anchors[name] else {
                throw SyntaxFault(
                    at: position,
                    message:
                        "`*\(name.shortened)` is an undefined alias: no `&\(name.shortened)` stands before it."
                )
            }
            try count(anchored.nodeCount - 1, at: position)
            return anchored.node
        case .scalar(let text, let isPlain):
            content = .scalar(text, Self.notation(of: text, isPlain: isPlain))
        case .listStart: content = .list(try elements(path: path, depth: depth))
        case .mapStart: content = .map(try entries(path: path, depth: depth))
        case .documentStart, .documentEnd, .streamEnd, .listEnd, .mapEnd:
            preconditionFailure("libyaml begins a node where one is expected")
        }
        let node = DefinitionNode(content: content, position: position)
        if let anchor = event.anchor {
            anchors[anchor] = Anchored(node: node, nodeCount: nodeCount - countBefore)
        }
        return node
    }

    private mutating func elements(
        path: String, depth: Int
    ) throws(SyntaxFault) -> [DefinitionNode] {
        var elements: [DefinitionNode] = []
        while true {
            let event = try events.next()
            if case .listEnd = event.kind { return elements }
            let path = path.appendingIndex(elements.count)
            elements.append(try node(event, path: path, depth: depth + 1))
        }
    }

    private mutating func entries(
        path: String, depth: Int
    ) throws(SyntaxFault) -> [DefinitionNode.Entry] {
        var entries: [DefinitionNode.Entry] = []
        var linesByKey: [String: Int] = [:]
        while true {
            let event = try events.next()
            let key: String
            switch event.kind {
            case .mapEnd: return entries
            case .scalar(let text, _): key = text
            case .alias:
                throw SyntaxFault(
                    at: event.position, message: "A key must be a text, not an alias (*name).")
            default: throw SyntaxFault(at: event.position, message: "A key must be a text.")
            }
            try count(1, at: event.position)
            if let anchor = event.anchor {
                let node = DefinitionNode(
                    content: .scalar(key, .quoted), position: event.position)
                anchors[anchor] = Anchored(node: node, nodeCount: 1)
            }
            let value = try node(
                events.next(), path: path.appendingKey(key), depth: depth + 1)
            if let firstLine = linesByKey[key] {
                duplicates.append(
                    DuplicateKey(
                        path: path, key: key, position: event.position, firstLine: firstLine))
            } else {
                linesByKey[key] = event.position.line
                entries.append(.init(key: key, position: event.position, value: value))
            }
        }
    }

    private static func notation(of text: String, isPlain: Bool) -> DefinitionNode.Notation {
        guard isPlain else { return .quoted }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        default: return .plain
        }
    }
}
