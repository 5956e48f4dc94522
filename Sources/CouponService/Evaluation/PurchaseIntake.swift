// From the request's texts to the symbols of the catalog. Most coupons look at no attribute at all, so
// texts are looked up only when some owner of a code asks for them.

import CouponCatalog
import CouponRules
import CouponWire
import FlatStorage

/// What the request says of one code alone: see ``Candidate/context`` and ``Candidate/lineMarks``.
struct CodeContext: BitwiseCopyable {
    var attributes = Run.empty
    var lineMarks = Run.empty
}

extension IncomingRequest {
    /// Fills ``purchase`` as far as `needs` says. Returns the index of the line whose money or quantity no
    /// longer fits into the sum, or the number of lines when shipping does not; nil when all fits.
    mutating func takeIn(_ needs: IntakeNeeds, _ catalog: borrowing Catalog) -> Int? {
        purchase.reset()
        contexts.removeAll()
        for place in fields.codes.indices {
            var context = CodeContext()
            if needs.contains(.attributes) {
                context.attributes = takeIn(fields.codes[place].context, catalog)
            }
            contexts.append(context)
        }
        if needs.contains(.attributes) {
            purchase.context = takeIn(fields.context, catalog)
        }
        if needs.contains(.customer) { takeInCustomer(catalog) }
        guard fields.cart.isGiven else { return nil }

        purchase.hasCart = true
        purchase.currency = fields.cart.currency
        purchase.shipping = fields.cart.shipping
        for index in fields.lines.indices {
            let line = fields.lines[index]
            var attributes = Run.empty
            if needs.contains(.attributes) {
                let product = Purchase.Attribute(
                    name: .product, value: catalog.symbol(for: bytes(of: line.product)))
                attributes = takeIn(line.attributes, after: product, catalog)
            }
            let fits = purchase.addLine(
                quantity: line.quantity, unitPrice: line.unitPrice, isOnSale: line.isOnSale,
                attributes: attributes)
            if !fits { return index }
        }
        for place in fields.codes.indices {
            contexts[place].lineMarks = markLines(meeting: fields.codes[place].context)
        }
        // What the shopper pays must be a number that every reader keeps exact, too.
        let shipping = purchase.shipping ?? .zero
        return purchase.subtotal.adding(shipping) == nil ? purchase.lines.count : nil
    }

    /// Takes in a run of attributes, after one that is known already.
    private mutating func takeIn(
        _ run: Run, after known: Purchase.Attribute? = nil, _ catalog: borrowing Catalog
    ) -> Run {
        let first = purchase.attributes.count
        if let known { purchase.attributes.append(known) }
        for index in run.range {
            let attribute = fields.attributes[index]
            let name = catalog.symbol(for: bytes(of: attribute.key))
            // No rule asks for a name that no definition mentions.
            if name == .unmentioned { continue }
            if attribute.values.isEmpty {
                purchase.attributes.append(Purchase.Attribute(name: name, value: .unmentioned))
            }
            for valueIndex in attribute.values.range {
                let value = catalog.symbol(for: bytes(of: fields.values[valueIndex]))
                purchase.attributes.append(Purchase.Attribute(name: name, value: value))
            }
        }
        return Run(first: first, count: purchase.attributes.count - first)
    }

    private mutating func takeInCustomer(_ catalog: borrowing Catalog) {
        let given = fields.customer
        var customer = Purchase.Customer()
        // Definitions name customers by id or, with an `@`, by e-mail: neither answers to the other.
        if !given.id.isEmpty {
            let id = bytes(of: given.id)
            customer.hasID = true
            customer.id = id.hasAtSign ? .unmentioned : catalog.symbol(for: id)
        }
        if !given.email.isEmpty {
            let email = bytes(of: given.email)
            customer.hasEmail = true
            customer.email = email.hasAtSign ? catalog.symbol(for: email) : .unmentioned
        }
        for index in given.groups.range {
            let group = catalog.symbol(for: bytes(of: fields.values[index]))
            purchase.groups.append(group)
        }
        customer.hasGroups = !given.groups.isEmpty
        customer.groups = Run(first: 0, count: purchase.groups.count)
        customer.previousOrders = given.orders
        purchase.customer = customer
    }

    /// Marks the lines that match the context of one code; none when it has no context. Its texts
    /// are compared as they are, because definitions need not mention them.
    private mutating func markLines(meeting context: Run)
        -> Run
    {
        if context.isEmpty { return .empty }
        let first = purchase.lineMarks.count
        for index in fields.lines.indices {
            let line = fields.lines[index]
            var meetsAll = true
            for wanted in context.range where meetsAll {
                meetsAll = self.line(line, meets: fields.attributes[wanted])
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

extension IncomingRequest {
    /// Whether a line has one of the values wanted; one that lacks the attribute has the request's,
    /// except for `product`. A context without values is met by every line.
    fileprivate borrowing func line(_ line: RequestLine, meets wanted: RequestAttribute) -> Bool {
        if wanted.values.isEmpty { return true }
        let key = bytes(of: wanted.key)
        if key.isEqual(to: "product".utf8.span) {
            return isValue(bytes(of: line.product), among: wanted.values)
        }
        var isGiven = false
        for index in line.attributes.range {
            let attribute = fields.attributes[index]
            guard bytes(of: attribute.key).isEqual(to: key) else { continue }
            isGiven = true
            if hasCommonValue(attribute.values, wanted.values) { return true }
        }
        if isGiven { return false }
        for index in fields.context.range {
            let attribute = fields.attributes[index]
            guard bytes(of: attribute.key).isEqual(to: key) else { continue }
            if hasCommonValue(attribute.values, wanted.values) { return true }
        }
        return false
    }

    private borrowing func hasCommonValue(_ values: Run, _ others: Run) -> Bool {
        for index in values.range where isValue(bytes(of: fields.values[index]), among: others) {
            return true
        }
        return false
    }

    private borrowing func isValue(_ text: Span<UInt8>, among values: Run) -> Bool {
        for index in values.range where bytes(of: fields.values[index]).isEqual(to: text) {
            return true
        }
        return false
    }
}
