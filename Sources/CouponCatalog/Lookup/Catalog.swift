// All definitions, compiled into flat memory and never changed again. The holder of the value owns
// the memory: a reload builds the next catalog elsewhere, swaps the two, and frees the old one where
// a pause does no harm. It is a value without copies, not a class, because it lends spans of its
// memory: the compiler lets a borrowed value do that, and no property of a class.
//
// Look-up walks every owner of a code. Case-sensitive codes that are exactly the text come first,
// then the codes that are the text in any case; a store without case-sensitive codes skips the
// first round.

import Definitions
import CouponRules
import FlatStorage

/// A tenant's number in one catalog.
package struct StoreID: Hashable, Sendable, BitwiseCopyable {
    package let index: UInt32
    init(_ index: Int) { self.index = UInt32(index) }
}

/// A coupon's number in one catalog: its place in ``Catalog/coupons``.
package struct CouponID: Hashable, Sendable, BitwiseCopyable {
    package let index: UInt32
    init(_ index: Int) { self.index = UInt32(index) }
}

/// A code's row in one catalog.
package struct CodeID: Hashable, Sendable, BitwiseCopyable {
    package let index: UInt32
    init(_ index: Int) { self.index = UInt32(index) }
}

/// A gift card's number in one catalog.
package struct GiftCardID: Hashable, Sendable, BitwiseCopyable {
    package let index: UInt32
    init(_ index: Int) { self.index = UInt32(index) }
}

/// Where a walk over the owners of one code text stands.
package struct CodeWalk: Sendable, BitwiseCopyable {
    fileprivate let store: StoreID
    fileprivate let hash: UInt64
    fileprivate var probe: HashIndex.Probe
    fileprivate var asksCaseSensitive: Bool
    /// Whether another coupon of the store may own the same code.
    fileprivate let mayHaveSeveral: Bool
    fileprivate var isOver = false
}

/// An immutable compiled catalog.
package struct Catalog: ~Copyable, Sendable {
    let stores: StoreTable
    let couponTable: CouponTable
    let codes: CodeTable
    let giftCards: GiftCardTable
    let rules: RuleStorage
    let replyFacts: TextTable
    /// Of each offer, at its number, the members that it adds to a reply.
    let offerFacts: TextTable
    /// Of each coupon, at its number, what it gives and on what.
    let discountFacts: TextTable
    let autoCoupons: AutoCoupons
    /// Local time of every zone that a definition names.
    package let zones: ZoneTable
    private let inPlace = InPlace()

    init(
        stores: consuming StoreTable, coupons: consuming CouponTable, codes: consuming CodeTable,
        giftCards: consuming GiftCardTable, rules: consuming RuleStorage,
        replyFacts: consuming TextTable, offerFacts: consuming TextTable,
        discountFacts: consuming TextTable, autoCoupons: consuming AutoCoupons, zones: ZoneTable
    ) {
        self.stores = stores
        couponTable = coupons
        self.codes = codes
        self.giftCards = giftCards
        self.rules = rules
        self.replyFacts = replyFacts
        self.offerFacts = offerFacts
        self.discountFacts = discountFacts
        self.autoCoupons = autoCoupons
        self.zones = zones
    }

    package var storeCount: Int { stores.count }
    package var couponCount: Int { couponTable.count }
    /// Codes of coupons and of gift cards together.
    package var codeCount: Int { codes.count }
    package var giftCardCount: Int { giftCards.count }

    /// Memory that codes take, text and index included.
    package var codeByteCount: Int { codes.byteCount }

    package func store(named name: Span<UInt8>) -> StoreID? {
        stores.store(named: name)
    }

    /// What stands for a coupon in the usage keys of counters that offers of several coupons share:
    /// the store, a zero byte, no id.
    @_lifetime(borrow self)
    package func sharedCounterKey(of store: StoreID) -> Span<UInt8> { stores.key(of: store) }

    /// The durable hash of ``sharedCounterKey(of:)``.
    package func sharedCounterKeyHash(of store: StoreID) -> UInt64 { stores.keyHash(of: store) }
}

// MARK: Codes

