// Compiling goes through the files once, coupon by coupon, and appends to the tables of the catalog.
// When all codes are known, their index is built at its final size, and building it finds the codes
// that clash. No fault stops the compiler: all of them are reported.

import Definitions
import CouponRules
import FlatStorage

extension Catalog {
    /// Reads the definitions at `paths`, each a file or a folder of files, and compiles them.
    /// Without paths the catalog is empty. `recorder` notes each file before it is read.
    package static func load(
        paths: [String], recorder: SourceRecorder? = nil
    ) throws(CatalogFaults) -> Catalog {
        let (files, faults) = CatalogReader.read(paths: paths, recorder: recorder)
        // What was found by then is not complete, so only the deadline is reported.
        func checkTime() throws(CatalogFaults) {
            if let deadline = recorder?.rules.deadline, deadline.isOver {
                throw CatalogFaults([deadline.fault(paths)], and: [])
            }
        }
        try checkTime()
        do throws(CatalogFaults) {
            let catalog = try compile(files, faults: faults, recorder: recorder)
            try checkTime()
            return catalog
        } catch {
            try checkTime()
            throw error
        }
    }

    /// Compiles definitions. They are served only if there are no `faults` from reading them;
    /// otherwise those of compiling are reported together with them.
    package static func compile(
        _ files: [CatalogFile], faults: [DefinitionFault] = [], recorder: SourceRecorder? = nil
    ) throws(CatalogFaults) -> Catalog {
        let list = FaultList()
        let catalog = CatalogBuilder.catalog(of: files, faults: list, recorder: recorder)
        guard faults.isEmpty, list.faults.isEmpty else {
            throw CatalogFaults(faults, and: list.faults)
        }
        return catalog
    }
}

/// A catalog while it is being compiled: the order of the steps.
struct CatalogBuilder: ~Copyable {
    private var stores = StoreTable()
    private var coupons = CouponTable()
    private var codes: CodeBook
    private var rules: RuleCompiler
    private var zones: ZoneCompiler
    private var replyFacts = TextTable()
    private var offerFacts = TextTable()
    private var discountFacts = TextTable()
    private let faults: FaultList
    private let recorder: SourceRecorder?

    private init(faults: FaultList, recorder: SourceRecorder?) {
        self.faults = faults
        self.recorder = recorder
        codes = CodeBook(faults: faults, recorder: recorder)
        rules = RuleCompiler(faults: faults)
        zones = ZoneCompiler(faults: faults)
        // Number 0: a coupon or code that adds nothing to the verdict.
        _ = replyFacts.add("".utf8.span)
    }

    /// Compiles `files`. The catalog must not be served if this adds to `faults`.
    static func catalog(
        of files: [CatalogFile], faults: FaultList, recorder: SourceRecorder? = nil
    ) -> Catalog {
        var builder = CatalogBuilder(faults: faults, recorder: recorder)
        for file in files { builder.add(file) }
        builder.codes.buildIndex()
        return builder.finish()
    }

    private mutating func add(_ file: CatalogFile) {
        if file.store.utf8.contains(0) {
            // It ends the store's part of a usage key.
            faults.refuse(
                SourcePlace(file: file.path, line: 1), "store",
                "A store name must not contain a zero character.")
        }
        let store = stores.storeAdding(file.store.utf8.span)
        if file.codeScope == .coupon { stores.note(.sharedCodes, of: store) }
        for definition in file.coupons where recorder?.isOverdue != true {
            add(definition, store: store, scope: file.codeScope)
        }
        for card in file.giftCards where recorder?.isOverdue != true {
            let zone = zones.zone(
                named: file.timezone, place: card.place, field: card.path + ".expires_at")
            let expiresAt = card.expiresAt.map { zones.endInstant(of: $0, in: zone) }
            warnIfOver(expiresAt ?? .distantFuture, card.place, card.path + ".expires_at")
            codes.add(card, store: store, in: stores, expiresAt: expiresAt ?? .distantFuture)
        }
    }

