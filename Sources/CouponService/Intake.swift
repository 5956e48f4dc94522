// From the request's texts to the symbols that coupons are judged in. Most coupons look at no
// attribute at all, so texts are looked up only when some owner of the code asks for them.

import CouponCatalog
import CouponRules
import CouponWire
import FlatStorage

/// What of a request the coupons at hand look at.
struct IntakeNeeds: OptionSet {
    let rawValue: UInt8

    /// Attributes of lines and of the context.
    static let attributes = IntakeNeeds(rawValue: 1)
    /// Who is asking.
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

/// What the request says of one code alone: see ``Candidate/context`` and ``Candidate/lineMarks``.
struct CodeContext: BitwiseCopyable {
    var attributes = Run.empty
    var lineMarks = Run.empty
}

extension Checkout {
    /// Fills `purchase` from the request; the index of the line at which the cart's money passes
    /// what money can be, if one does.
    mutating func takeIn(
        _ needs: IntakeNeeds, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser
    ) -> Int? {
        purchase.reset()
        contexts.removeAll()
        for place in parser.request.codes.indices {
            var context = CodeContext()
            if needs.contains(.attributes) {
                context.attributes = takeIn(parser.request.codes[place].context, catalog, parser)
            }
            contexts.append(context)
        }
        if needs.contains(.attributes) {
            purchase.context = takeIn(parser.request.context, catalog, parser)
        }
        if needs.contains(.customer) { takeInCustomer(catalog, parser) }
        guard parser.request.cart.isGiven else { return nil }

        purchase.hasCart = true
        purchase.currency = parser.request.cart.currency
        purchase.shipping = parser.request.cart.shipping
        for index in parser.request.lines.indices {
            let line = parser.request.lines[index]
            var attributes = Run.empty
            if needs.contains(.attributes) {
                let product = Purchase.Attribute(
                    name: .product, value: catalog.symbol(for: parser.bytes(of: line.product)))
                attributes = takeIn(line.attributes, after: product, catalog, parser)
            }
            let fits = purchase.addLine(
                quantity: line.quantity, unitPrice: line.unitPrice, isOnSale: line.isOnSale,
                attributes: attributes)
            if !fits { return index }
        }
        for place in parser.request.codes.indices {
            contexts[place].lineMarks = markLines(
                meeting: parser.request.codes[place].context, parser)
        }
        // What the shopper pays must be a number that every reader keeps exact, too.
        let shipping = purchase.shipping ?? .zero
        return purchase.subtotal.adding(shipping) == nil ? purchase.lines.count : nil
    }

    /// Takes in a run of attributes, after one that is known already.
    private mutating func takeIn(
        _ run: Run, after known: Purchase.Attribute? = nil, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser
    ) -> Run {
        let first = purchase.attributes.count
        if let known { purchase.attributes.append(known) }
        for index in run.range {
            let attribute = parser.request.attributes[index]
            let name = catalog.symbol(for: parser.bytes(of: attribute.key))
            // No rule asks for a name that no definition mentions.
            if name == .unmentioned { continue }
            if attribute.values.isEmpty {
                purchase.attributes.append(Purchase.Attribute(name: name, value: .unmentioned))
            }
            for valueIndex in attribute.values.range {
                let value = parser.bytes(of: parser.request.values[valueIndex])
                purchase.attributes.append(
                    Purchase.Attribute(name: name, value: catalog.symbol(for: value)))
            }
        }
        return Run(first: first, count: purchase.attributes.count - first)
    }

    private mutating func takeInCustomer(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser
    ) {
        let given = parser.request.customer
        var customer = Purchase.Customer()
        // Definitions name customers by id or, with an `@`, by e-mail: neither answers to the other.
        if !given.id.isEmpty {
            let id = parser.bytes(of: given.id)
            customer.hasID = true
            customer.id = id.hasAtSign ? .unmentioned : catalog.symbol(for: id)
        }
        if !given.email.isEmpty {
            let email = parser.bytes(of: given.email)
            customer.hasEmail = true
            customer.email = email.hasAtSign ? catalog.symbol(for: email) : .unmentioned
        }
        for index in given.groups.range {
            let group = parser.bytes(of: parser.request.values[index])
            purchase.groups.append(catalog.symbol(for: group))
        }
        customer.hasGroups = !given.groups.isEmpty
        customer.groups = Run(first: 0, count: purchase.groups.count)
        customer.previousOrders = given.orders
        purchase.customer = customer
    }

    /// Marks the lines that match the context of one code; none when it has no context. Its texts
    /// are compared as they are, because definitions need not mention them.
    private mutating func markLines(meeting context: Run, _ parser: borrowing RequestParser) -> Run
    {
        if context.isEmpty { return .empty }
        let first = purchase.lineMarks.count
        for index in parser.request.lines.indices {
            let line = parser.request.lines[index]
            var meetsAll = true
            for wanted in context.range where meetsAll {
                meetsAll = parser.line(line, meets: parser.request.attributes[wanted])
            }
            purchase.lineMarks.append(meetsAll)
        }
        return Run(first: first, count: purchase.lineMarks.count - first)
    }
}

extension Span where Element == UInt8 {
    fileprivate var hasAtSign: Bool {
        for index in 0..<count where self[index] == UInt8(ascii: "@") { return true }
        return false
    }
}

extension RequestParser {
    /// Whether a line has one of the values wanted; one that lacks the attribute has the request's,
    /// except for `product`. Nothing wanted is no wish.
    fileprivate borrowing func line(_ line: RequestLine, meets wanted: RequestAttribute) -> Bool {
        if wanted.values.isEmpty { return true }
        let key = bytes(of: wanted.key)
        if key.isEqual(to: "product".utf8.span) {
            return isValue(bytes(of: line.product), among: wanted.values)
        }
        var isGiven = false
        for index in line.attributes.range {
            let attribute = request.attributes[index]
            guard bytes(of: attribute.key).isEqual(to: key) else { continue }
            isGiven = true
            if hasCommonValue(attribute.values, wanted.values) { return true }
        }
        if isGiven { return false }
        for index in request.context.range {
            let attribute = request.attributes[index]
            guard bytes(of: attribute.key).isEqual(to: key) else { continue }
            if hasCommonValue(attribute.values, wanted.values) { return true }
        }
        return false
    }

    private borrowing func hasCommonValue(_ values: Run, _ others: Run) -> Bool {
        for index in values.range where isValue(bytes(of: request.values[index]), among: others) {
            return true
        }
        return false
    }

    private borrowing func isValue(_ text: Span<UInt8>, among values: Run) -> Bool {
        for index in values.range where bytes(of: request.values[index]).isEqual(to: text) {
            return true
        }
        return false
    }
}
