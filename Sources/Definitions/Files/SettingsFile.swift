// The daemon's own settings are read with the reader of definition files: the same syntax, the same
// faults, the same "did you mean".

/// Reads a file of settings, one YAML map, by asking it for its keys: `read` takes each that it
/// knows, the others are refused. `path` is as the operator named it, for the faults and for the
/// paths that the file names.
///
/// Returns everything that is wrong with the file, by line; empty when nothing is.
package func readSettings(
    text: String, path: String, _ read: (inout FieldMap) -> Void
) -> [DefinitionFault] {
    let scope = FileScope(path: path)
    do throws(SyntaxFault) {
        guard let tree = try YAMLSyntax.tree(of: text) else { return [] }
        for twin in tree.duplicates {
            scope.refuse(
                at: twin.position, field: twin.path.appendingKey(twin.key),
                "`\(twin.key.shortened)` is repeated: it is already on line \(twin.firstLine).")
        }
        if var map = DefinitionField(node: tree.root, path: "", scope: scope).map() {
            read(&map)
            map.refuseUnknownKeys()
        }
    } catch {
        scope.refuse(at: error.position, field: "", error.message)
    }
    return scope.faultsByLine
}

extension DefinitionField {
    /// A path, seen from the folder of the file that names it.
    package func filePath() -> String? { name().map(scope.resolve) }

    /// Whether a list stands here and has nothing in it.
    package var isEmptyList: Bool { node.content == .list([]) }
}
