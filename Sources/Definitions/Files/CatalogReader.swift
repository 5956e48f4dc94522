// From paths to checked definitions. A file whose syntax is broken has that one fault; every
// other file is read to its end, and all its faults are reported together, by line.

import CouponRules
import Foundation

/// Reads definition files.
package enum CatalogReader {
    package enum Format: Sendable {
        case yaml, json
    }

    /// Reads every file of `paths`. A folder stands for its `*.yaml`, `*.yml` and `*.json`, by name,
    /// without hidden ones and without the folders in it.
    ///
    /// Where there are faults the files hold what could be read of them: enough to look for clashes
    /// at the same time, not enough to serve. Faults are in the order of the files.
    /// `recorder` notes every folder and file.
    package static func read(
        paths: [String], recorder: SourceRecorder? = nil
    ) -> (files: [CatalogFile], faults: [DefinitionFault]) {
        var files: [CatalogFile] = []
        var faults: [DefinitionFault] = []
        // By where a path leads: the name by which it was given first.
        var given: [String: String] = [:]
        for path in paths where recorder?.isOverdue != true {
            do throws(DefinitionFault) {
                if let fault = note(path, in: &given) { throw fault }
                for file in try definitionFiles(at: path, recorder)
                where recorder?.isOverdue != true {
                    if file.path != path, let fault = note(file.path, in: &given) {
                        faults.append(fault)
                        continue
                    }
                    let (read, found) = readFile(at: file.path, format: file.format, recorder)
                    if let read { files.append(read) }
                    faults += found
                }
            } catch {
                faults.append(error)
            }
        }
        return (files, faults)
    }

    /// Notes where `path` leads, or returns a fault if another path led there before: a file
    /// that is read twice would clash with itself at every name.
    private static func note(_ path: String, in given: inout [String: String]) -> DefinitionFault? {
        guard let first = given.updateValue(path, forKey: path.resolved) else { return nil }
        return unreadable(
            path,
            first == path
                ? "It is given twice."
                : "It is given twice: \(first) leads to the same file or folder.")
    }

    /// Reads one definition file's text. `path` is the name it has in faults, and the folder that
    /// its codes files are sought in. The file is nil when it is not a map.
    package static func read(
        text: String, path: String, format: Format, recorder: SourceRecorder? = nil
    ) -> (file: CatalogFile?, faults: [DefinitionFault]) {
        let scope = FileScope(path: path)
        do throws(SyntaxFault) {
            noteEnd(of: text, scope, recorder)
            // Neither syntax has a byte-order mark.
            let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
            let tree: DefinitionTree? =
                switch format {
                case .json: try JSONSyntax.tree(of: text)
                case .yaml: try YAMLSyntax.tree(of: text, until: recorder?.rules.deadline)
                }
            guard let tree else {
                if recorder?.rules.acceptsEmpty == true { return (CatalogFile(path: path), []) }
                scope.refuseFile("The file is empty; write `coupons: []` to define nothing.")
                return (nil, scope.faultsByLine)
            }
            for duplicate in tree.duplicates {
                scope.refuse(
                    at: duplicate.position, field: duplicate.path.appendingKey(duplicate.key),
                    "The key `\(duplicate.key.shortened)` is already on line \(duplicate.firstLine)."
                )
            }
            let root = DefinitionField(node: tree.root, path: "", scope: scope)
            let file = CatalogFile(root, acceptsEmpty: recorder?.rules.acceptsEmpty ?? false)
            return (file, scope.faultsByLine)
        } catch {
            scope.refuse(at: error.position, field: "", error.message)
            return (nil, scope.faultsByLine)
        }
    }

    /// Warns of a file whose last line has no end: it may have been cut there.
    private static func noteEnd(of text: String, _ scope: FileScope, _ recorder: SourceRecorder?) {
        guard let recorder, let last = text.utf8.last, last != UInt8(ascii: "\n") else { return }
        var end = SourcePosition(line: 1, column: 1)
        for byte in text.utf8 { end.advance(over: byte) }
        recorder.noteMissingLineEnd(
            of: scope.path, at: scope.place(end),
            "The last line has no line end: the file may have been cut off here.")
    }

    private static func readFile(
        at path: String, format: Format, _ recorder: SourceRecorder?
    ) -> (file: CatalogFile?, faults: [DefinitionFault]) {
        recorder?.noteFile(path)
        do {
            try UnreadableFile.check(path)
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            var hash = ContentHash()
            hash.addAll(data.span)
            recorder?.noteContent(of: path, hash)
            if let why = foreignEncoding(ofTextBeginningWith: data) {
                return (nil, [unreadable(path, why)])
            }
            guard let text = String(validating: data, as: UTF8.self) else {
                return (nil, [unreadable(path, "It is not UTF-8.")])
            }
            return read(text: text, path: path, format: format, recorder: recorder)
        } catch let why as UnreadableFile {
            return (nil, [unreadable(path, why.explanation)])
        } catch {
            return (nil, [unreadable(path, UnreadableFile.failing.explanation)])
        }
    }

    /// The files that `path` stands for.
    private static func definitionFiles(
        at path: String, _ recorder: SourceRecorder?
    ) throws(DefinitionFault) -> [(path: String, format: Format)] {
        // Attributes are those of a symbolic link itself; what counts is where it leads.
        let target = path.resolved
        let type: FileAttributeType?
        do {
            type =
                try FileManager.default.attributesOfItem(atPath: target)[.type]
                as? FileAttributeType
        } catch {
            throw unreadable(path, "The file or folder does not exist or cannot be reached.")
        }
        if type == .typeDirectory {
            return try definitionFiles(inFolder: path, recorder)
        }
        guard type == .typeRegular else {
            throw unreadable(path, "It is neither a file nor a folder.")
        }
        guard let format = format(ofFileNamed: path) else {
            throw unreadable(path, "Its name must end in .yaml, .yml or .json.")
        }
        return [(path, format)]
    }

    private static func definitionFiles(
        inFolder path: String, _ recorder: SourceRecorder?
    ) throws(DefinitionFault) -> [(path: String, format: Format)] {
        guard let names = definitionNames(inFolder: path) else {
            throw unreadable(path, "This program does not have permission to read the folder.")
        }
        recorder?.noteFolder(path, names: names)
        if names.isEmpty && recorder?.rules.acceptsEmpty != true {
            throw unreadable(
                path,
                "The folder has no definition files (.yaml, .yml or .json): is a disk not mounted? "
                    + "To define nothing on purpose, put a file with `coupons: []` there.")
        }
        let folder = path.hasSuffix("/") ? path : path + "/"
        return names.compactMap { name in
            format(ofFileNamed: name).map { (folder + name, $0) }
        }
    }

    /// The names in the folder at `path` that definition files have, sorted; nil when it cannot be
    /// listed.
    static func definitionNames(inFolder path: String) -> [String]? {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { !$0.hasPrefix(".") && format(ofFileNamed: $0) != nil }.sorted()
        } catch {
            return nil
        }
    }

    private static func format(ofFileNamed name: String) -> Format? {
        switch name.split(separator: ".").last {
        case "yaml", "yml": .yaml
        case "json": .json
        default: nil
        }
    }

    private static func unreadable(_ path: String, _ message: String) -> DefinitionFault {
        DefinitionFault(place: SourcePlace(file: path, line: 0), field: "", message: message)
    }
}

