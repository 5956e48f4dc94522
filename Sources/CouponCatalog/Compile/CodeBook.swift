// A coupon's codes become rows as they are read. Clashes are found when all rows are indexed. A row
// that clashes is reported and left out of the index: the catalog is not served, and a file that
// repeats one code a hundred thousand times would otherwise make one chain of all its rows, each
// walked by the next. For the same reason the number of owners of one code is limited.

import Definitions
import CouponRules
import FlatStorage

/// The codes of all coupons, the gift cards, and the places where they are defined.
struct CodeBook: ~Copyable {
    /// How many coupons may own one code: a request evaluates each of them.
    private static let ownersMax = 100
    private static let codesPerProgress = 1 << 17

    /// Where a coupon's codes are defined.
    private struct Origin {
        let store: StoreID
        let scope: CodeScope
        let file: String
        let field: String
        let codesFile: String?
        /// The end of the rows from the definition itself; those after them are from `codesFile`.
        var inlineEnd: Int
    }

    /// Faults of one file about its codes: a list of codes that is given twice has as many as codes.
    private struct FaultCount {
        /// How many are reported one by one.
        static let reportedMax = 100

        var reported = 0
        var unreported = 0
        var firstUnreported: (place: SourcePlace, field: String)?
    }

    private enum Relation {
        /// No text matches both.
        case apart
        case shared
        case clash
    }

    private(set) var table = CodeTable()
    private(set) var giftCards = GiftCardTable()
    private var lines = RowLines()
    /// By coupon.
    private var origins: [Origin] = []
    private var giftCardFiles: [String] = []
    /// By usage key.
    private var giftCardPlaces: [[UInt8]: SourcePlace] = [:]
    /// The code that is being read.
    private var text = CodeText()
    private var folded = ByteBuffer()
    private let faults: FaultList
    private let recorder: SourceRecorder?

    init(faults: FaultList, recorder: SourceRecorder?) {
        self.faults = faults
        self.recorder = recorder
    }

    // MARK: Rows

    /// Adds the codes of a coupon, in its definition and in its codes file.
    mutating func addCodes(
        _ terms: CodeTermsCompiler, owner: CouponID, store: StoreID, scope: CodeScope,
        rules: inout RuleCompiler, replyFacts: inout TextTable
    ) -> Range<Int> {
        let definition = terms.definition
        let first = table.count
        for code in definition.codes {
            let place = definition.place.atLine(code.line)
            guard read(code.text.utf8.span, place: place, field: code.path) else { continue }
            var options = CodeOptions()
            options.terms = terms.terms(of: code, at: place, isSingleUse: false, rules: &rules)
            if code.revenue != nil || code.customerCredit != nil {
                let facts = ReplyFacts(of: definition, code: code)
                options.replyFacts = UInt32(replyFacts.add(facts.bytes))
            }
            addReadText(definition, owner: owner, options: options, line: code.line)
        }
        let inlineEnd = table.count
        origins.append(
            Origin(
                store: store, scope: scope, file: definition.place.file,
                field: definition.path + ".codes", codesFile: definition.codesFile,
                inlineEnd: inlineEnd))

        guard let file = definition.codesFile else { return first..<table.count }
        do throws(UnreadableFile) {
            let found = try CodesFileReader.read(at: file, recorder: recorder) { row in
                let place = SourcePlace(file: file, line: row.line)
                guard read(row.code, place: place, field: "code") else { return }
                var options = CodeOptions.singleUse
                if !row.isPlain {
                    let code = CodeDefinition(row)
                    options.terms = terms.terms(
                        of: code, at: place, isSingleUse: true, rules: &rules)
                }
                addReadText(definition, owner: owner, options: options, line: row.line)
            }
            for fault in found { faults.refuse(fault.place, fault.field, fault.message) }
            if found.isEmpty, table.count == inlineEnd {
                recorder?.warn(SourcePlace(file: file, line: 1), "", "No row follows the header.")
            }
        } catch {
            faults.refuse(
                definition.place.atLine(definition.codesFileLine),
                definition.path + ".codes_file",
                "The codes file \(file) cannot be read. \(error.explanation)")
        }
        return first..<table.count
    }