extension Catalog {
    /// Starts a walk over the codes of `store` that answer to `text`.
    ///
    /// `foldedHash` is the one of `text`, which callers need for other purposes, too.
    package func findCodes(
        in store: StoreID, matching text: borrowing CodeText, foldedHash: UInt64
    ) -> CodeWalk {
        let hash = CodeTable.hash(foldedHash, in: store)
        return CodeWalk(
            store: store, hash: hash, probe: codes.probe(hash),
            asksCaseSensitive: stores.traits(of: store).contains(.caseSensitiveCodes),
            mayHaveSeveral: stores.traits(of: store).contains(.sharedCodes))
    }

    /// The next code that answers to `text`, with which the walk was started; nil after the last.
    package func nextCode(_ walk: inout CodeWalk, matching text: borrowing CodeText) -> CodeID? {
        while !walk.isOver {
            while let row = codes.nextCandidate(&walk.probe) {
                let isCaseSensitive = codes.flags(of: row).contains(.caseSensitive)
                guard isCaseSensitive == walk.asksCaseSensitive else { continue }
                let isMatch =
                    isCaseSensitive
                    ? codes.isText(of: row, equalTo: text.exact)
                    : codes.isFoldedText(of: row, equalTo: text.folded)
                if isMatch, store(ofRow: row) == walk.store {
                    // Codes of one store clash unless coupons share them: there is no other.
                    walk.isOver = !walk.mayHaveSeveral
                    return CodeID(row)
                }
            }
            walk.isOver = !walk.asksCaseSensitive
            walk.asksCaseSensitive = false
            walk.probe = codes.probe(walk.hash)
        }
        return nil
    }

    /// The coupon that owns `code`; nil when it is a gift card's.
    package func coupon(of code: CodeID) -> CouponID? {
        let row = Int(code.index)
        return codes.flags(of: row).contains(.giftCard) ? nil : CouponID(codes.owner(of: row))
    }

    /// The gift card that `code` belongs to; nil when it is a coupon's.
    package func giftCard(of code: CodeID) -> GiftCardID? {
        let row = Int(code.index)
        return codes.flags(of: row).contains(.giftCard) ? GiftCardID(codes.owner(of: row)) : nil
    }

    /// What the code says beyond its coupon. Its window is already cut to the coupon's.
    package func terms(of code: CodeID) -> CodeTerms {
        let row = Int(code.index)
        if let options = codes.options(of: row) { return options.terms }
        return codes.flags(of: row).contains(.singleUse)
            ? CodeOptions.singleUse.terms : CodeTerms()
    }

    /// The code as replies show it: normalised, in its author's case.
    @_lifetime(borrow self)
    package func text(of code: CodeID) -> Span<UInt8> { codes.text(of: Int(code.index)) }

    /// The members of a reply that are known beforehand, as JSON, a comma before each: may be empty.
    @_lifetime(borrow self)
    package func replyFacts(of code: CodeID) -> Span<UInt8> {
        if let own = codes.options(of: Int(code.index))?.replyFacts { return replyFacts[Int(own)] }
        // Gift cards have none: the facts begin with the empty text.
        guard let coupon = coupon(of: code) else { return replyFacts[0] }
        return replyFacts(of: coupon)
    }

    /// Whether the code is found only in its author's case.
    package func isCaseSensitive(_ code: CodeID) -> Bool {
        codes.flags(of: Int(code.index)).contains(.caseSensitive)
    }

    /// Appends the code's part of a usage key: its text, folded unless the code is case-sensitive.
    /// An author who rewrites a code in another case does not lose its count.
    package func appendKeyText(of code: CodeID, to key: inout ByteBuffer) {
        codes.appendKeyText(of: Int(code.index), to: &key)
    }

    /// Whether the code's part of a usage key is `text`: what ``appendKeyText(of:to:)`` appends.
    package func isKeyText(of code: CodeID, equalTo text: Span<UInt8>) -> Bool {
        let row = Int(code.index)
        return codes.flags(of: row).contains(.caseSensitive)
            ? codes.isText(of: row, equalTo: text) : codes.isFoldedText(of: row, equalTo: text)
    }

    func store(ofRow row: Int) -> StoreID {
        let owner = codes.owner(of: row)
        return codes.flags(of: row).contains(.giftCard)
            ? giftCards[owner].store : couponTable.entry(of: CouponID(owner)).store
    }
}

