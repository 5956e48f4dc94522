import CouponRules
import FlatStorage

// The inner objects of a request: codes, customer, cart, context and metadata.

extension RequestParser {
    /// `code`: one code, or an object with one. Only where a purchase is judged may it be an object.
    mutating func readCode(at index: Int) throws(Rejection) {
        guard request.codes.count == 0 else { throw Rejection(problem: .codeAndCodes, node: index) }
        switch request.operation {
        case .validate, .reserve, .apply: try readCodeEntry(at: index)
        default:
            var entry = CodeEntry()
            entry.code = try text(at: index)
            request.codes.append(entry)
        }
    }

    /// `codes`: 1 to 16 of them.
    mutating func readCodes(at index: Int) throws(Rejection) {
        guard request.codes.count == 0 else { throw Rejection(problem: .codeAndCodes, node: index) }
        let list = json.node(index)
        guard list.kind == .array else { throw Rejection(problem: .notAList, node: index) }
        guard list.count >= 1 && list.count <= Request.codesMax else {
            throw Rejection(problem: .badCount(atMost: Request.codesMax), node: index)
        }
        var child = index + 1
        while child < Int(list.next) {
            try readCodeEntry(at: child)
            child = Int(json.node(child).next)
        }
    }

    private mutating func readCodeEntry(at index: Int) throws(Rejection) {
        let node = json.node(index)
        var entry = CodeEntry()
        guard node.isObjectLike else {
            entry.code = try text(at: index)
            request.codes.append(entry)
            return
        }
        var hasCode = false
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            switch RequestField(rawValue: member.name) {
            case .code where member.kind != .null:
                entry.code = try text(at: child)
                hasCode = true
            case .coupon where member.kind != .null: entry.coupon = try identifier(at: child)
            case .amount where member.kind != .null: entry.amount = try money(at: child)
            case .context where member.kind != .null: entry.context = try readContext(at: child)
            case .code, .coupon, .amount, .context: break
            default: throw Rejection(problem: .unknown, node: child)
            }
            child = Int(member.next)
        }
        guard hasCode else { throw Rejection(problem: .missing, node: index, missingField: .code) }
        request.codes.append(entry)
    }

    /// `customer`: an id, or what is known of the customer.
    mutating func readCustomer(at index: Int) throws(Rejection) -> RequestCustomer {
        let node = json.node(index)
        var customer = RequestCustomer()
        guard node.isObjectLike else {
            customer.id = try customerID(at: index)
            customer.isGiven = !customer.id.isEmpty
            return customer
        }
        customer.isGiven = true
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            switch RequestField(rawValue: member.name) {
            case .id where member.kind != .null: customer.id = try customerID(at: child)
            case .email where member.kind != .null: customer.email = try email(at: child)
            case .groups where member.kind != .null: customer.groups = try readGroups(at: child)
            case .orders where member.kind != .null:
                customer.orders = try integer(at: child, in: 0...Money.largest.minorUnits)
            case .id, .email, .groups, .orders: break
            default: throw Rejection(problem: .unknown, node: child)
            }
            child = Int(member.next)
        }
        return customer
    }

    /// A customer's id, which is absent when it is empty.
    private func customerID(at index: Int) throws(Rejection) -> Text {
        let id = try text(at: index)
        return id.isEmpty ? id : try identifier(at: index)
    }

    private mutating func readGroups(at index: Int) throws(Rejection) -> Run {
        let list = json.node(index)
        guard list.kind == .array else { throw Rejection(problem: .notAList, node: index) }
        let first = request.values.count
        var child = index + 1
        while child < Int(list.next) {
            request.values.append(try identifier(at: child))
            child = Int(json.node(child).next)
        }
        return Run(first: first, count: request.values.count - first)
    }

    /// `cart`: currency and lines, which it cannot be without, and the shipping if it is known.
    mutating func readCart(at index: Int) throws(Rejection) {
        let node = json.node(index)
        guard node.isObjectLike else { throw Rejection(problem: .notAnObject, node: index) }
        var cart = RequestCart()
        cart.isGiven = true
        var hasLines = false
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            switch RequestField(rawValue: member.name) {
            case .currency where member.kind != .null: cart.currency = try currency(at: child)
            case .shipping where member.kind != .null: cart.shipping = try money(at: child)
            case .lines where member.kind != .null:
                try readLines(at: child)
                hasLines = true
            case .currency, .shipping, .lines: break
            default: throw Rejection(problem: .unknown, node: child)
            }
            child = Int(member.next)
        }
        guard cart.currency != .none else {
            throw Rejection(problem: .missing, node: index, missingField: .currency)
        }
        guard hasLines else {
            throw Rejection(problem: .missing, node: index, missingField: .lines)
        }
        request.cart = cart
    }

    private mutating func readLines(at index: Int) throws(Rejection) {
        let list = json.node(index)
        guard list.kind == .array else { throw Rejection(problem: .notAList, node: index) }
        var child = index + 1
        while child < Int(list.next) {
            try readLine(at: child)
            child = Int(json.node(child).next)
        }
    }

    /// A cart line: what is bought and for how much, and any attributes besides.
    private mutating func readLine(at index: Int) throws(Rejection) {
        let node = json.node(index)
        guard node.isObjectLike else { throw Rejection(problem: .notAnObject, node: index) }
        var line = RequestLine()
        var hasPrice = false
        let firstAttribute = request.attributes.count
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            if member.kind != .null {
                switch RequestField(rawValue: member.name) {
                case .id: line.id = try identifier(at: child)
                case .product: line.product = try identifier(at: child)
                case .quantity:
                    line.quantity = try integer(at: child, in: 1...Money.largest.minorUnits)
                case .unitPrice:
                    line.unitPrice = try money(at: child)
                    hasPrice = true
                case .onSale: line.isOnSale = try boolean(at: child)
                default: try readAttribute(at: child)
                }
            }
            child = Int(member.next)
        }
        line.attributes = Run(
            first: firstAttribute, count: request.attributes.count - firstAttribute)

        if line.product.isEmpty {
            throw Rejection(problem: .missing, node: index, missingField: .product)
        }
        if line.quantity == 0 {
            throw Rejection(problem: .missing, node: index, missingField: .quantity)
        }
        if !hasPrice { throw Rejection(problem: .missing, node: index, missingField: .unitPrice) }
        request.lines.append(line)
    }

    /// `context`: attributes, whatever they are called.
    mutating func readContext(at index: Int) throws(Rejection) -> Run {
        let node = json.node(index)
        guard node.isObjectLike else { throw Rejection(problem: .notAnObject, node: index) }
        let first = request.attributes.count
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            if member.kind != .null { try readAttribute(at: child) }
            child = Int(member.next)
        }
        return Run(first: first, count: request.attributes.count - first)
    }

    private mutating func readAttribute(at index: Int) throws(Rejection) {
        let node = json.node(index)
        let first = request.values.count
        if node.kind == .array {
            var child = index + 1
            while child < Int(node.next) {
                try readAttributeValue(at: child)
                child += 1
            }
        } else {
            try readAttributeValue(at: index)
        }
        let values = Run(first: first, count: request.values.count - first)
        request.attributes.append(RequestAttribute(key: node.keyText, values: values))
    }

    private mutating func readAttributeValue(at index: Int) throws(Rejection) {
        guard let value = textIfAny(json.node(index)) else {
            throw Rejection(problem: .notAnAttribute, node: index)
        }
        request.values.append(value)
    }

    /// `metadata`: strings by key, together at most 1 KiB.
    mutating func readMetadata(at index: Int) throws(Rejection) {
        let node = json.node(index)
        guard node.isObjectLike else { throw Rejection(problem: .notAnObject, node: index) }
        var byteCount = 0
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            if member.kind != .null {
                guard member.kind == .string else {
                    throw Rejection(problem: .notAString, node: child)
                }
                byteCount += Int(member.key_count) + Int(member.count)
                request.metadata.append(RequestMetadata(key: member.keyText, value: member.text))
            }
            child = Int(member.next)
        }
        guard byteCount <= Request.metadataBytesMax else {
            throw Rejection(problem: .tooLong(atMost: Request.metadataBytesMax), node: index)
        }
    }
}
