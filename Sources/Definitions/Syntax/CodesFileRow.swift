import CouponRules

/// One row of a codes file, lent to its visitor for as long as the visit lasts.
package struct CodesFileRow: ~Escapable {
    /// 1-based; where the row begins.
    package let line: Int
    /// The code as written but for spaces around it: UTF-8 without control characters, 1 ... 255
    /// bytes.
    package let code: Span<UInt8>
    /// The id or e-mail of the only customer who may use it, as written but for spaces around it;
    /// empty when every customer may.
    package let customer: Span<UInt8>
    package let terms: Terms

    /// What a row says beyond its code and customer; each is nil where the cell is empty.
    package struct Terms: Equatable, Sendable, BitwiseCopyable {
        /// At least 1.
        package var maxUses: Int64?
        package var startsAt: WrittenMoment?
        package var endsAt: WrittenMoment?
        package var isMultiUse: Bool?

        package init() {}
    }

    @_lifetime(copy code, copy customer)
    init(line: Int, code: Span<UInt8>, customer: Span<UInt8>, terms: Terms) {
        self.line = line
        self.code = code
        self.customer = customer
        self.terms = terms
    }

    /// Whether it is nothing but a code.
    package var isPlain: Bool { customer.isEmpty && terms == Terms() }
}

extension CodesFileRow.Terms {
    /// Reads a cell that is not empty. Returns what is wrong with it, if anything.
    mutating func read(_ column: CodesFileColumn, _ cell: Span<UInt8>) -> String? {
        switch column {
        case .code, .customer: return nil
        case .maxUses:
            maxUses = wholeNumber(text(cell))
            if (1...Money.largest.minorUnits).contains(maxUses ?? 0) { return nil }
            return "`\(text(cell).shortened)` is not a number of uses: it must be at least 1."
        case .multiUse:
            switch text(cell).lowercased() {
            case "true": isMultiUse = true
            case "false": isMultiUse = false
            default: return "`\(text(cell).shortened)` is neither true nor false."
            }
            return nil
        case .startsAt, .endsAt:
            do throws(Moment.Fault) {
                let moment = try Moment.parse(cell)
                if column == .startsAt { startsAt = moment } else { endsAt = moment }
                return nil
            } catch {
                return "`\(text(cell).shortened)` \(error.explanation)"
            }
        }
    }

    private func text(_ cell: Span<UInt8>) -> String {
        String(decoding: cell.indices.map { cell[$0] }, as: UTF8.self)
    }
}
