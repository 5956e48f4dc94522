// A request as the rules read it, in the catalog's symbols. It is filled once per request from the
// parsed line; its arrays keep their memory from request to request.

/// The cart, the customer and the context of one request.
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

    /// One value of one attribute. An attribute without values gets a value that no rule lists.
    package struct Attribute: Hashable, Sendable, BitwiseCopyable {
        package var name: Symbol
        package var value: Symbol

        package init(name: Symbol, value: Symbol) {
            self.name = name
            self.value = value
        }
    }

    /// The customer; absent fields are nil or empty.
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

        /// Whether the request says anything about the customer.
        package var isGiven: Bool { isIdentified || hasGroups || previousOrders != nil }
        /// Whether it identifies the customer, not just by group or order count.
        package var isIdentified: Bool { hasID || hasEmail }
    }

    /// Without a cart, currency, lines and amounts are absent.
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
    /// and code. ``Candidate/lineMarks`` are runs of it.
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
        lines.empty()
        attributes.empty()
        context = .empty
        groups.empty()
        lineMarks.empty()
        customer = Customer()
        subtotal = .zero
        itemCount = 0
    }

    /// Adds a line. False, with nothing added, when its value or a sum exceeds ``Money/largest``.
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
    /// Whether a line has one of the clause's values. A line that lacks the attribute inherits the
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
        self.context(context, meets: clause, by: tables)
    }

    private func context(
        _ context: Run, meets clause: Clause, by tables: borrowing RuleTables
    ) -> Bool {
        for index in context.range where attributes[index].name == clause.attribute {
            if tables.contains(attributes[index].value, in: clause.values) { return true }
        }
        return false
    }

    /// Whether `candidate` covers the line at `index`: the line has the candidate's mark, it meets
    /// one map of the coupon's cover and one of the offer's, and it meets no exclusion.
    package func covers(
        _ index: Int, by candidate: borrowing Candidate, in tables: borrowing RuleTables
    ) -> Bool {
        let marks = candidate.lineMarks
        if !marks.isEmpty && !lineMarks[Int(marks.first) + index] { return false }
        let line = lines[index]
        if candidate.coupon.skipsSaleItems && line.isOnSale { return false }
        for clause in candidate.coupon.excludes.range
        where self.line(line, meets: tables.clauses[clause], by: tables) {
            return false
        }
        if !self.line(line, meetsAnyOf: candidate.coupon.appliesTo, by: tables) { return false }
        return self.line(line, meetsAnyOf: candidate.offer?.appliesTo ?? .empty, by: tables)
    }

    /// Whether a line meets all clauses of some map of a cover; a cover without maps holds every
    /// line.
    package func line(_ line: Line, meetsAnyOf maps: Run, by tables: borrowing RuleTables) -> Bool {
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
}

// Without a cart, the cover is judged on the context. The candidate's own context comes first: a
// key that it has replaces the request's. A key that neither has is not judged.
extension Purchase {
    /// Whether the context alone rules out that `candidate` covers anything.
    package func contextRulesOut(
        _ candidate: borrowing Candidate, in tables: borrowing RuleTables
    ) -> Bool {
        let (coupon, own) = (candidate.coupon, candidate.context)
        for index in coupon.excludes.range {
            let clause = tables.clauses[index]
            if context(run(with: clause.attribute, before: own), meets: clause, by: tables) {
                return true
            }
        }
        if isRuledOut(coupon.appliesTo, by: own, in: tables) { return true }
        if isRuledOut(candidate.offer?.appliesTo ?? .empty, by: own, in: tables) { return true }
        let discount = coupon.discount
        if discount.kind == .buyXGetY {
            return isRuledOut(tables.sets[Int(discount.parts.first)].gets, by: own, in: tables)
        }
        if discount.kind != .clauses { return false }
        for index in discount.parts.range
        where !isRuledOut(tables.discountClauses[index].appliesTo, by: own, in: tables) {
            return false
        }
        return true
    }

    /// Whether the keys of the contexts rule out every map of a cover.
    private func isRuledOut(_ maps: Run, by own: Run, in tables: borrowing RuleTables) -> Bool {
        if maps.isEmpty { return false }
        for mapIndex in maps.range {
            var mayMeet = true
            for index in tables.maps[mapIndex].range where mayMeet {
                let clause = tables.clauses[index]
                let said = run(with: clause.attribute, before: own)
                mayMeet =
                    !has(clause.attribute, in: said) || context(said, meets: clause, by: tables)
            }
            if mayMeet { return false }
        }
        return true
    }

    /// The context that gives `attribute`: the candidate's own where it has it, else the request's.
    private func run(with attribute: Symbol, before own: Run) -> Run {
        has(attribute, in: own) ? own : context
    }

    private func has(_ attribute: Symbol, in context: Run) -> Bool {
        for index in context.range where attributes[index].name == attribute { return true }
        return false
    }
}
