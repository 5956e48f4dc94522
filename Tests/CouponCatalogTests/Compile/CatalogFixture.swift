import Definitions
import CouponRules
import Foundation
import Testing

@testable import CouponCatalog

/// Compiles one file written in YAML, or fails the test.
func compiled(_ yaml: String) throws -> Catalog { try compiled([yaml]) }

/// Compiles files written in YAML, called `1.yaml`, `2.yaml` …
func compiled(_ yamls: [String]) throws -> Catalog {
    var files: [CatalogFile] = []
    var faults: [DefinitionFault] = []
    for (index, yaml) in yamls.enumerated() {
        let (file, found) = CatalogReader.read(
            text: yaml, path: "\(index + 1).yaml", format: .yaml)
        if let file { files.append(file) }
        faults += found
    }
    return try Catalog.compile(files, faults: faults)
}

/// What compiling the files finds wrong, a line each; none when the catalog can be served.
func faultsCompiling(_ yamls: String...) -> [String] {
    do {
        _ = try compiled(yamls)
        return []
    } catch let error as CatalogFaults {
        return error.faults.map(\.description)
    } catch {
        return ["\(error)"]
    }
}

/// A file whose coupons give 10 % and say what `coupons` says: `{id: a, codes: [A]}` each.
func tenPercent(_ coupons: String..., head: String = "") -> String {
    let list = coupons.map { "- {discount: {kind: percentage, percent: 10}, \($0)}\n" }
    return head + "\ncoupons:\n" + list.joined()
}

extension Catalog {
    /// The codes that answer to `text`, in the order of the walk.
    func matches(_ text: String, store: String = "default") -> [CodeID] {
        var code = CodeText()
        let store = self.store(named: store.utf8.span)
        guard (try? code.read(text.utf8.span)) != nil, let store else { return [] }
        var matches: [CodeID] = []
        var walk = findCodes(
            in: store, matching: code, foldedHash: code.foldedHash)
        while let match = nextCode(&walk, matching: code) { matches.append(match) }
        return matches
    }

    /// The ids of the coupons that own `text`, `-` for a gift card.
    func owners(_ text: String, store: String = "default") -> [String] {
        matches(text, store: store).map { match in
            coupon(of: match).map { string(id(of: $0)) } ?? "-"
        }
    }

    /// The only coupon, or the one called `id`.
    func coupon(_ id: String? = nil) throws -> Coupon {
        coupons[Int(try number(id).index)]
    }

    func number(_ id: String? = nil) throws -> CouponID {
        guard let id else { return CouponID(0) }
        let store = store(named: "default".utf8.span)
        let number = coupon(in: try #require(store), withID: id.utf8.span)
        return try #require(number)
    }

    /// The offers of the only coupon, or of the one called `id`.
    func offers(_ id: String? = nil) throws -> [Offer] {
        try coupon(id).offers.range.map { rules.offers[$0] }
    }

    func symbol(_ text: String) -> Symbol { symbol(for: text.utf8.span) }

    /// A cover or requirement written out: `product=p1|p2 event=241`, in order of text.
    func clauses(_ run: Run) -> String {
        var written: [String] = []
        for index in run.range {
            let clause = rules.clauses[index]
            var values: [String] = []
            for place in clause.values.range {
                values.append(string(text(of: rules.symbols[place])))
            }
            let attribute = string(text(of: clause.attribute))
            written.append("\(attribute)=\(values.sorted().joined(separator: "|"))")
        }
        return written.sorted().joined(separator: " ")
    }
}

/// Milliseconds of an ISO 8601 time in UTC.
func instant(_ text: String) throws -> Instant {
    guard case .instant(let instant) = try Moment.parse(text.utf8.span) else {
        throw Moment.Fault.notATime
    }
    return instant
}

/// Random numbers that come again with their seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func code(length: Int) -> String {
        let letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
        return String((0..<length).compactMap { _ in letters.randomElement(using: &self) })
    }
}
