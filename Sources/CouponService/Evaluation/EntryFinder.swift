// From the codes of a request to its entries: the coupons that own each code, the gift cards, and the
// automatic coupons of the store.

import CouponCatalog
import CouponRules
import CouponWire
import FlatStorage

/// Finds the entries of requests.
struct EntryFinder: ~Copyable {
    private var codeText = CodeText()
    /// By code of the request: the hash of its folded text.
    private(set) var codeHashes = FlatArray<UInt64>(capacity: Request.codesMax)

    /// Fills `entries` for the request, and says what of it their coupons look at.
    mutating func find(
        _ entries: inout Entries, for purpose: EvaluationContext.Purpose,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest
    ) -> IntakeNeeds {
        entries.removeAll()
        codeHashes.removeAll()
        let evaluation = EvaluationContext(
            purpose: purpose, instant: request.now, explains: request.fields.explains)
        let store = catalog.store(named: request.storeName)
        var needs: IntakeNeeds = []
        for place in request.fields.codes.indices {
            entries.append(Entry(place: place, evaluation: evaluation))
            needs.formUnion(findOwners(of: place, in: store, &entries, catalog, request))
        }
        guard request.fields.considersAutoCoupons, let store else { return needs }
        for index in catalog.autoCoupons(in: store).indices {
            let coupon = catalog.autoCoupons(in: store)[index]
            var entry = Entry(place: nil, evaluation: evaluation)
            entry.owners = Run(first: entries.ownerCount, count: 1)
            entry.subject = .coupon(coupon, nil)
            entries.append(entry)
            entries.appendOwner(CodeOwner(coupon: coupon, code: nil))
            needs.formUnion(IntakeNeeds(coupon, CodeTerms(), catalog))
        }
        return needs
    }

    /// Reads the code at `place` and notes its owners.
    private mutating func findOwners(
        of place: Int, in store: StoreID?, _ entries: inout Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) -> IntakeNeeds {
        let written = request.bytes(of: request.fields.codes[place].code)
        do throws(CodeText.Fault) {
            try codeText.read(written)
        } catch {
            // A text that cannot be a code is an unknown code: a shopper's typing never makes a
            // request bad.
            codeHashes.append(hash64(written, seed: 1))
            return []
        }
        let hash = codeText.foldedHash
        codeHashes.append(hash)
        guard let store else { return [] }

        var needs: IntakeNeeds = []
        let first = entries.ownerCount
        var walk = catalog.findCodes(in: store, matching: codeText, foldedHash: hash)
        while let code = catalog.nextCode(&walk, matching: codeText) {
            guard Self.isWanted(code, at: place, catalog, request) else { continue }
            if let card = catalog.giftCard(of: code) {
                entries.rows[place].subject = .giftCard(card, code)
                return []
            }
            guard let coupon = catalog.coupon(of: code) else { continue }
            if entries.ownerCount == first { entries.rows[place].subject = .coupon(coupon, code) }
            entries.appendOwner(CodeOwner(coupon: coupon, code: code))
            needs.formUnion(IntakeNeeds(coupon, catalog.terms(of: code), catalog))
        }
        entries.rows[place].owners = Run(first: first, count: entries.ownerCount - first)
        return needs
    }

    /// Whether `code` is of the coupon that the request asks for, if it asks for one.
    private static func isWanted(
        _ code: CodeID, at place: Int, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) -> Bool {
        // An operation about one code names the coupon beside it; the others name it with the code.
        let isBeside = request.fields.codes[place].coupon.isEmpty
        let wanted = isBeside ? request.fields.coupon : request.fields.codes[place].coupon
        if wanted.isEmpty { return true }
        guard let coupon = catalog.coupon(of: code) else { return false }
        return catalog.id(of: coupon).isEqual(to: request.bytes(of: wanted))
    }
}

/// What of a request its coupons look at.
struct IntakeNeeds: OptionSet {
    let rawValue: UInt8

    /// Attributes of lines and of the context.
    static let attributes = IntakeNeeds(rawValue: 1)
    /// The customer.
    static let customer = IntakeNeeds(rawValue: 2)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ coupon: CouponID, _ terms: CodeTerms, _ catalog: borrowing Catalog) {
        self = []
        let rules = catalog.coupons[Int(coupon.index)]
        if rules.readsAttributes { insert(.attributes) }
        for row in rules.offers.range {
            let offer = catalog.tables.offers[row]
            if !offer.appliesTo.isEmpty || !offer.context.isEmpty { insert(.attributes) }
        }
        let asksCustomer = rules.checks.contains(.customerGiven)
        if asksCustomer || terms.isBoundToCustomer || terms.isOncePerCustomer { insert(.customer) }
    }
}
