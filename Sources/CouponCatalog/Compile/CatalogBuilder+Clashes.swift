// Making the index of codes is what finds those that clash. A row that clashes is told and left out:
// the catalog is not served, and a file that says one code a hundred thousand times would otherwise
// make one chain of all its rows, each walked by the next. For the same reason a code has a bounded
// number of owners.

import Definitions
import CouponRules
import FlatStorage

/// Faults of one file about its codes: a list of codes that is given twice has as many as codes.
struct CodeFaultCount {
    /// How many are told one by one.
    static let toldMax = 100

    var told = 0
    var untold = 0
    /// Where the first of those stands that are only counted.
    var firstUntold: (place: SourcePlace, field: String)?
}

extension CatalogBuilder {
    /// How many coupons may own one code: a request is judged by each of them.
    static let ownersMax = 100

    private enum Relation {
        /// No text is answered by both.
        case apart
        case shared
        case clash
    }

    /// Makes the index of all codes, and tells of every code that another one would answer for.
    private static let codesPerProgress = 1 << 17

    mutating func indexCodes() {
        codes.beginIndex()
        var counts: [String: CodeFaultCount] = [:]
        for row in 0..<codes.count {
            if row % CatalogBuilder.codesPerProgress == 0 {
                recorder?.onProgress(.indexing(codes: row, of: codes.count))
            }
            folded.removeAll()
            codes.appendFoldedText(of: row, to: &folded)
            let hash = CodeTable.hash(durableHash64(folded.bytes), in: store(ofRow: row))
            if let message = clash(of: row, hash: hash) {
                refuse(row, message, &counts)
            } else {
                codes.insertIntoIndex(row: row, hash: hash)
            }
        }
        for file in counts.keys.sorted() {
            guard let count = counts[file], let first = count.firstUntold else { continue }
            refuse(first.place, first.field, "… and \(count.untold) more.")
        }
    }

    private mutating func refuse(
        _ row: Int, _ message: String, _ counts: inout [String: CodeFaultCount]
    ) {
        let (place, field) = (place(ofRow: row), field(ofRow: row))
        var count = counts[place.file] ?? CodeFaultCount()
        if count.told < CodeFaultCount.toldMax {
            count.told += 1
            refuse(place, field, message)
        } else {
            count.untold += 1
            if count.firstUntold == nil { count.firstUntold = (place, field) }
        }
        counts[place.file] = count
    }

    /// Why the row, whose folded text is in ``folded``, cannot stand beside those in the index.
    private func clash(of row: Int, hash: UInt64) -> String? {
        let store = store(ofRow: row)
        var ownerCount = 0
        var probe = codes.probe(hash)
        while let other = codes.nextCandidate(&probe) {
            guard codes.isFoldedText(of: other, equalTo: folded.bytes),
                self.store(ofRow: other) == store
            else { continue }
            switch relation(row, other) {
            case .apart: break
            case .shared: ownerCount += 1
            case .clash: return explanation(ofClashOf: row, with: other)
            }
        }
        if ownerCount < CatalogBuilder.ownersMax { return nil }
        return "The code “\(string(codes.text(of: row)))” belongs to "
            + "\(CatalogBuilder.ownersMax) coupons already, and more may not share one."
    }

    /// How two rows of one folded text and store go together.
    private func relation(_ row: Int, _ other: Int) -> Relation {
        let areExact =
            codes.flags(of: row).contains(.caseSensitive)
            && codes.flags(of: other).contains(.caseSensitive)
        if areExact, !codes.isText(of: other, equalTo: codes.text(of: row)) { return .apart }
        if isSameOwner(row, other) { return .clash }
        let isShared = scope(ofRow: row) == .coupon && scope(ofRow: other) == .coupon
        return isShared ? .shared : .clash
    }

    private func explanation(ofClashOf row: Int, with other: Int) -> String {
        let text = string(codes.text(of: row))
        let otherText = string(codes.text(of: other))
        let owner =
            codes.flags(of: other).contains(.giftCard)
            ? "a gift card" : isSameOwner(row, other) ? "the same coupon" : "another coupon"
        let what = text == otherText ? "is taken" : "reads the same as “\(otherText)”, taken"
        return "The code “\(text)” \(what) by \(owner) at \(place(ofRow: other).text)."
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
        return SourcePlace(file: file, line: codeLines[row])
    }

    private func field(ofRow row: Int) -> String {
        if isGiftCard(row) { return "gift_cards.code" }
        return isInline(row) ? origins[codes.owner(of: row)].path + ".codes" : "code"
    }
}