    /// Adds the code whose text has just been read.
    private mutating func addReadText(
        _ definition: CouponDefinition, owner: CouponID, options: CodeOptions, line: Int
    ) {
        var flags: CodeTable.Flags = definition.isCaseSensitive ? .caseSensitive : []
        if options == .singleUse { flags.insert(.singleUse) }
        let isPlain = options == .singleUse || options == CodeOptions()
        table.add(text, owner: Int(owner.index), flags: flags, options: isPlain ? nil : options)
        lines.append(line)
    }

    mutating func add(
        _ definition: GiftCardDefinition, store: StoreID, in stores: borrowing StoreTable,
        expiresAt: Instant
    ) {
        let place = definition.place
        guard read(definition.code.utf8.span, place: place, field: definition.path + ".code")
        else { return }
        let id =
            definition.id
            ?? DerivedID.giftCardID(store: stores.name(of: store), code: text.folded)
        let usageKey = stores.usageKey(in: store, id: id)
        if let other = giftCardPlaces.updateValue(place, forKey: usageKey) {
            faults.refuse(
                place, definition.path + ".id",
                "The id “\(id)” is taken by the gift card at \(other.text).")
        }
        table.add(text, owner: giftCards.count, flags: .giftCard, options: nil)
        lines.append(place.line)
        let card = GiftCard(
            store: store, amount: definition.amount, balance: definition.balance,
            currency: definition.currency, isActive: definition.isActive, expiresAt: expiresAt)
        giftCards.add(card, usageKey: usageKey.span, id: id.utf8.span)
        giftCardFiles.append(place.file)
    }

    /// Reads a code's text into ``text``, or refuses it.
    private mutating func read(_ written: Span<UInt8>, place: SourcePlace, field: String) -> Bool {
        do {
            try text.read(written)
            return true
        } catch {
            switch error {
            case .empty: faults.refuse(place, field, "A code needs at least one character.")
            case .tooLong:
                faults.refuse(
                    place, field, "A code has at most \(CodeText.bytesMax) bytes of text.")
            case .notUTF8: faults.refuse(place, field, "A code must be valid UTF-8.")
            }
            return false
        }
    }

    // MARK: Clashes

    /// Builds the index of all codes, and refuses each code that clashes with one before it.
    mutating func buildIndex() {
        table.beginIndex()
        var counts: [String: FaultCount] = [:]
        for row in 0..<table.count {
            if row % CodeBook.codesPerProgress == 0 {
                recorder?.onProgress(.indexing(codes: row, of: table.count))
                if recorder?.isOverdue == true { return }
            }
            folded.removeAll()
            table.appendFoldedText(of: row, to: &folded)
            let hash = CodeTable.hash(durableHash64(folded.bytes), in: store(ofRow: row))
            if let other = repeatedRow(row, hash: hash) {
                warn(row, repeats: other)
            } else if let message = clash(of: row, hash: hash) {
                refuse(row, message, &counts)
            } else {
                table.insertIntoIndex(row: row, hash: hash)
            }
        }
        for file in counts.keys.sorted() {
            guard let count = counts[file], let first = count.firstUnreported else { continue }
            faults.refuse(first.place, first.field, "… and \(count.unreported) more.")
        }
    }

    private mutating func refuse(
        _ row: Int, _ message: String, _ counts: inout [String: FaultCount]
    ) {
        let (place, field) = source(ofRow: row)
        var count = counts[place.file] ?? FaultCount()
        if count.reported < FaultCount.reportedMax {
            count.reported += 1
            faults.refuse(place, field, message)
        } else {
            count.unreported += 1
            if count.firstUnreported == nil { count.firstUnreported = (place, field) }
        }
        counts[place.file] = count
    }

    /// The row of the same codes file that the row, whose folded text is in ``folded``, repeats
    /// exactly.
    private func repeatedRow(_ row: Int, hash: UInt64) -> Int? {
        guard isFromCodesFile(row) else { return nil }
        var probe = table.probe(hash)
        while let other = table.nextCandidate(&probe) {
            if isSameOwner(row, other), isFromCodesFile(other),
                table.isText(of: other, equalTo: table.text(of: row)),
                table.options(of: other) == table.options(of: row)
            {
                return other
            }
        }
        return nil
    }

