import Testing

/// A comment for documentation, and what stands below it.
private struct DocumentationComment {
    /// From 0.
    var lines: Range<Int>
    var source: SwiftSource

    /// All of a source, in order.
    static func all(in source: SwiftSource) -> [DocumentationComment] {
        var comments: [DocumentationComment] = []
        for (number, line) in source.lines.enumerated() where isDocumentation(line) {
            if let last = comments.last, last.lines.upperBound == number {
                comments[comments.count - 1].lines = last.lines.lowerBound..<(number + 1)
            } else {
                comments.append(DocumentationComment(lines: number..<(number + 1), source: source))
            }
        }
        return comments
    }

    private static func isDocumentation(_ line: Substring) -> Bool {
        line.drop { $0 == " " }.hasPrefix("///")
    }

    /// The declaration below, with nothing but attributes between it and the comment.
    var declaration: SwiftDeclaration? {
        guard
            let declaration = source.declarations.first(where: {
                $0.firstLine >= lines.upperBound
            })
        else { return nil }
        let between = source.lines[lines.upperBound..<declaration.firstLine]
        guard let first = between.first else { return declaration }
        let isAttribute = first.drop { $0 == " " }.hasPrefix("@")
        return isAttribute && between.allSatisfy { !$0.isEmpty } ? declaration : nil
    }

    /// Names in double backticks that `identifiers` lacks.
    func brokenLinks(_ identifiers: Set<Substring>) -> [String] {
        var broken: [String] = []
        for line in source.lines[lines] {
            for match in line.matches(of: /``([^`]+)``/) {
                for part in match.output.1.split(separator: "/") {
                    // Argument labels, and the type that selects an overload, are left out.
                    let name = part.prefix { $0 != "(" && $0 != "-" }
                    if !identifiers.contains(name) { broken.append(String(name)) }
                }
            }
        }
        return broken
    }

    /// Parameters that it describes and the declaration lacks.
    var unknownParameters: [String] {
        let described = source.lines[lines].compactMap { line in
            (line.firstMatch(of: /\/\/\/ +- Parameter (\w+):/)
                ?? line.firstMatch(of: /\/\/\/   - (\w+):/))?.output.1
        }
        let parameters = declaration?.parameters ?? []
        return described.map(String.init).filter { !parameters.contains($0) }
    }
}

@Suite struct `A comment for documentation` {
    private static func faults(
        in source: SwiftSource, _ identifiers: Set<Substring> = SwiftSource.identifiers
    ) -> [String] {
        DocumentationComment.all(in: source).flatMap { comment in
            let place = "\(source.path):\(comment.lines.lowerBound + 1)"
            var faults = comment.brokenLinks(identifiers).map { "\(place): no \($0) in Sources" }
            if comment.declaration == nil {
                faults.append("\(place): no declaration below it")
            } else {
                faults += comment.unknownParameters.map { "\(place): no parameter \($0)" }
            }
            return faults
        }
    }

    @Test func `stands above its declaration, and names what exists`() {
        #expect(SwiftSource.all.flatMap { Self.faults(in: $0) } == [])
    }

    @Test(arguments: [
        "/// A gap.\n\nfunc a() {}\n", "/// A second comment.\n// follows\nfunc a() {}\n",
        "func a() {\n    /// Nothing follows.\n}\n", "/// The end.\n", "/// Calls.\na()\n",
        "/// See ``Gone/all``.\nfunc a() {}\n",
        "/// Reads.\n/// - Parameter b: it.\nfunc a(c: Int) {}\n",
        "/// Reads.\n/// - Parameters:\n///   - c: one.\n///   - b: it.\nfunc a(c: Int) {}\n",
    ])
    func `would be noticed`(text: String) {
        let source = SwiftSource(text, path: "Sources/A/A.swift")
        #expect(Self.faults(in: source, ["all", "a"]).count == 1)
    }

    @Test func `may have attributes below it, and link to members`() {
        let text = """
            /// See ``A/run(_:)-(Int)``.
            /// - Parameter c: it.
            @discardableResult
            @inlinable public func a(b c: Int) {}
            """
        let source = SwiftSource(text, path: "Sources/A/A.swift")
        #expect(Self.faults(in: source, ["A", "run"]) == [])
    }
}
