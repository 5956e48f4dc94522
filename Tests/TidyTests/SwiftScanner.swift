/// Finds declarations in code whose comments and literals are blanked out.
struct SwiftScanner {
    /// What a pair of braces belongs to.
    private struct Scope {
        /// Nil for a closure or a statement.
        var declaration: Int?
        /// Whether members are declared in it, rather than statements run.
        var hasMembers: Bool
        var bracketDepthOutside: Int
    }

    private enum Token: Equatable {
        case word(String)
        case mark(Character)
    }

    private let code: [UInt8]
    private var index = 0
    private var line = 0
    private var declarations: [SwiftDeclaration] = []
    private var scopes: [Scope] = []
    private var bracketDepth = 0
    /// The declaration whose braces may still come.
    private var open: Int?
    /// Whether the parameters of `open` are being read, and the words since the last comma.
    private var readsParameters = false
    private var parameterWords: [String] = []
    private var lineStart = 0

    init(code: [UInt8]) { self.code = code }

    /// All declarations, in the order of their keywords.
    mutating func scan() -> [SwiftDeclaration] {
        var previous = Token.mark("\n")
        while let token = next() {
            switch token {
            case .word(let word): read(word, after: previous)
            case .mark(let mark): read(mark)
            }
            previous = token
        }
        return declarations
    }

    private var hasMembers: Bool { scopes.last?.hasMembers ?? true }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    /// The next word, name in backticks, or mark.
    private mutating func next() -> Token? {
        while index < code.count {
            let byte = code[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                lineStart = index + 1
            }
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") {
                index += 1
                continue
            }
            let start = index
            if byte == UInt8(ascii: "`") {
                index += 1
                while index < code.count, code[index] != UInt8(ascii: "`") { index += 1 }
                index += 1
                return .word(String(decoding: code[(start + 1)..<(index - 1)], as: UTF8.self))
            }
            guard Self.isWordByte(byte) else {
                index += 1
                return .mark(Character(Unicode.Scalar(byte)))
            }
            while index < code.count, Self.isWordByte(code[index]) { index += 1 }
            return .word(String(decoding: code[start..<index], as: UTF8.self))
        }
        return nil
    }

    private mutating func read(_ word: String, after previous: Token) {
        if let declaration = scopes.last?.declaration, declarations[declaration].firstWord == nil {
            declarations[declaration].firstWord = word
        }
        if readsParameters, bracketDepth == 1 { parameterWords.append(word) }
        guard bracketDepth == 0, previous != .mark("."), !isQuoted(before: index) else { return }
        let isType = SwiftDeclaration.typeKeywords.contains(word) || word == "extension"
        let isMember = hasMembers && Self.memberKeywords.contains(word)
        guard isType || isMember || word == "func" else { return }
        if previous == .word("import") { return }
        begin(word, modifiersEnd: index - word.utf8.count)
    }

    private static let memberKeywords: Set<String> = [
        "func", "init", "deinit", "subscript", "var", "let", "case", "typealias", "associatedtype",
    ]

    private func isQuoted(before end: Int) -> Bool { code[end - 1] == UInt8(ascii: "`") }

    private mutating func begin(_ keyword: String, modifiersEnd: Int) {
        let modifiers = String(decoding: code[lineStart..<modifiersEnd], as: UTF8.self)
        let firstLine = line
        var name = keyword
        if keyword != "init" && keyword != "deinit" && keyword != "subscript" {
            let place = (index, line, lineStart)
            switch next() {
            case .word(let word):
                // `class` is a modifier here.
                if keyword == "class", Self.memberKeywords.contains(word) {
                    (index, line, lineStart) = place
                    return
                }
                name = word
            default: (index, line, lineStart) = place
            }
        }
        declarations.append(
            SwiftDeclaration(
                keyword: keyword, name: name, modifiers: modifiers, firstLine: firstLine,
                lastLine: firstLine, parent: scopes.last { $0.declaration != nil }?.declaration))
        open = declarations.count - 1
        parameterWords = []
        readsParameters = false
    }

    private mutating func read(_ mark: Character) {
        switch mark {
        case "(", "[":
            if let open, bracketDepth == 0, mark == "(", declarations[open].isFunction,
                declarations[open].parameters.isEmpty
            {
                readsParameters = true
                parameterWords = []
            }
            bracketDepth += 1
        case ")", "]":
            bracketDepth -= 1
            if bracketDepth == 0 { endParameter(isLast: true) }
        case ",": if bracketDepth == 1 { endParameter(isLast: false) }
        case ":":
            if bracketDepth == 1, readsParameters, let open {
                declarations[open].parameters += parameterWords
                readsParameters = false
            }
        case "=": if bracketDepth == 0, let open { declarations[open].hasInitialValue = true }
        case "{": openBrace()
        case "}": closeBrace()
        default: break
        }
    }

    private mutating func endParameter(isLast: Bool) {
        parameterWords = []
        guard let open, declarations[open].isFunction else { return }
        readsParameters = !isLast
    }

    private mutating func openBrace() {
        let declaration = bracketDepth == 0 ? open : nil
        let keyword = declaration.map { declarations[$0].keyword }
        scopes.append(
            Scope(
                declaration: declaration,
                hasMembers: keyword == "extension"
                    || keyword.map(SwiftDeclaration.typeKeywords.contains) ?? false,
                bracketDepthOutside: bracketDepth))
        bracketDepth = 0
        if declaration != nil { open = nil }
    }

    private mutating func closeBrace() {
        guard let scope = scopes.popLast() else { return }
        bracketDepth = scope.bracketDepthOutside
        if let declaration = scope.declaration { declarations[declaration].lastLine = line }
        if bracketDepth == 0 { open = nil }
    }
}
