import Definitions

/// Everything wrong with a set of definitions, in the order of its files; never empty.
package struct CatalogFaults: Error, Hashable, Sendable {
    package var faults: [DefinitionFault]

    /// Faults of reading and of compiling, by file and line. A fault of compiling is left out if
    /// reading found one in the same field. Equal faults are listed once: two coupons may have
    /// their codes from one file.
    init(_ reading: [DefinitionFault], and compiling: [DefinitionFault]) {
        // Compiling knows lines, not always columns.
        struct Spot: Hashable {
            let file: String
            let line: Int
            let field: String

            init(_ fault: DefinitionFault) {
                (file, line, field) = (fault.place.file, fault.place.line, fault.field)
            }
        }
        let known = Set(reading.map { Spot($0) })
        var seen: Set<DefinitionFault> = []
        let all =
            (reading
            + compiling.filter { !known.contains(Spot($0)) })
            .filter { seen.insert($0).inserted }
        var fileOrder: [String: Int] = [:]
        for fault in all where fileOrder[fault.place.file] == nil {
            fileOrder[fault.place.file] = fileOrder.count
        }
        faults = all.enumerated().sorted { left, right in
            let (leftPlace, rightPlace) = (left.element.place, right.element.place)
            let leftKey = (fileOrder[leftPlace.file] ?? 0, leftPlace.line, left.offset)
            return leftKey < (fileOrder[rightPlace.file] ?? 0, rightPlace.line, right.offset)
        }.map(\.element)
    }
}

/// The faults found so far. A class, because every part of the compiler adds to one list.
final class FaultList {
    private(set) var faults: [DefinitionFault] = []

    func refuse(_ place: SourcePlace, _ field: String, _ message: String) {
        faults.append(DefinitionFault(place: place, field: field, message: message))
    }
}

extension SourcePlace {
    /// A line of the same file; 0 stands for this one.
    func atLine(_ other: Int) -> SourcePlace {
        // The column belongs to the definition, not to what stands beside it.
        other == 0 ? self : SourcePlace(file: file, line: other)
    }
}
