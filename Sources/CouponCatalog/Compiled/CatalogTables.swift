// The parts of a catalog beside its codes: stores, coupons, gift cards, and what rules point into.

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
    private var places: [SourcePlace] = []
    private var index = HashIndex()

    var count: Int { table.count }
    var coupons: Span<Coupon> { @_lifetime(borrow self) get { table.span } }

    func entry(of coupon: CouponID) -> CouponEntry { entries[Int(coupon.index)] }
    func place(of coupon: CouponID) -> SourcePlace { places[Int(coupon.index)] }

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
        places.append(place)
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
        // The empty text is nobody's name: it stands for everything that is not mentioned.
        _ = names.numberAdding("".utf8.span)
        _ = names.numberAdding("product".utf8.span)
    }

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
