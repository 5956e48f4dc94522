import CouponRules
import FlatStorage

// Fills a request from the nodes of its line: first the top-level fields that its operation has,
// then the objects inside them.

extension Request {
    /// Reads the top-level fields, which are to be among `fields`.
    mutating func readFields(
        _ fields: FieldSet, from json: inout JSONLineParser
    ) throws(Rejection) {
        var child = 1
        let end = Int(json.node(0).next)
        while child < end {
            let node = json.node(child)
            guard let field = RequestField(rawValue: node.name), fields.contains(FieldSet(field))
            else {
                throw Rejection(problem: .unknown, node: child)
            }
            if node.kind != .null { try readField(field, at: child, from: &json) }
            child = Int(node.next)
        }
        try checkPresence()
    }

    @inline(__always)
    private mutating func readField(
        _ field: RequestField, at node: Int, from json: inout JSONLineParser
    ) throws(Rejection) {
        switch field {
        case .store: store = try json.identifier(at: node)
        case .code: try readCode(at: node, from: json)
        case .codes: try readCodes(at: node, from: json)
        case .mode: self.mode = try json.mode(at: node)
        case .auto: considersAutoCoupons = try json.boolean(at: node)
        case .customer: customer = try readCustomer(at: node, from: &json)
        case .cart: try readCart(at: node, from: json)
        case .context: context = try readContext(at: node, from: json)
        case .order: order = try json.identifier(at: node)
        case .holdOf: holdOf = try json.identifier(at: node)
        case .bookingDate: bookingDate = try json.moment(at: node)
        case .at: at = try json.moment(at: node)
        case .force: isForced = try json.boolean(at: node)
        case .explain: explains = try json.boolean(at: node)
        case .timeToLive: holdSeconds = try json.integer(at: node, in: 1...604_800)
        case .metadata: try readMetadata(at: node, from: json)
        case .coupon: coupon = try json.identifier(at: node)
        // The envelope has been read.
        case .id, .op: break
        // Keys of inner objects, which no operation has at the top.
        case .amount, .email, .groups, .orders, .currency, .lines, .shipping, .product, .quantity,
            .unitPrice, .onSale:
            throw Rejection(problem: .unknown, node: node)
        }
    }

    /// Checks that the fields that the operation requires are there.
    private func checkPresence() throws(Rejection) {
        func require(_ isGiven: Bool, _ field: RequestField) throws(Rejection) {
            if !isGiven { throw Rejection(problem: .missing, node: 0, missingField: field) }
        }
        switch operation {
        case .validate: try require(hasCode || considersAutoCoupons, .code)
        case .reserve, .apply:
            try require(hasCode || considersAutoCoupons, .code)
            try require(!order.isEmpty, .order)
        case .release: try require(!order.isEmpty, .order)
        case .usage, .codeDiscounts: try require(hasCode, .code)
        default: break
        }
    }

    private var hasCode: Bool { codes.count > 0 }

    // MARK: Parts

    /// `code`: one code. Operations that evaluate a purchase also take an object with one.
    private mutating func readCode(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) {
        guard codes.count == 0 else { throw Rejection(problem: .codeAndCodes, node: index) }
        switch operation {
        case .validate, .reserve, .apply: try readCodeEntry(at: index, from: json)
        default:
            var entry = CodeEntry()
            entry.code = try json.text(at: index)
            codes.append(entry)
        }
    }

    /// `codes`: 1 to 16 of them.
    private mutating func readCodes(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) {
        guard codes.count == 0 else { throw Rejection(problem: .codeAndCodes, node: index) }
        let list = json.node(index)
        guard list.kind == .array else { throw Rejection(problem: .notAList, node: index) }
        guard list.count >= 1 && list.count <= Request.codesMax else {
            throw Rejection(problem: .badCount(atMost: Request.codesMax), node: index)
        }
        var child = index + 1
        while child < Int(list.next) {
            try readCodeEntry(at: child, from: json)
            child = Int(json.node(child).next)
        }
    }

