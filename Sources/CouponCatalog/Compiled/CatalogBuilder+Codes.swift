// Codes become rows as they are read; who clashes with whom is found when all of them are indexed.

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
        if definition.isCaseSensitive { stores.note(.caseSensitiveCodes, of: store) }
        for code in definition.codes {
            let place = definition.place.atLine(code.line)
            guard read(code.text.utf8.span, place: place, field: code.path) else { continue }
            addReadText(
                definition, owner: owner,
                options: options(of: code, definition, coupon, place: place, isSingleUse: false),
                line: code.line)
        }
        var origin = CodesOrigin(definition, scope: scope)
        origin.inlineRowCount = codes.count - firstRow
        origins.append(origin)

        guard let file = definition.codesFile else { return }
        let faults = CodesFileReader.read(at: file) { row in
            addRow(row, of: definition, owner: owner, coupon: coupon, file: file)
        }
        for fault in faults { refuse(fault.place, fault.field, fault.message) }
    }

    /// Adds a row of a codes file. One that says nothing of its own is single-use.
    private mutating func addRow(
        _ row: CodesFileRow, of definition: CouponDefinition, owner: CouponID, coupon: Coupon,
        file: String
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
            options = self.options(of: code, definition, coupon, place: place, isSingleUse: true)
        }
        addReadText(definition, owner: owner, options: options, line: row.line)
    }

    /// What a code says beyond its coupon. Where it says nothing about its uses, it has one or is
    /// bounded by its coupon alone.
    private mutating func options(
        of code: CodeDefinition, _ definition: CouponDefinition, _ coupon: Coupon,
        place: SourcePlace, isSingleUse: Bool
    ) -> CodeOptions {
        var options = CodeOptions()
        let isOnce = code.maxUses == nil && (code.isMultiUse.map { !$0 } ?? isSingleUse)
        options.terms.usesLimit = isOnce ? 1 : code.maxUses ?? 0
        options.terms.usesBefore = code.used
        options.terms.isOncePerCustomer = code.isMultiUse ?? false
        if let customer = code.customer {
            options.terms.customer = rules.vocabulary.symbolAdding(customer)
            options.terms.isBoundToCustomer = true
        }
        if code.startsAt != nil || code.endsAt != nil {
            let own = window(from: code.startsAt, to: code.endsAt, in: coupon.zone)
            refuseIfEmpty(own, in: coupon, place: place.atLine(code.windowLine), path: code.path)
            let window = own.cut(to: coupon)
            options.terms.startsAt = window.startsAt
            options.terms.endsAt = window.endsAt
        }
        if code.revenue != nil || code.customerCredit != nil {
            let facts = ReplyFacts(of: definition, code: code)
            options.replyFacts = UInt32(replyFacts.add(facts.json.bytes))
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
        codeLines.append(UInt32(line))
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
        codeLines.append(UInt32(definition.place.line))
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
            case .notUTF8: refuse(place, field, "A code is text in UTF-8.")
            }
            return false
        }
    }
}

// MARK: Clashes

extension CatalogBuilder {
    /// Makes the index of all codes, and tells of every code that another one would answer for.
    mutating func indexCodes() {
        codes.beginIndex()
        for row in 0..<codes.count {
            folded.removeAll()
            codes.appendFoldedText(of: row, to: &folded)
            let store = store(ofRow: row)
            let hash = CodeTable.hash(of: folded.bytes, in: store)
            var probe = codes.probe(hash)
            while let other = codes.nextCandidate(&probe) {
                if codes.isFoldedText(of: other, equalTo: folded.bytes), clash(row, other),
                    self.store(ofRow: other) == store
                {
                    refuseClash(of: row, with: other)
                    break
                }
            }
            codes.insertIntoIndex(row: row, hash: hash)
        }
    }

    /// Whether two rows of one folded text would answer to each other's text, and may not.
    private func clash(_ row: Int, _ other: Int) -> Bool {
        let areExact =
            codes.flags(of: row).contains(.caseSensitive)
            && codes.flags(of: other).contains(.caseSensitive)
        if areExact, !codes.isText(of: other, equalTo: codes.text(of: row)) { return false }
        if isSameOwner(row, other) { return true }
        return scope(ofRow: row) == .store || scope(ofRow: other) == .store
    }

    private mutating func refuseClash(of row: Int, with other: Int) {
        let text = string(codes.text(of: row))
        let otherText = string(codes.text(of: other))
        let owner =
            codes.flags(of: other).contains(.giftCard)
            ? "a gift card" : isSameOwner(row, other) ? "the same coupon" : "another coupon"
        let what = text == otherText ? "is taken" : "reads the same as “\(otherText)”, taken"
        refuse(
            place(ofRow: row), field(ofRow: row),
            "The code “\(text)” \(what) by \(owner) at \(place(ofRow: other).text).")
    }

    private func isGiftCard(_ row: Int) -> Bool { codes.flags(of: row).contains(.giftCard) }

    private func isSameOwner(_ row: Int, _ other: Int) -> Bool {
        codes.owner(of: row) == codes.owner(of: other) && isGiftCard(row) == isGiftCard(other)
    }

    private func store(ofRow row: Int) -> StoreID {
        let owner = codes.owner(of: row)
        return isGiftCard(row) ? giftCards[owner].store : coupons.entry(of: CouponID(owner)).store
    }

    /// A gift card shares its code with nobody.
    private func scope(ofRow row: Int) -> CodeScope {
        isGiftCard(row) ? .store : origins[codes.owner(of: row)].scope
    }

    private func isInline(_ row: Int) -> Bool {
        let owner = codes.owner(of: row)
        let first = Int(coupons.entry(of: CouponID(owner)).firstCode)
        return row - first < origins[owner].inlineRowCount
    }

    private func place(ofRow row: Int) -> SourcePlace {
        let owner = codes.owner(of: row)
        let file: String
        if isGiftCard(row) {
            file = giftCardFiles[owner]
        } else {
            let origin = origins[owner]
            file = isInline(row) ? origin.file : origin.codesFile ?? origin.file
        }
        return SourcePlace(file: file, line: Int(codeLines[row]))
    }

    private func field(ofRow row: Int) -> String {
        if isGiftCard(row) { return "gift_cards.code" }
        return isInline(row) ? origins[codes.owner(of: row)].path + ".codes" : "code"
    }
}
