// Requests as plain values, and as the lines that they become.

extension Reference {
    struct Ask {
        var op = "validate"
        var codes: [CodeAsk] = []
        /// As `code` instead of `codes`.
        var isSingle = false
        var isPartial = false
        var auto = false
        var customer: Customer?
        var cart: Cart?
        var context: Attributes = [:]
        var order: String?
        var holdOf: String?
        var bookingDate: Moment?
        var at: Moment?
        var explain = false
        var ttl: Int64?
        /// Of release: one of the order's codes, by coupon.
        var coupon: String?
    }

    struct CodeAsk {
        var text = ""
        var coupon: String?
        var amount: Int64?
        var context: Attributes = [:]
    }

    struct Customer {
        var id: String?
        var email: String?
        var groups: [String] = []
        var orders: Int64?
    }

    struct Cart {
        var currency = "USD"
        var lines: [Line] = []
        var shipping: Int64?
    }

    struct Line {
        var product = "p1"
        var quantity: Int64 = 1
        var unitPrice: Int64 = 0
        var isOnSale = false
        var attributes: Attributes = [:]
    }

    /// What happens in a history.
    enum Step {
        case ask(Ask)
        case wait(seconds: Int64)
    }
}

extension Reference.Ask {
    /// The line, without its line feed.
    var line: String {
        var all: [(String, JSON?)] = [
            ("op", .text(op)), ("order", Reference.json(order)),
            ("hold_of", Reference.json(holdOf)), ("customer", customer?.json),
            ("context", Reference.json(context)), ("auto", Reference.json(auto)),
            ("mode", isPartial ? "partial" : nil),
            ("booking_date", Reference.json(bookingDate?.text)),
            ("at", Reference.json(at?.text)), ("explain", Reference.json(explain)),
            ("ttl", Reference.json(ttl)), ("coupon", Reference.json(coupon)),
        ]
        if let only = codes.first, codes.count == 1, isSingle || op == "usage" || op == "release" {
            all.append(("code", only.json))
        } else if !codes.isEmpty {
            all.append(("codes", .list(codes.map(\.json))))
        }
        var kept: [String: JSON] = [:]
        for (name, value) in all {
            if let value, value != .object([:]) { kept[name] = value }
        }
        if let cart { kept["cart"] = cart.json }
        return JSON.object(kept).line
    }
}

extension Reference.CodeAsk {
    var json: JSON {
        if coupon == nil && amount == nil && context.isEmpty { return .text(text) }
        return members(
            ("code", .text(text)), ("coupon", Reference.json(coupon)),
            ("amount", Reference.json(amount)), ("context", Reference.json(context)))
    }
}

extension Reference.Customer {
    /// The e-mail as it is compared.
    var address: String? {
        email.map { $0.filter { $0 != " " }.lowercased() }
    }

    var json: JSON {
        members(
            ("id", Reference.json(id)), ("email", Reference.json(email)),
            ("groups", .list(groups.map { .text($0) })), ("orders", Reference.json(orders)))
    }
}

extension Reference.Cart {
    var subtotal: Int64 { lines.reduce(0) { $0 + $1.value } }

    var json: JSON {
        var all: [String: JSON] = [
            "currency": .text(currency), "lines": .list(lines.map(\.json)),
        ]
        all["shipping"] = Reference.json(shipping)
        return .object(all)
    }
}

extension Reference.Line {
    var value: Int64 { quantity * unitPrice }

    var json: JSON {
        // An attribute may be an empty list here: then the line has it, and none of its values.
        var all = attributes.mapValues { JSON.list($0.map { .text($0) }) }
        all["product"] = .text(product)
        all["quantity"] = .integer(quantity)
        all["unit_price"] = .integer(unitPrice)
        if isOnSale { all["on_sale"] = true }
        return .object(all)
    }

    /// What the line says of itself, and what it has from the whole request.
    func facts(in context: Reference.Attributes) -> Reference.Attributes {
        var all = context
        all.merge(attributes) { _, own in own }
        all["product"] = [product]
        return all
    }
}

// MARK: The same request

extension Reference.Ask {
    /// What must be equal for an apply to be a repeat: the contract's list, and nothing else.
    func sameness(in catalog: Reference.Catalog) -> JSON {
        let asked = codes.map { ask -> String in
            var all = members(
                ("coupon", Reference.json(ask.coupon)), ("amount", Reference.json(ask.amount)),
                ("context", Self.normal(ask.context)))
            if case .object(var kept) = all {
                kept["code"] = .text(Reference.plain(ask.text))
                all = .object(kept)
            }
            return all.line
        }
        var lines: JSON = .absent
        if let cart {
            lines = .list(
                cart.lines.map { line in
                    [
                        "product": .text(line.product), "quantity": .integer(line.quantity),
                        "price": .integer(line.unitPrice), "sale": .boolean(line.isOnSale),
                        "facts": Self.normal(line.attributes),
                    ]
                })
        }
        var context = context
        context["ip"] = nil
        return [
            "codes": .list(Set(asked).sorted().map { .text($0) }), "lines": lines,
            "currency": .text(cart?.currency.uppercased() ?? ""),
            "shipping": Reference.json(cart?.shipping) ?? .absent,
            "id": Reference.json(customer?.id) ?? .absent,
            "email": Reference.json(customer?.address) ?? .absent,
            "context": Self.normal(context),
            "booking": Reference.json(bookingDate?.text) ?? .absent,
            "partial": .boolean(isPartial), "auto": .boolean(auto),
        ]
    }

    /// Attributes are sets of values.
    private static func normal(_ attributes: Reference.Attributes) -> JSON {
        .object(attributes.mapValues { .list(Set($0).sorted().map { .text($0) }) })
    }
}

extension Reference {
    /// A code as it is compared: trimmed, and in one case. All codes of the vocabulary are ASCII.
    static func plain(_ code: String) -> String { code.filter { $0 != " " }.lowercased() }
}