    private mutating func readCodeEntry(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) {
        let node = json.node(index)
        var entry = CodeEntry()
        guard node.isObjectLike else {
            entry.code = try json.text(at: index)
            codes.append(entry)
            return
        }
        var hasCode = false
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            switch RequestField(rawValue: member.name) {
            case .code where member.kind != .null:
                entry.code = try json.text(at: child)
                hasCode = true
            case .coupon where member.kind != .null: entry.coupon = try json.identifier(at: child)
            case .amount where member.kind != .null: entry.amount = try json.money(at: child)
            case .context where member.kind != .null:
                entry.context = try readContext(at: child, from: json)
            case .code, .coupon, .amount, .context: break
            default: throw Rejection(problem: .unknown, node: child)
            }
            child = Int(member.next)
        }
        guard hasCode else { throw Rejection(problem: .missing, node: index, missingField: .code) }
        codes.append(entry)
    }

    /// `customer`: an id, or what is known of the customer.
    private mutating func readCustomer(
        at index: Int, from json: inout JSONLineParser
    ) throws(Rejection) -> RequestCustomer {
        let node = json.node(index)
        var customer = RequestCustomer()
        guard node.isObjectLike else {
            customer.id = try Self.customerID(at: index, from: json)
            customer.isGiven = !customer.id.isEmpty
            return customer
        }
        customer.isGiven = true
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            switch RequestField(rawValue: member.name) {
            case .id where member.kind != .null:
                customer.id = try Self.customerID(at: child, from: json)
            case .email where member.kind != .null: customer.email = try json.email(at: child)
            case .groups where member.kind != .null:
                customer.groups = try readGroups(at: child, from: json)
            case .orders where member.kind != .null:
                customer.orders = try json.integer(at: child, in: 0...Money.largest.minorUnits)
            case .id, .email, .groups, .orders: break
            default: throw Rejection(problem: .unknown, node: child)
            }
            child = Int(member.next)
        }
        return customer
    }

    /// A customer's id, which is absent when it is empty.
    @inline(__always)
    private static func customerID(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) -> Text {
        let id = try json.text(at: index)
        return id.isEmpty ? id : try json.identifier(at: index)
    }

    private mutating func readGroups(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) -> Run {
        let list = json.node(index)
        guard list.kind == .array else { throw Rejection(problem: .notAList, node: index) }
        let first = values.count
        var child = index + 1
        while child < Int(list.next) {
            values.append(try json.identifier(at: child))
            child = Int(json.node(child).next)
        }
        return Run(first: first, count: values.count - first)
    }

    /// `cart`: currency and lines, which are required, and the shipping if it is known.
    private mutating func readCart(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) {
        let node = json.node(index)
        guard node.isObjectLike else { throw Rejection(problem: .notAnObject, node: index) }
        var cart = RequestCart()
        cart.isGiven = true
        var hasLines = false
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            switch RequestField(rawValue: member.name) {
            case .currency where member.kind != .null: cart.currency = try json.currency(at: child)
            case .shipping where member.kind != .null: cart.shipping = try json.money(at: child)
            case .lines where member.kind != .null:
                try readLines(at: child, from: json)
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
        self.cart = cart
    }

    @inline(__always)
    private mutating func readLines(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) {
        let list = json.node(index)
        guard list.kind == .array else { throw Rejection(problem: .notAList, node: index) }
        var child = index + 1
        while child < Int(list.next) {
            try readLine(at: child, from: json)
            child = Int(json.node(child).next)
        }
    }

    /// A cart line: product, quantity, price and any further attributes.
    private mutating func readLine(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) {
        let node = json.node(index)
        guard node.isObjectLike else { throw Rejection(problem: .notAnObject, node: index) }
        var line = RequestLine()
        var hasPrice = false
        let firstAttribute = attributes.count
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            if member.kind != .null {
                switch RequestField(rawValue: member.name) {
                case .id: line.id = try json.identifier(at: child)
                case .product: line.product = try json.identifier(at: child)
                case .quantity:
                    line.quantity = try json.integer(at: child, in: 1...Money.largest.minorUnits)
                case .unitPrice:
                    line.unitPrice = try json.money(at: child)
                    hasPrice = true
                case .onSale: line.isOnSale = try json.boolean(at: child)
                default: try readAttribute(at: child, from: json)
                }
            }
            child = Int(member.next)
        }
        line.attributes = Run(first: firstAttribute, count: attributes.count - firstAttribute)

        if line.product.isEmpty {
            throw Rejection(problem: .missing, node: index, missingField: .product)
        }
        if line.quantity == 0 {
            throw Rejection(problem: .missing, node: index, missingField: .quantity)
        }
        if !hasPrice { throw Rejection(problem: .missing, node: index, missingField: .unitPrice) }
        lines.append(line)
    }

    /// `context`: attributes of any name.
    private mutating func readContext(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) -> Run {
        let node = json.node(index)
        guard node.isObjectLike else { throw Rejection(problem: .notAnObject, node: index) }
        let first = attributes.count
        var child = index + 1
        while child < Int(node.next) {
            let member = json.node(child)
            if member.kind != .null { try readAttribute(at: child, from: json) }
            child = Int(member.next)
        }
        return Run(first: first, count: attributes.count - first)
    }

    private mutating func readAttribute(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) {
        let node = json.node(index)
        let first = values.count
        if node.kind == .array {
            var child = index + 1
            while child < Int(node.next) {
                try readAttributeValue(at: child, from: json)
                child += 1
            }
        } else {
            try readAttributeValue(at: index, from: json)
        }
        let run = Run(first: first, count: values.count - first)
        attributes.append(RequestAttribute(key: node.keyText, values: run))
    }

    @inline(__always)
    private mutating func readAttributeValue(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) {
        guard let value = json.textIfAny(json.node(index)) else {
            throw Rejection(problem: .notAnAttribute, node: index)
        }
        values.append(value)
    }

    /// `metadata`: strings by key, together at most 1 KiB.
    private mutating func readMetadata(
        at index: Int, from json: borrowing JSONLineParser
    ) throws(Rejection) {
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
                metadata.append(RequestMetadata(key: member.keyText, value: member.text))
            }
            child = Int(member.next)
        }
        guard byteCount <= Request.metadataBytesMax else {
            throw Rejection(problem: .tooLong(atMost: Request.metadataBytesMax), node: index)
        }
    }
}