// MARK: Coupons

extension Catalog {
    /// The coupons, each at its ``CouponID``.
    package var coupons: Span<Coupon> { @_lifetime(borrow self) get { couponTable.coupons } }

    package func coupon(in store: StoreID, withID id: Span<UInt8>) -> CouponID? {
        couponTable.coupon(in: store, withID: id)
    }

    @_lifetime(borrow self)
    package func id(of coupon: CouponID) -> Span<UInt8> { couponTable.id(of: coupon) }

    /// The coupon's part of every usage key: its store, a zero byte, its id.
    @_lifetime(borrow self)
    package func usageKey(of coupon: CouponID) -> Span<UInt8> { couponTable.usageKey(of: coupon) }

    /// The durable hash of ``usageKey(of:)-(CouponID)``.
    package func usageKeyHash(of coupon: CouponID) -> UInt64 {
        couponTable.entry(of: coupon).usageKeyHash
    }

    /// Whether the id was made from the coupon's first code because its author gave none.
    package func hasDerivedID(_ coupon: CouponID) -> Bool {
        couponTable.entry(of: coupon).hasDerivedID
    }

    /// Whether a use that is given back may be used again.
    package func isReusableAfterRelease(_ coupon: CouponID) -> Bool {
        couponTable.entry(of: coupon).isReusableAfterRelease
    }

    package func store(of coupon: CouponID) -> StoreID { couponTable.entry(of: coupon).store }

    /// As ``replyFacts(of:)-(CodeID)``, for a coupon that needs no code.
    @_lifetime(borrow self)
    package func replyFacts(of coupon: CouponID) -> Span<UInt8> {
        replyFacts[Int(couponTable.entry(of: coupon).replyFacts)]
    }

    /// The coupon's discount, or the first of its clauses, and what that covers: the members
    /// `discount` and, unless it covers everything, `applies_to`, as JSON, a comma before each.
    @_lifetime(borrow self)
    package func discountFacts(of coupon: CouponID) -> Span<UInt8> {
        discountFacts[Int(coupon.index)]
    }

    /// Where the coupon is defined.
    package func place(of coupon: CouponID) -> SourcePlace { couponTable.place(of: coupon) }

    /// The coupons of `store` that need no code, of any status, by the bytes of their ids.
    @_lifetime(borrow self)
    package func autoCoupons(in store: StoreID) -> Span<CouponID> {
        autoCoupons.coupons(in: store)
    }

    /// What a reply adds to ``replyFacts(of:)-(CodeID)`` when the offer at `index` of the tables'
    /// offers is the one that fits: never empty.
    @_lifetime(borrow self)
    package func offerFacts(_ index: Int) -> Span<UInt8> { offerFacts[index] }
}

// MARK: Gift cards

extension Catalog {
    package func giftCard(_ card: GiftCardID) -> GiftCard { giftCards[Int(card.index)] }

    @_lifetime(borrow self)
    package func id(of card: GiftCardID) -> Span<UInt8> { giftCards.id(of: Int(card.index)) }

    /// The card's part of its usage key: its store, a zero byte, its id.
    @_lifetime(borrow self)
    package func usageKey(of card: GiftCardID) -> Span<UInt8> {
        giftCards.usageKey(of: Int(card.index))
    }

    /// The durable hash of ``usageKey(of:)-(GiftCardID)``.
    package func usageKeyHash(of card: GiftCardID) -> UInt64 {
        giftCards.usageKeyHash(of: Int(card.index))
    }
}

// MARK: Rules

extension Catalog {
    /// The tables that ``coupons`` point into.
    package var tables: RuleTables { @_lifetime(borrow self) get { rules.tables } }

    /// The number of an attribute's name or value, a customer or a group;
    /// ``Symbol/unmentioned`` when no definition has it.
    package func symbol(for text: Span<UInt8>) -> Symbol { rules.vocabulary.symbol(for: text) }

    /// Empty for ``Symbol/unmentioned``.
    @_lifetime(borrow self)
    package func text(of symbol: Symbol) -> Span<UInt8> {
        rules.vocabulary.names.texts[Int(symbol.rawValue)]
    }
}
