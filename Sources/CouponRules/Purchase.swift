// What a shopper brings to the counter, in the catalog's symbols. Filled once per request from the
// parsed line; its arrays keep their memory from request to request.

/// A cart, the customer and the circumstances of one request.
package struct Purchase: ~Copyable {
    package struct Line: Hashable, Sendable, BitwiseCopyable {
        /// At least 1.
        package var quantity: Int64
        package var unitPrice: Money
        /// Quantity times unit price.
        package var value: Money
        package var isOnSale: Bool
        /// A run of ``Purchase/attributes``.
        package var attributes: Run

        package init(
            quantity: Int64, unitPrice: Money, value: Money, isOnSale: Bool, attributes: Run
        ) {
            self.quantity = quantity
            self.unitPrice = unitPrice
            self.value = value
            self.isOnSale = isOnSale
            self.attributes = attributes
        }
    }

    /// One value of one attribute. An attribute given without values has one that no rule lists.
    package struct Attribute: Hashable, Sendable, BitwiseCopyable {
        package var name: Symbol
        package var value: Symbol

        package init(name: Symbol, value: Symbol) {
            self.name = name
            self.value = value
        }
    }

    /// Who is asking; what is absent is nil or empty.
    package struct Customer: Hashable, Sendable, BitwiseCopyable {
        package var hasID = false
        package var hasEmail = false
        package var id = Symbol.unmentioned
        package var email = Symbol.unmentioned
        package var hasGroups = false
        /// A run of ``Purchase/groups``.
        package var groups = Run.empty
        /// Orders made before this one.
        package var previousOrders: Int64?

        package init() {}

        /// Whether the request says anything about who is asking.
        package var isGiven: Bool { isIdentified || hasGroups || previousOrders != nil }
        /// Whether it says who, not just what kind of customer.
        package var isIdentified: Bool { hasID || hasEmail }
    }

    /// Without a cart there is no currency, no line and no money.
    package var hasCart = false
    package var currency = Currency.none
    package var shipping: Money?
    package private(set) var lines: [Line] = []
    package var attributes: [Attribute] = []
    /// The request's own attributes, which a line inherits where it lacks them.
    package var context = Run.empty
    package var groups: [Symbol] = []
    package var customer = Customer()
    /// Which lines match the contexts that the request gives single codes: a mark for each line
    /// and code, what ``Claim/lineMarks`` are runs of.
    package var lineMarks: [Bool] = []

    /// Sum of the lines' values.
    package private(set) var subtotal = Money.zero
    /// Sum of the lines' quantities.
    package private(set) var itemCount: Int64 = 0

    package init(lineCapacity: Int = 16) {
        lines.reserveCapacity(lineCapacity)
        attributes.reserveCapacity(lineCapacity * 4)
        groups.reserveCapacity(lineCapacity)
    }

    /// Empties it for the next request.
    package mutating func reset() {
        hasCart = false
        currency = .none
        shipping = nil
        lines.removeAll(keepingCapacity: true)
        attributes.removeAll(keepingCapacity: true)
        context = .empty
        groups.removeAll(keepingCapacity: true)
        lineMarks.removeAll(keepingCapacity: true)
        customer = Customer()
        subtotal = .zero
        itemCount = 0
    }

    /// Adds a line; false, and nothing added, when its value or the sums pass what money can be.
    package mutating func addLine(
        quantity: Int64, unitPrice: Money, isOnSale: Bool, attributes: Run
    ) -> Bool {
        let (items, overflow) = itemCount.addingReportingOverflow(quantity)
        guard !overflow, let value = unitPrice.times(quantity),
            let newSubtotal = subtotal.adding(value)
        else { return false }
        subtotal = newSubtotal
        itemCount = items
        lines.append(
            Line(
                quantity: quantity, unitPrice: unitPrice, value: value, isOnSale: isOnSale,
                attributes: attributes))
        return true
    }
}

extension Purchase {
    /// Whether a line has one of the clause's values. A line that lacks the attribute has the
    /// request's, except for `product`, which only a line can have.
    package func line(_ line: Line, meets clause: Clause, by tables: borrowing RuleTables) -> Bool {
        var isGiven = false
        for index in line.attributes.range where attributes[index].name == clause.attribute {
            if tables.contains(attributes[index].value, in: clause.values) { return true }
            isGiven = true
        }
        if isGiven || clause.attribute == .product { return false }
        return contextMeets(clause, by: tables)
    }

    /// Whether the request's context has one of the clause's values.
    package func contextMeets(_ clause: Clause, by tables: borrowing RuleTables) -> Bool {
        for index in context.range where attributes[index].name == clause.attribute {
            if tables.contains(attributes[index].value, in: clause.values) { return true }
        }
        return false
    }

    /// Whether the request's context says anything about `attribute`.
    package func contextHas(_ attribute: Symbol) -> Bool {
        for index in context.range where attributes[index].name == attribute { return true }
        return false
    }

    /// Whether `coupon` covers `line`: some map of its cover is met whole, and no exclusion is.
    package func covers(_ line: Line, by coupon: Coupon, in tables: borrowing RuleTables) -> Bool {
        if coupon.skipsSaleItems && line.isOnSale { return false }
        for index in coupon.excludes.range
        where self.line(line, meets: tables.clauses[index], by: tables) {
            return false
        }
        return self.line(line, meetsAnyOf: coupon.appliesTo, by: tables)
    }

    /// Whether a line meets all clauses of some map of a cover; one without maps holds every line.
    package func line(
        _ line: Line, meetsAnyOf maps: Run, by tables: borrowing RuleTables
    ) -> Bool {
        if maps.isEmpty { return true }
        for mapIndex in maps.range {
            var meetsAll = true
            for index in tables.maps[mapIndex].range where meetsAll {
                meetsAll = self.line(line, meets: tables.clauses[index], by: tables)
            }
            if meetsAll { return true }
        }
        return false
    }

    /// Without a cart: whether the context alone rules out that `coupon` covers anything. Keys that
    /// the context lacks are not judged.
    package func contextRulesOut(_ coupon: Coupon, in tables: borrowing RuleTables) -> Bool {
        for index in coupon.excludes.range where contextMeets(tables.clauses[index], by: tables) {
            return true
        }
        if contextRulesOut(coupon.appliesTo, in: tables) { return true }
        let discount = coupon.discount
        if discount.kind == .buyXGetY {
            return contextRulesOut(tables.sets[Int(discount.parts.first)].gets, in: tables)
        }
        if discount.kind != .clauses { return false }
        for index in discount.parts.range
        where !contextRulesOut(tables.discountClauses[index].appliesTo, in: tables) {
            return false
        }
        return true
    }

    /// Whether no map of a cover can be met, going by the keys that the context has.
    private func contextRulesOut(_ maps: Run, in tables: borrowing RuleTables) -> Bool {
        if maps.isEmpty { return false }
        for mapIndex in maps.range {
            var mayMeet = true
            for index in tables.maps[mapIndex].range where mayMeet {
                let clause = tables.clauses[index]
                mayMeet = !contextHas(clause.attribute) || contextMeets(clause, by: tables)
            }
            if mayMeet { return false }
        }
        return true
    }
}
