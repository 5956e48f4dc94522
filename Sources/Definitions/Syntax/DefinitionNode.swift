// A definition file as a tree of texts, lists and maps, the same for YAML and JSON. Scalars stay
// exactly as they were written (a code may be NO, 007, 1e5 or 09:00): what a text means is decided
// by the field that reads it, never by the syntax around it.

/// Where something begins in a text.
struct SourcePosition: Hashable, Sendable {
    /// 1-based; 0 when the text as a whole is meant.
    var line: Int
    /// In characters, 1-based; 0 when it is not known.
    var column: Int

    /// Moves behind a byte of UTF-8.
    mutating func advance(over byte: UInt8) {
        if byte == UInt8(ascii: "\n") {
            line += 1
            column = 1
        } else if byte & 0xC0 != 0x80 {
            // Every byte of a character but the first continues it.
            column += 1
        }
    }
}

/// A value of a definition file and where it begins.
struct DefinitionNode: Equatable {
    indirect enum Content: Equatable {
        case scalar(String, Notation)
        case list([DefinitionNode])
        case map([Entry])
    }

    /// How a scalar was written, which limits what it may be read as.
    enum Notation: Equatable {
        /// Quoted, or a YAML block: only ever a text.
        case quoted
        /// YAML without quotes: the field decides what it is.
        case plain
        /// A number of JSON.
        case number
        /// `true` or `false` of JSON.
        case boolean
        /// `null` of JSON, and in YAML `null`, `~` or nothing at all.
        case null
    }

    struct Entry: Equatable {
        var key: String
        /// Of the key.
        var position: SourcePosition
        var value: DefinitionNode
    }

    var content: Content
    var position: SourcePosition

    var line: Int { position.line }

    static func null(at position: SourcePosition) -> DefinitionNode {
        DefinitionNode(content: .scalar("null", .null), position: position)
    }

    var isNull: Bool {
        if case .scalar(_, .null) = content { true } else { false }
    }

    /// What stands here, for a message: `a list`, `the text "abc"`.
    var described: String {
        switch content {
        case .list: "a list"
        case .map: "a map"
        case .scalar(let text, .quoted): "the text \"\(text.shortened)\""
        case .scalar(_, .null): "nothing"
        case .scalar(let text, .plain), .scalar(let text, .number), .scalar(let text, .boolean):
            "`\(text.shortened)`"
        }
    }
}

extension String {
    /// At most forty characters of it, so that a message stays a line.
    package var shortened: String {
        count <= 40 ? self : prefix(39) + "…"
    }
}

/// Why a file could not be read as a tree at all.
struct SyntaxFault: Error, Equatable {
    var position: SourcePosition
    var message: String

    init(at position: SourcePosition, message: String) {
        self.position = position
        self.message = message
    }
}

/// A key that appears twice in one map.
struct DuplicateKey: Equatable {
    /// The path of the map, such as `coupons[3].discount`; empty at the top.
    var path: String
    var key: String
    var position: SourcePosition
    var firstLine: Int
}

/// What reading the syntax of a file gave: a tree, and the keys in it that stand twice. The tree
/// keeps the first of them, so that the rest of the file can still be checked.
struct DefinitionTree: Equatable {
    var root: DefinitionNode
    var duplicates: [DuplicateKey] = []
}

/// How deep lists and maps may nest. The grammar needs eight levels; a limit keeps a file of
/// brackets from exhausting the stack.
let nestingDepthMax = 64
