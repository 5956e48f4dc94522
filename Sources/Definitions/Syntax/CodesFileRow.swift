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
