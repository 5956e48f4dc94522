// The parts of a catalog beside its codes: stores, coupons, gift cards, and what rules point into.

import Definitions
import CouponRules
import FlatStorage

// MARK: Stores

struct StoreTable: ~Copyable, Sendable {
    struct Traits: OptionSet, BitwiseCopyable, Sendable {
        let rawValue: UInt8

        static let caseSensitiveCodes = Traits(rawValue: 1 << 0)
        /// Several coupons may own one code.
        static let sharedCodes = Traits(rawValue: 1 << 1)
    }

    private var names = NameTable()
    private var traits = FlatArray<Traits>()
    /// Of each store its name and a zero byte: what the keys of all that it has begin with.
    private var keys = TextTable()
    private var keyHashes = FlatArray<UInt64>()

    var count: Int { names.count }

    func store(named name: Span<UInt8>) -> StoreID? { names.number(of: name).map(StoreID.init) }
    func traits(of store: StoreID) -> Traits { traits[Int(store.index)] }

    @_lifetime(borrow self)
    func name(of store: StoreID) -> Span<UInt8> { names.texts[Int(store.index)] }

    @_lifetime(borrow self)
    func key(of store: StoreID) -> Span<UInt8> { keys[Int(store.index)] }

    func keyHash(of store: StoreID) -> UInt64 { keyHashes[Int(store.index)] }

    /// A store, a zero byte, an id: unique for every coupon or gift card.
    func usageKey(in store: StoreID, id: String) -> [UInt8] {
        let key = key(of: store)
        return key.indices.map { key[$0] } + id.utf8
    }

    mutating func storeAdding(_ name: Span<UInt8>) -> StoreID {
        let number = names.numberAdding(name)
        if number == traits.count {
            traits.append([])
            var key = ByteBuffer()
            key.append(name)
            key.append(0)
            _ = keys.add(key.bytes)
            keyHashes.append(durableHash64(key.bytes))
        }
        return StoreID(number)
    }

    mutating func note(_ trait: Traits, of store: StoreID) {
        traits[Int(store.index)].formUnion(trait)
    }
}

// MARK: Coupons

/// What the daemon knows of a coupon beyond how to judge it.
struct CouponEntry: BitwiseCopyable, Sendable {
    var store: StoreID
    var usageKeyHash: UInt64 = 0
    var idLength: UInt32 = 0
    /// The number of its reply facts.
    var replyFacts: UInt32 = 0
    /// The rows of its codes, one after the other.
    var firstCode: UInt32 = 0
    var codeCount: UInt32 = 0
    var hasDerivedID = false
    var isReusableAfterRelease = true

    init(store: StoreID) { self.store = store }

    var codeRows: Range<Int> { Int(firstCode)..<Int(firstCode) + Int(codeCount) }
}

struct CouponTable: ~Copyable, Sendable {
    private var table = FlatArray<Coupon>()
    private var entries = FlatArray<CouponEntry>()
    private var usageKeys = TextTable()
    /// Paths of definition files, and of each coupon where in them it is.
    private var files = NameTable()
    private var places = FlatArray<Place>()
    private var index = HashIndex()
    private let inPlace = InPlace()

    /// A line of one of ``files``.
    struct Place: BitwiseCopyable, Sendable {
        var file: UInt32
        var line: UInt32
    }

    var count: Int { table.count }
    var coupons: Span<Coupon> { @_lifetime(borrow self) get { table.span } }

    func entry(of coupon: CouponID) -> CouponEntry { entries[Int(coupon.index)] }

    func place(of coupon: CouponID) -> SourcePlace {
        let place = places[Int(coupon.index)]
        return SourcePlace(file: string(files.texts[Int(place.file)]), line: Int(place.line))
    }

    @_lifetime(borrow self)
    func usageKey(of coupon: CouponID) -> Span<UInt8> { usageKeys[Int(coupon.index)] }

    @_lifetime(borrow self)
    func id(of coupon: CouponID) -> Span<UInt8> {
        let key = usageKeys[Int(coupon.index)]
        return key.extracting((key.count - Int(entry(of: coupon).idLength))..<key.count)
    }

    func coupon(in store: StoreID, withID id: Span<UInt8>) -> CouponID? {
        var probe = index.probe(CouponTable.hash(of: id, in: store))
        while let row = index.next(&probe) {
            let candidate = CouponID(row)
            if entry(of: candidate).store == store, self.id(of: candidate).isEqual(to: id) {
                return candidate
            }
        }
        return nil
    }

    /// Adds the next coupon, whose `id` is new in its store.
    mutating func add(
        _ coupon: Coupon, entry: CouponEntry, usageKey: Span<UInt8>, id: Span<UInt8>,
        place: SourcePlace
    ) {
        var entry = entry
        entry.usageKeyHash = durableHash64(usageKey)
        entry.idLength = UInt32(id.count)
        if index.isFull { growIndex() }
        index.insert(row: count, hash: CouponTable.hash(of: id, in: entry.store))
        table.append(coupon)
        entries.append(entry)
        _ = usageKeys.add(usageKey)
        let file = files.numberAdding(place.file.utf8.span)
        places.append(Place(file: UInt32(file), line: UInt32(place.line)))
    }