extension CatalogFile {
    /// The top of a file: what holds for all of it, its coupons and its gift cards.
    fileprivate init?(_ field: DefinitionField, acceptsEmpty: Bool) {
        let scope = field.scope
        guard case .map = field.node.content, var map = field.map() else {
            field.refuse(
                "Found \(field.node.described) where a map is expected, with `coupons` or `gift_cards` in it."
            )
            return nil
        }
        self.init(path: scope.path)
        store = map.take("store")?.name() ?? store
        codeScope = map.take("code_scope")?.choice(of: CodeScope.self) ?? codeScope

        // These are read before the coupons, whose defaults they are, wherever they stand.
        scope.timezone = map.take("timezone")?.timezone() ?? scope.timezone
        scope.currency = map.take("currency")?.currency()
        scope.isCaseSensitive = map.take("case_sensitive")?.flag() ?? false
        timezone = scope.timezone

        let (couponList, cardList) = (map.take("coupons"), map.take("gift_cards"))
        coupons = couponList?.list().compactMap { CouponDefinition($0) } ?? []
        giftCards = cardList?.list().compactMap { GiftCardDefinition($0) } ?? []
        map.refuseUnknownKeys()
        // What a file that was cut behind its head looks like.
        if couponList == nil && cardList == nil && !acceptsEmpty && !scope.hasFaults {
            field.refuse(
                "The file has neither `coupons` nor `gift_cards`: was it cut off? Write "
                    + "`coupons: []` to define nothing.")
        }
    }
}
