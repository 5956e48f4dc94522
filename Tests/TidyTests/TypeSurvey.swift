// The types of a set of sources, each with all that belongs to it: its declaration, and its extensions
// in all files and targets. Types inside another type count for the outermost one.

/// A type at the top level of a file, and the parts that it has in all files.
struct SurveyedType {
    /// Where a part of it stands.
    struct Part {
        var source: SwiftSource
        /// Its place among the declarations of the source.
        var place: Int

        var declaration: SwiftDeclaration { source.declarations[place] }

        /// What is declared directly in it.
        var members: [SwiftDeclaration] { source.declarations.filter { $0.parent == place } }
    }

    var target: String
    var name: String
    /// The first one is the declaration.
    var parts: [Part]

    var isPrivate: Bool { parts[0].declaration.isPrivate }
    var lineCount: Int { parts.map(\.declaration.lineCount).reduce(0, +) }
    var path: String { parts[0].source.path }

    /// All types of `sources`. Extensions of types that they do not declare are left out.
    static func survey(_ sources: [SwiftSource]) -> [SurveyedType] {
        var types: [SurveyedType] = []
        var extensions: [Part] = []
        for source in sources {
            for (place, declaration) in source.declarations.enumerated() {
                guard declaration.parent == nil else { continue }
                let part = Part(source: source, place: place)
                if declaration.isType {
                    types.append(
                        SurveyedType(target: source.target, name: declaration.name, parts: [part]))
                } else if declaration.keyword == "extension" {
                    extensions.append(part)
                }
            }
        }
        let placesByName = Dictionary(grouping: types.indices) { types[$0].name }
        for part in extensions {
            guard let places = placesByName[part.declaration.name] else { continue }
            // One file, one target, any target: the nearest type of that name is meant.
            let nearest =
                places.first { types[$0].path == part.source.path }
                ?? places.first {
                    types[$0].target == part.source.target && !types[$0].isPrivate
                } ?? places.first { !types[$0].isPrivate }
            if let nearest { types[nearest].parts.append(part) }
        }
        return types
    }

    /// The files that have methods which may change its state: of a class or an actor all methods.
    private var filesThatChangeIt: Set<String> {
        let isValue = parts[0].declaration.keyword == "struct"
        var files: Set<String> = []
        for part in parts where part.source.target == target {
            let changes = part.members.contains { member in
                member.keyword == "func" && !member.modifiers.contains("static")
                    && (!isValue || member.modifiers.contains("mutating"))
            }
            if changes { files.insert(part.source.path) }
        }
        return files
    }

    /// Names of the stored properties that any code may set, where methods of more than one file
    /// change the state. A value that only carries facts has no such methods, so it is left alone.
    var openProperties: [String] {
        guard ["struct", "class", "actor"].contains(parts[0].declaration.keyword),
            filesThatChangeIt.count > 1
        else { return [] }
        let source = parts[0].source
        if Self.givesReason(source.comment(above: parts[0].declaration.firstLine)) { return [] }
        return parts[0].members.filter { member in
            member.keyword == "var" && member.isStored && !member.isPrivate
                && !member.modifiers.contains("static")
                // The language does not let these be private.
                && !member.modifiers.contains("@usableFromInline")
                && !Self.givesReason(source.comment(above: member.firstLine))
        }.map(\.name)
    }

    /// A comment gives the reason for an open property with the words "not private".
    private static func givesReason(_ comment: String) -> Bool {
        comment.lowercased().contains("not private")
    }
}
