// Compiling goes through the files once, coupon by coupon, appending to the tables of the catalog to
// be; only then, when it is known how many codes there are, is their index made at its final size,
// and making it finds the codes that clash. Nothing stops at a fault: all of them are reported.

import Definitions
import CouponRules
import FlatStorage

/// Everything wrong with a set of definitions, in the order of its files; never empty.
package struct CatalogFaults: Error, Hashable, Sendable {
    package var faults: [DefinitionFault]

    /// Faults of reading and, where reading has not told of the same field, of compiling; file by
    /// file, and in a file by line. What is told in the same words of the same field is told once:
    /// two coupons may have their codes from one file.
    init(_ reading: [DefinitionFault], and compiling: [DefinitionFault]) {
        struct Spot: Hashable {
            let place: SourcePlace
            let field: String
        }
        let told = Set(reading.map { Spot(place: $0.place, field: $0.field) })
        var seen: Set<DefinitionFault> = []
        let all =
            (reading
            + compiling.filter { !told.contains(Spot(place: $0.place, field: $0.field)) })
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

extension Catalog {
    /// Reads the definitions at `paths`, each a file or a folder of files, and compiles them.
    /// Without paths the catalog is empty. `recorder` is told of each file before it is read.
    package static func load(
        paths: [String], recorder: SourceRecorder? = nil
    ) throws(CatalogFaults) -> Catalog {
        let (files, faults) = CatalogReader.read(paths: paths, recorder: recorder)
        return try compile(files, faults: faults, recorder: recorder)
    }

    /// Compiles definitions. They are served only if there are no `faults` from reading them;
    /// otherwise those of compiling are told together with them.
    package static func compile(
        _ files: [CatalogFile], faults: [DefinitionFault] = [], recorder: SourceRecorder? = nil
    ) throws(CatalogFaults) -> Catalog {
        var builder = CatalogBuilder(recorder: recorder)
        for file in files { builder.add(file) }
        builder.indexCodes()
        guard faults.isEmpty, builder.faults.isEmpty else {
            throw CatalogFaults(faults, and: builder.faults)
        }
        return builder.finish()
    }
}

/// A catalog while it is being compiled.
struct CatalogBuilder: ~Copyable {
    var stores = StoreTable()
    var coupons = CouponTable()
    var codes = CodeTable()
    var giftCards = GiftCardTable()
    var rules = RuleStorage()
    var replyFacts = TextTable()
    var offerFacts = TextTable()
    var discountFacts = TextTable()
    var zones = ZoneCompiler()
    private(set) var faults: [DefinitionFault] = []

    /// By code row: its line, and by coupon: the rest of where its codes are written.
    var codeLines = RowLines()
    var origins: [CodesOrigin] = []
    var giftCardFiles: [String] = []
    /// By store and id.
    var giftCardPlaces: [[UInt8]: SourcePlace] = [:]
    /// By store and name.
    var counters: [[UInt8]: SharedCounter] = [:]

    /// The code that is being read.
    var text = CodeText()
    var folded = ByteBuffer()

    /// Is told of the codes files.
    let recorder: SourceRecorder?

    init(recorder: SourceRecorder? = nil) {
        self.recorder = recorder
        // Number 0: whoever says nothing beyond the verdict.
        _ = replyFacts.add("".utf8.span)
    }

    mutating func refuse(_ place: SourcePlace, _ field: String, _ message: String) {
        faults.append(DefinitionFault(place: place, field: field, message: message))
    }

    mutating func add(_ file: CatalogFile) {
        if file.store.utf8.contains(0) {
            // It ends the store's part of a usage key.
            refuse(
                SourcePlace(file: file.path, line: 1), "store",
                "A store name must not contain a zero character.")
        }
        let store = stores.storeAdding(file.store.utf8.span)
        if file.codeScope == .coupon { stores.note(.sharedCodes, of: store) }
        for definition in file.coupons { add(definition, store: store, scope: file.codeScope) }
        for definition in file.giftCards { add(definition, store: store, file: file) }
    }

    consuming func finish() -> Catalog {
        replyFacts.shrinkToFit()
        offerFacts.shrinkToFit()
        discountFacts.shrinkToFit()
        let autoCoupons = autoCoupons()
        return Catalog(
            stores: stores, coupons: coupons, codes: codes, giftCards: giftCards, rules: rules,
            replyFacts: replyFacts, offerFacts: offerFacts, discountFacts: discountFacts,
            autoCoupons: autoCoupons, zones: zones.zones)
    }

    /// By the bytes of their ids, so that what a shopper gets does not depend on the order of files.
    private func autoCoupons() -> AutoCoupons {
        var ofStores = [[(id: [UInt8], coupon: CouponID)]](repeating: [], count: stores.count)
        for index in 0..<coupons.count where coupons.coupons[index].kind == .auto {
            let coupon = CouponID(index)
            let id = Array(string(coupons.id(of: coupon)).utf8)
            ofStores[Int(coupons.entry(of: coupon).store.index)].append((id, coupon))
        }
        var table = AutoCoupons()
        for ofStore in ofStores {
            let sorted = ofStore.sorted { $0.id.lexicographicallyPrecedes($1.id) }
            table.add(sorted.map(\.coupon))
        }
        return table
    }
}

extension SourcePlace {
    /// As editors and terminals understand it.
    var text: String { "\(file):\(line)" }

    /// A line of the same file; 0 stands for this one.
    func atLine(_ other: Int) -> SourcePlace {
        SourcePlace(file: file, line: other == 0 ? line : other)
    }
}

/// The text of bytes that were checked to be UTF-8 when they were read.
func string(_ bytes: Span<UInt8>) -> String {
    var copy: [UInt8] = []
    for index in 0..<bytes.count { copy.append(bytes[index]) }
    return String(decoding: copy, as: UTF8.self)
}

extension CatalogBuilder {
    /// A store, a zero byte, an id: what is different for everything that has an id.
    func key(store: StoreID, id: String) -> [UInt8] {
        let name = stores.name(of: store)
        var key: [UInt8] = []
        for index in 0..<name.count { key.append(name[index]) }
        key.append(0)
        key += id.utf8
        return key
    }
}

// MARK: Time

/// A half-open window; without an edge it is open on that side.
struct Window {
    var startsAt = Instant.distantPast
    var endsAt = Instant.distantFuture

    /// The edges that it has, moved into the window of `coupon` where they lie outside.
    func cut(to coupon: Coupon) -> Window {
        var cut = self
        if startsAt > .distantPast { cut.startsAt = max(startsAt, coupon.startsAt) }
        if endsAt < .distantFuture { cut.endsAt = min(endsAt, coupon.endsAt) }
        return cut
    }
}

extension CatalogBuilder {
    /// The window between two edges as written, each read in `zone` unless it says its own offset.
    mutating func window(
        from start: WrittenMoment?, to end: WrittenMoment?, in zone: ZoneID
    ) -> Window {
        Window(
            startsAt: start.map { firstInstant(of: $0, in: zone) } ?? .distantPast,
            endsAt: end.map { endInstant(of: $0, in: zone) } ?? .distantFuture)
    }

    func firstInstant(of moment: WrittenMoment, in zone: ZoneID) -> Instant {
        switch moment {
        case .instant(let instant): instant
        case .local(let time): zones.zones.instant(of: time, in: zone)
        case .date(let date): zones.zones.instant(of: CivilTime(startOf: date), in: zone)
        }
    }

    /// A bare date ends when its day does.
    func endInstant(of moment: WrittenMoment, in zone: ZoneID) -> Instant {
        guard case .date(let date) = moment else { return firstInstant(of: moment, in: zone) }
        return zones.zones.instant(of: CivilTime(startOf: date.next), in: zone)
    }

    /// Tells when `window`, of a code or an offer, is empty or has nothing in common with its
    /// coupon's. What can be seen without zones has been told when the file was read, of the same
    /// fields.
    mutating func refuseIfEmpty(
        _ window: Window, in coupon: Coupon, place: SourcePlace, path: String
    ) {
        let prefix = path.isEmpty ? "" : path + "."
        if window.startsAt >= window.endsAt {
            refuse(place, prefix + "ends_at", "It ends before it starts.")
        } else if coupon.startsAt >= coupon.endsAt {
            return
        } else if window.startsAt >= coupon.endsAt {
            refuse(place, prefix + "starts_at", "The coupon ends before this.")
        } else if coupon.startsAt >= window.endsAt {
            refuse(place, prefix + "ends_at", "The coupon starts after this.")
        }
    }

    /// The zone called `name`, or UTC and a fault.
    mutating func zone(named name: String, place: SourcePlace, field: String) -> ZoneID {
        if let zone = zones.zone(named: name) { return zone }
        refuse(
            place, field, "There is no time zone “\(name)”; use an IANA name such as Europe/Rome.")
        return .utc
    }
}