    private mutating func growIndex() {
        index = HashIndex(rowCount: count * 2)
        for row in 0..<count {
            let coupon = CouponID(row)
            let hash = CouponTable.hash(of: id(of: coupon), in: entry(of: coupon).store)
            index.insert(row: row, hash: hash)
        }
    }

    private static func hash(of id: Span<UInt8>, in store: StoreID) -> UInt64 {
        combine(hash64(id, seed: catalogSeed), UInt64(store.index))
    }
}

// MARK: Coupons without codes

/// The coupons of type auto, store by store.
struct AutoCoupons: ~Copyable, Sendable {
    private var coupons = FlatArray<CouponID>()
    /// Of each store its run of ``coupons``.
    private var runs = FlatArray<Run>()

    @_lifetime(borrow self)
    func coupons(in store: StoreID) -> Span<CouponID> {
        coupons.span.extracting(runs[Int(store.index)].range)
    }

    /// Adds those of the next store, in the order in which they are to be considered.
    mutating func add(_ ofStore: [CouponID]) {
        runs.append(Run(first: coupons.count, count: ofStore.count))
        for coupon in ofStore { coupons.append(coupon) }
    }
}

// MARK: Gift cards

/// A gift card as it is defined; what is left on it now is the store's to know.
package struct GiftCard: Sendable, BitwiseCopyable {
    package var store: StoreID
    package var amount: Money
    package var balance: Money
    package var currency: Currency
    package var isActive: Bool
    package var expiresAt: Instant
}

struct GiftCardTable: ~Copyable, Sendable {
    private var cards = FlatArray<GiftCard>()
    private var usageKeys = TextTable()
    private var usageKeyHashes = FlatArray<UInt64>()
    private var idLengths = FlatArray<UInt32>()

    var count: Int { cards.count }
    subscript(number: Int) -> GiftCard { cards[number] }

    @_lifetime(borrow self)
    func usageKey(of number: Int) -> Span<UInt8> { usageKeys[number] }

    func usageKeyHash(of number: Int) -> UInt64 { usageKeyHashes[number] }

    @_lifetime(borrow self)
    func id(of number: Int) -> Span<UInt8> {
        let key = usageKeys[number]
        return key.extracting((key.count - Int(idLengths[number]))..<key.count)
    }

    mutating func add(_ card: GiftCard, usageKey: Span<UInt8>, id: Span<UInt8>) {
        cards.append(card)
        _ = usageKeys.add(usageKey)
        usageKeyHashes.append(durableHash64(usageKey))
        idLengths.append(UInt32(id.count))
    }
}

// MARK: Rules

/// Texts that definitions mention, as symbols.
struct Vocabulary: ~Copyable, Sendable {
    private(set) var names = NameTable()

    init() {
        // The empty text stands for every text that is not mentioned.
        _ = names.numberAdding("".utf8.span)
        _ = names.numberAdding("product".utf8.span)
    }

    init(names: consuming NameTable) { self.names = names }

    func symbol(for text: Span<UInt8>) -> Symbol {
        Symbol(rawValue: UInt32(names.number(of: text) ?? 0))
    }

    mutating func symbolAdding(_ text: String) -> Symbol {
        Symbol(rawValue: UInt32(names.numberAdding(text.utf8.span)))
    }
}

/// The flat tables that coupons point into.
struct RuleStorage: ~Copyable, Sendable {
    var vocabulary = Vocabulary()
    var amounts = FlatArray<CurrencyAmount>()
    var maps = FlatArray<Run>()
    var clauses = FlatArray<Clause>()
    var symbols = FlatArray<Symbol>()
    var tiers = FlatArray<Tier>()
    var discountClauses = FlatArray<DiscountClause>()
    var sets = FlatArray<SetTerms>()
    var blackouts = FlatArray<DateRange>()
    var windows = FlatArray<TimeWindow>()
    var offers = FlatArray<Offer>()
    private let inPlace = InPlace()

    var tables: RuleTables {
        @_lifetime(borrow self)
        get {
            RuleTables(
                amounts: amounts.span, maps: maps.span, clauses: clauses.span,
                symbols: symbols.span, tiers: tiers.span, discountClauses: discountClauses.span,
                sets: sets.span, blackouts: blackouts.span, windows: windows.span,
                offers: offers.span)
        }
    }
}

// MARK: Memory images

extension StoreTable {
    func appendImage(to buffer: inout ByteBuffer) {
        names.appendImage(to: &buffer)
        traits.appendImage(to: &buffer)
        keys.appendImage(to: &buffer)
        keyHashes.appendImage(to: &buffer)
    }

