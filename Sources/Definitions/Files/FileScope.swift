import CouponRules
import Foundation

/// What holds for the whole of a definition file while it is read, and the faults found so far.
///
/// A class, because every field of the file adds its faults here.
final class FileScope {
    let path: String
    /// What a bare amount means; nil when the file names no currency.
    var currency: Currency?
    var timezone = "UTC"
    var isCaseSensitive = false

    private var faults: [DefinitionFault] = []
    private var knownZones: [String: Bool] = [:]

    init(path: String) { self.path = path }

    func refuse(at position: SourcePosition, field: String, _ message: String) {
        faults.append(
            DefinitionFault(place: place(position), field: field, message: message))
    }

    /// Refuses the file as a whole.
    func refuseFile(_ message: String) {
        refuse(at: SourcePosition(line: 0, column: 0), field: "", message)
    }

    func place(_ position: SourcePosition) -> SourcePlace {
        SourcePlace(file: path, line: position.line, column: position.column)
    }

    var hasFaults: Bool { !faults.isEmpty }

    /// The faults by line; those of one line in the order in which they were found.
    var faultsByLine: [DefinitionFault] {
        faults.enumerated().sorted {
            ($0.element.place.line, $0.offset) < ($1.element.place.line, $1.offset)
        }.map(\.element)
    }

    /// Whether the time-zone library knows `name`. Asking it takes a while, and a file names the
    /// same few zones thousands of times.
    func knowsZone(_ name: String) -> Bool {
        if let known = knownZones[name] { return known }
        let isKnown = TimeZone(identifier: name) != nil
        knownZones[name] = isKnown
        return isKnown
    }

    /// What a misspelt zone is compared with.
    static var zoneNames: [String] { ["UTC"] + TimeZone.knownTimeZoneIdentifiers }

    /// A path that a definition names, seen from the folder of this file.
    func resolve(_ name: String) -> String {
        if name.hasPrefix("/") { return name }
        guard let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }
}