    private mutating func add(_ definition: CouponDefinition, store: StoreID, scope: CodeScope) {
        var coupon = Coupon()
        coupon.kind = definition.kind
        coupon.status = definition.status
        coupon.zone = zones.zone(
            named: definition.timezone, place: definition.place,
            field: definition.path + ".timezone")
        let window = zones.window(from: definition.startsAt, to: definition.endsAt, in: coupon.zone)
        if window.isEmpty {
            faults.refuse(
                definition.place.atLine(definition.windowLine), definition.path + ".ends_at",
                "The coupon ends before it starts.")
        }
        warnIfOver(
            window.endsAt, definition.place.atLine(definition.windowLine),
            definition.path + ".ends_at")
        coupon.startsAt = window.startsAt
        coupon.endsAt = window.endsAt
        rules.compile(definition, into: &coupon, store: store, zones: &zones)

        for offer in definition.offers {
            let facts = ReplyFacts(of: offer, in: definition)
            _ = offerFacts.add(facts.bytes)
        }
        var entry = CouponEntry(store: store)
        entry.isReusableAfterRelease = definition.isReusableAfterRelease
        let facts = ReplyFacts(of: definition, code: nil)
        entry.replyFacts = facts.bytes.isEmpty ? 0 : UInt32(replyFacts.add(facts.bytes))
        let given = DiscountFacts(of: definition)
        _ = discountFacts.add(given.bytes)

        if definition.isCaseSensitive { stores.note(.caseSensitiveCodes, of: store) }
        let terms = CodeTermsCompiler(
            definition, coupon, windowsOfOffers: rules.windows(ofOffersOf: coupon), zones: zones,
            faults: faults)
        let rows = codes.addCodes(
            terms, owner: CouponID(coupons.count), store: store, scope: scope, rules: &rules,
            replyFacts: &replyFacts)
        entry.firstCode = UInt32(rows.lowerBound)
        entry.codeCount = UInt32(rows.count)
        nameAndAdd(coupon, entry: entry, definition: definition)
    }

    private func warnIfOver(_ end: Instant, _ place: SourcePlace, _ field: String) {
        guard let recorder, end <= recorder.rules.now else { return }
        recorder.warn(place, field, "It is over already: no customer can use it.")
    }

    /// Gives the coupon its id, checks that no other coupon of the store has it, and adds it.
    private mutating func nameAndAdd(
        _ coupon: Coupon, entry: CouponEntry, definition: CouponDefinition
    ) {
        var entry = entry
        // Without both, its only code was refused, and so is the catalog.
        var id = definition.id ?? ""
        if definition.id == nil, entry.codeCount > 0 {
            var firstCode = ByteBuffer()
            codes.table.appendKeyText(of: Int(entry.firstCode), to: &firstCode)
            id = DerivedID.couponID(store: stores.name(of: entry.store), firstCode: firstCode.bytes)
            entry.hasDerivedID = true
        }
        let field = definition.path + ".id"
        if id.utf8.contains(0) {
            faults.refuse(definition.place, field, "An id must not contain a zero character.")
        }
        if let other = coupons.coupon(in: entry.store, withID: id.utf8.span), !id.isEmpty {
            let place = coupons.place(of: other)
            faults.refuse(
                definition.place, field,
                entry.hasDerivedID
                    ? "Without ids, this coupon and the one at \(place.text) would both be known by "
                        + "the same first code; give one of them an id."
                    : "The id “\(id)” is taken by the coupon at \(place.text).")
        }
        let usageKey = stores.usageKey(in: entry.store, id: id)
        coupons.add(
            coupon, entry: entry, usageKey: usageKey.span, id: id.utf8.span,
            place: definition.place)
    }

    private consuming func finish() -> Catalog {
        replyFacts.shrinkToFit()
        offerFacts.shrinkToFit()
        discountFacts.shrinkToFit()
        let autoCoupons = autoCoupons()
        return Catalog(
            stores: stores, coupons: coupons, codes: codes.table, giftCards: codes.giftCards,
            rules: rules.storage, replyFacts: replyFacts, offerFacts: offerFacts,
            discountFacts: discountFacts, autoCoupons: autoCoupons, zones: zones.zones)
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
