// Codes become rows as they are read; who clashes with whom is found when all of them are indexed,
// in CatalogBuilder+Clashes.swift.

import Definitions
import CouponRules
import FlatStorage

/// Where a coupon has its codes from: what a row needs for a fault besides its line.
struct CodesOrigin {
    let file: String
    let path: String
    let scope: CodeScope
    /// Rows from the definition itself; those after them are from `codesFile`.
    var inlineRowCount = 0
    let codesFile: String?

    init(_ definition: CouponDefinition, scope: CodeScope) {
        file = definition.place.file
        path = definition.path
        self.scope = scope
        codesFile = definition.codesFile
    }
}

extension CatalogBuilder {
    mutating func addCodes(
        of definition: CouponDefinition, owner: CouponID, coupon: Coupon, store: StoreID,
        scope: CodeScope
    ) {
        let firstRow = codes.count
        let bounds = CodeBounds(definition, coupon, offers: rules.offers)
        if definition.isCaseSensitive { stores.note(.caseSensitiveCodes, of: store) }
        for code in definition.codes {
            let place = definition.place.atLine(code.line)
            guard read(code.text.utf8.span, place: place, field: code.path) else { continue }
            addReadText(
                definition, owner: owner,
                options: options(
                    of: code, definition, coupon, bounds, place: place, isSingleUse: false),
                line: code.line)
        }
        var origin = CodesOrigin(definition, scope: scope)
        origin.inlineRowCount = codes.count - firstRow
        origins.append(origin)

        guard let file = definition.codesFile else { return }
        do throws(UnreadableFile) {
            let faults = try CodesFileReader.read(at: file, recorder: recorder) { row in
                addRow(row, of: definition, owner: owner, coupon: coupon, bounds, file: file)
            }
            for fault in faults { refuse(fault.place, fault.field, fault.message) }
        } catch {
            refuse(
                definition.place.atLine(definition.codesFileLine),
                definition.path + ".codes_file",
                "The codes file \(file) cannot be read. \(error.explanation)")
        }
    }

    /// Adds a row of a codes file. One that says nothing of its own is single-use.
    private mutating func addRow(
        _ row: CodesFileRow, of definition: CouponDefinition, owner: CouponID, coupon: Coupon,
        _ bounds: CodeBounds, file: String
    ) {
        let place = SourcePlace(file: file, line: row.line)
        guard read(row.code, place: place, field: "code") else { return }
        var options = CodeOptions.singleUse
        if !row.isPlain {
            var code = CodeDefinition(text: "", line: row.line)
            code.maxUses = row.terms.maxUses
            code.startsAt = row.terms.startsAt
            code.endsAt = row.terms.endsAt
            code.isMultiUse = row.terms.isMultiUse
            code.customer = row.customer.isEmpty ? nil : string(row.customer).asCustomer
            options = self.options(
                of: code, definition, coupon, bounds, place: place, isSingleUse: true)
        }
        addReadText(definition, owner: owner, options: options, line: row.line)
    }

    /// What a code says beyond its coupon. Where it says nothing about its uses, it has one or is
    /// bounded by its coupon alone.
    private mutating func options(
        of code: CodeDefinition, _ definition: CouponDefinition, _ coupon: Coupon,
        _ bounds: CodeBounds, place: SourcePlace, isSingleUse: Bool
    ) -> CodeOptions {
        var options = CodeOptions()
        let isOnce = code.maxUses == nil && (code.isMultiUse.map { !$0 } ?? isSingleUse)
        options.terms.usesLimit = isOnce ? 1 : code.maxUses ?? 0
        options.terms.usesBefore = code.used
        options.terms.isOncePerCustomer = code.isMultiUse ?? false
        if let customer = code.customer {
            refuseStrange(customer, of: code, bounds, place: place)
            options.terms.customer = rules.vocabulary.symbolAdding(customer)
            options.terms.isBoundToCustomer = true
        }
        if code.startsAt != nil || code.endsAt != nil {
            let own = window(from: code.startsAt, to: code.endsAt, in: coupon.zone)
            let windowPlace = place.atLine(code.windowLine)
            refuseIfEmpty(own, in: coupon, place: windowPlace, path: code.path)
            let window = own.cut(to: coupon)
            refuseIfOutsideOffers(window, bounds, place: windowPlace, path: code.path)
            options.terms.startsAt = window.startsAt
            options.terms.endsAt = window.endsAt
        }
        if code.revenue != nil || code.customerCredit != nil {
            let facts = ReplyFacts(of: definition, code: code)
            options.replyFacts = UInt32(replyFacts.add(facts.bytes))
        }
        return options
    }

    /// Adds the code whose text has just been read.
    private mutating func addReadText(
        _ definition: CouponDefinition, owner: CouponID, options: CodeOptions, line: Int
    ) {
        var flags: CodeTable.Flags = definition.isCaseSensitive ? .caseSensitive : []
        if options == .singleUse { flags.insert(.singleUse) }
        let isPlain = options == .singleUse || options == CodeOptions()
        codes.add(
            text, owner: Int(owner.index), flags: flags, options: isPlain ? nil : options)
        codeLines.append(line)
    }

    mutating func add(_ definition: GiftCardDefinition, store: StoreID, file: CatalogFile) {
        let zone = zone(
            named: file.timezone, place: definition.place, field: definition.path + ".expires_at")
        guard
            read(
                definition.code.utf8.span, place: definition.place, field: definition.path + ".code"
            )
        else { return }
        let id =
            definition.id
            ?? DerivedID.giftCardID(store: stores.name(of: store), code: text.folded)
        let usageKey = key(store: store, id: id)
        if let other = giftCardPlaces.updateValue(definition.place, forKey: usageKey) {
            refuse(
                definition.place, definition.path + ".id",
                "The id “\(id)” is taken by the gift card at \(other.text).")
        }
        codes.add(text, owner: giftCards.count, flags: .giftCard, options: nil)
        codeLines.append(definition.place.line)
        let card = GiftCard(
            store: store, amount: definition.amount, balance: definition.balance,
            currency: definition.currency, isActive: definition.isActive,
            expiresAt: definition.expiresAt.map { endInstant(of: $0, in: zone) } ?? .distantFuture)
        giftCards.add(card, usageKey: usageKey.span, id: id.utf8.span)
        giftCardFiles.append(definition.place.file)
    }

    /// Reads a code's text into ``text``, or tells why it is none.
    private mutating func read(
        _ written: Span<UInt8>, place: SourcePlace, field: String
    ) -> Bool {
        do {
            try text.read(written)
            return true
        } catch {
            switch error {
            case .empty: refuse(place, field, "A code needs at least one character.")
            case .tooLong:
                refuse(place, field, "A code has at most \(CodeText.bytesMax) bytes of text.")
            case .notUTF8: refuse(place, field, "A code must be valid UTF-8.")
            }
            return false
        }
    }
}
