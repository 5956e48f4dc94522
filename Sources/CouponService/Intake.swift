// From the request's texts to the symbols that coupons are judged in. Most coupons look at no
// attribute at all, so texts are looked up only when some owner of the code asks for them.

import CouponCatalog
import CouponRules
import CouponWire

/// What of a request the coupons at hand look at.
struct IntakeNeeds: OptionSet {
    let rawValue: UInt8

    /// Attributes of lines and of the context.
    static let attributes = IntakeNeeds(rawValue: 1)
    /// Who is asking.
    static let customer = IntakeNeeds(rawValue: 2)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ coupon: Coupon, _ terms: CodeTerms) {
        self = []
        if coupon.readsAttributes { insert(.attributes) }
        if coupon.checks.contains(.customerGiven) || terms.isBoundToCustomer { insert(.customer) }
    }
}

extension Checkout {
    /// Fills `purchase` from the request; the index of the line at which the cart's money passes
    /// what money can be, if one does.
    mutating func takeIn(
        _ needs: IntakeNeeds, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser
    ) -> Int? {
        purchase.reset()
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
        if !given.id.isEmpty {
            customer.hasID = true
            customer.id = catalog.symbol(for: parser.bytes(of: given.id))
        }
        if !given.email.isEmpty {
            customer.hasEmail = true
            customer.email = catalog.symbol(for: parser.bytes(of: given.email))
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
}