    var imageByteCount: Int {
        names.imageByteCount + traits.imageByteCount + keys.imageByteCount
            + keyHashes.imageByteCount
    }

    init?(image reader: inout ByteReader) {
        guard let names = NameTable(image: &reader), let traits = FlatArray<Traits>(image: &reader),
            let keys = TextTable(image: &reader), let keyHashes = FlatArray<UInt64>(image: &reader)
        else { return nil }
        self.init(names: names, traits: traits, keys: keys, keyHashes: keyHashes)
    }
}

extension CouponTable {
    func appendImage(to buffer: inout ByteBuffer) {
        table.appendImage(to: &buffer)
        entries.appendImage(to: &buffer)
        usageKeys.appendImage(to: &buffer)
        files.appendImage(to: &buffer)
        places.appendImage(to: &buffer)
        index.appendImage(to: &buffer)
    }

    var imageByteCount: Int {
        table.imageByteCount + entries.imageByteCount + usageKeys.imageByteCount
            + files.imageByteCount + places.imageByteCount + index.imageByteCount
    }

    init?(image reader: inout ByteReader) {
        guard let table = FlatArray<Coupon>(image: &reader),
            let entries = FlatArray<CouponEntry>(image: &reader),
            let usageKeys = TextTable(image: &reader), let files = NameTable(image: &reader),
            let places = FlatArray<Place>(image: &reader), let index = HashIndex(image: &reader)
        else { return nil }
        self.init(
            table: table, entries: entries, usageKeys: usageKeys, files: files, places: places,
            index: index)
    }
}

extension AutoCoupons {
    func appendImage(to buffer: inout ByteBuffer) {
        coupons.appendImage(to: &buffer)
        runs.appendImage(to: &buffer)
    }

    var imageByteCount: Int { coupons.imageByteCount + runs.imageByteCount }

    init?(image reader: inout ByteReader) {
        guard let coupons = FlatArray<CouponID>(image: &reader),
            let runs = FlatArray<Run>(image: &reader)
        else { return nil }
        self.init(coupons: coupons, runs: runs)
    }
}

extension GiftCardTable {
    func appendImage(to buffer: inout ByteBuffer) {
        cards.appendImage(to: &buffer)
        usageKeys.appendImage(to: &buffer)
        usageKeyHashes.appendImage(to: &buffer)
        idLengths.appendImage(to: &buffer)
    }

    var imageByteCount: Int {
        cards.imageByteCount + usageKeys.imageByteCount + usageKeyHashes.imageByteCount
            + idLengths.imageByteCount
    }

    init?(image reader: inout ByteReader) {
        guard let cards = FlatArray<GiftCard>(image: &reader),
            let usageKeys = TextTable(image: &reader),
            let usageKeyHashes = FlatArray<UInt64>(image: &reader),
            let idLengths = FlatArray<UInt32>(image: &reader)
        else { return nil }
        self.init(
            cards: cards, usageKeys: usageKeys, usageKeyHashes: usageKeyHashes,
            idLengths: idLengths)
    }
}

extension RuleStorage {
    func appendImage(to buffer: inout ByteBuffer) {
        vocabulary.names.appendImage(to: &buffer)
        amounts.appendImage(to: &buffer)
        maps.appendImage(to: &buffer)
        clauses.appendImage(to: &buffer)
        symbols.appendImage(to: &buffer)
        tiers.appendImage(to: &buffer)
        discountClauses.appendImage(to: &buffer)
        sets.appendImage(to: &buffer)
        blackouts.appendImage(to: &buffer)
        windows.appendImage(to: &buffer)
        offers.appendImage(to: &buffer)
    }

    var imageByteCount: Int {
        vocabulary.names.imageByteCount + amounts.imageByteCount + maps.imageByteCount
            + clauses.imageByteCount + symbols.imageByteCount + tiers.imageByteCount
            + discountClauses.imageByteCount + sets.imageByteCount + blackouts.imageByteCount
            + windows.imageByteCount + offers.imageByteCount
    }

    init?(image reader: inout ByteReader) {
        guard let names = NameTable(image: &reader),
            let amounts = FlatArray<CurrencyAmount>(image: &reader),
            let maps = FlatArray<Run>(image: &reader),
            let clauses = FlatArray<Clause>(image: &reader),
            let symbols = FlatArray<Symbol>(image: &reader),
            let tiers = FlatArray<Tier>(image: &reader),
            let discountClauses = FlatArray<DiscountClause>(image: &reader),
            let sets = FlatArray<SetTerms>(image: &reader),
            let blackouts = FlatArray<DateRange>(image: &reader),
            let windows = FlatArray<TimeWindow>(image: &reader),
            let offers = FlatArray<Offer>(image: &reader)
        else { return nil }
        self.init(
            vocabulary: Vocabulary(names: names), amounts: amounts, maps: maps, clauses: clauses,
            symbols: symbols, tiers: tiers, discountClauses: discountClauses, sets: sets,
            blackouts: blackouts, windows: windows, offers: offers)
    }
}