    private func isFromCodesFile(_ row: Int) -> Bool {
        !isGiftCard(row) && row >= origins[table.owner(of: row)].inlineEnd
    }

    /// A row that is left out, because the one that it repeats says all of it.
    private func warn(_ row: Int, repeats other: Int) {
        let (place, field) = source(ofRow: row)
        recorder?.warn(
            place, field,
            "The row repeats the code “\(string(table.text(of: row)))” of line \(lines[other]).")
    }

    /// Why the row, whose folded text is in ``folded``, cannot stand beside those in the index.
    private func clash(of row: Int, hash: UInt64) -> String? {
        let store = store(ofRow: row)
        var ownerCount = 0
        var probe = table.probe(hash)
        while let other = table.nextCandidate(&probe) {
            guard table.isFoldedText(of: other, equalTo: folded.bytes),
                self.store(ofRow: other) == store
            else { continue }
            switch relation(row, other) {
            case .apart: break
            case .shared: ownerCount += 1
            case .clash: return explanation(ofClashOf: row, with: other)
            }
        }
        if ownerCount < CodeBook.ownersMax { return nil }
        return "The code “\(string(table.text(of: row)))” belongs to "
            + "\(CodeBook.ownersMax) coupons already, and more may not share one."
    }

    /// How two rows of one folded text and store go together.
    private func relation(_ row: Int, _ other: Int) -> Relation {
        let areExact =
            table.flags(of: row).contains(.caseSensitive)
            && table.flags(of: other).contains(.caseSensitive)
        if areExact, !table.isText(of: other, equalTo: table.text(of: row)) { return .apart }
        if isSameOwner(row, other) { return .clash }
        return isShared(row) && isShared(other) ? .shared : .clash
    }

    private func explanation(ofClashOf row: Int, with other: Int) -> String {
        let text = string(table.text(of: row))
        let otherText = string(table.text(of: other))
        let owner =
            isGiftCard(other)
            ? "a gift card" : isSameOwner(row, other) ? "the same coupon" : "another coupon"
        let what = text == otherText ? "is taken" : "reads the same as “\(otherText)”, taken"
        return "The code “\(text)” \(what) by \(owner) at \(source(ofRow: other).place.text)."
    }

    private func isGiftCard(_ row: Int) -> Bool { table.flags(of: row).contains(.giftCard) }

    private func isSameOwner(_ row: Int, _ other: Int) -> Bool {
        table.owner(of: row) == table.owner(of: other) && isGiftCard(row) == isGiftCard(other)
    }

    private func store(ofRow row: Int) -> StoreID {
        let owner = table.owner(of: row)
        return isGiftCard(row) ? giftCards[owner].store : origins[owner].store
    }

    /// Whether other coupons may own the row's code.
    private func isShared(_ row: Int) -> Bool {
        !isGiftCard(row) && origins[table.owner(of: row)].scope == .coupon
    }

    private func source(ofRow row: Int) -> (place: SourcePlace, field: String) {
        let owner = table.owner(of: row)
        let (file, field): (String, String)
        if isGiftCard(row) {
            (file, field) = (giftCardFiles[owner], "gift_cards.code")
        } else if row < origins[owner].inlineEnd {
            (file, field) = (origins[owner].file, origins[owner].field)
        } else {
            (file, field) = (origins[owner].codesFile ?? origins[owner].file, "code")
        }
        return (SourcePlace(file: file, line: lines[row]), field)
    }
}

extension CodeDefinition {
    /// A row of a codes file.
    fileprivate init(_ row: borrowing CodesFileRow) {
        self.init(text: "", line: row.line)
        maxUses = row.terms.maxUses
        startsAt = row.terms.startsAt
        endsAt = row.terms.endsAt
        isMultiUse = row.terms.isMultiUse
        customer = row.customer.isEmpty ? nil : string(row.customer).asCustomer
    }
}
