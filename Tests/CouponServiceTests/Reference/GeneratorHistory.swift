// Random requests: shoppers come back, repeat requests, change them, and let their holds lapse.

extension Generator {
    mutating func history(of catalog: Reference.Catalog, count: Int) -> [Reference.Step] {
        var steps: [Reference.Step] = []
        var asked: [Reference.Ask] = []
        while asked.count < count {
            if dice.isIn(8) {
                let waits: [Int64] = [1, 60, 600, 899, 1, 3_600, 7_200, 43_200, 86_400]
                steps.append(.wait(seconds: dice.pick(waits)))
                continue
            }
            var ask = self.ask(of: catalog)
            if ask.op == "release",
                let known = asked.last(where: { $0.op == "apply" || $0.op == "reserve" }),
                dice.isIn(60)
            {
                ask.order = known.order
            }
            if let earlier = asked.last, dice.isIn(30) {
                ask = dice.isIn(50) ? earlier : dice.pick(asked)
                if dice.isIn(60) { change(&ask) }
            }
            asked.append(ask)
            steps.append(.ask(ask))
        }
        return steps
    }

    /// The same shopper goes on, or changes one thing.
    private mutating func change(_ ask: inout Reference.Ask) {
        switch dice.number(0...5) {
        case 0 where ask.op == "validate", 1 where ask.op == "validate":
            ask.op = subject.hasHolds && dice.isIn(50) ? "reserve" : "apply"
            ask.at = nil
            ask.order = ask.order ?? order()
        case 2 where ask.op == "reserve", 3 where ask.op == "reserve":
            ask.op = "apply"
            ask.ttl = nil
        case 4 where subject.hasHolds && ask.op != "usage" && ask.order != nil:
            ask = Reference.Ask(op: "release", order: ask.order)
        case 5 where ask.op == "apply":
            ask.codes.reverse()
            ask.explain = true
        default: if ask.op != "release" && ask.op != "usage" { ask.customer = customer() }
        }
    }

    /// Few enough that they meet, and so many that most are new.
    private mutating func order() -> String {
        "order\(dice.isIn(40) ? dice.number(1...6) : dice.number(7...60))"
    }

    mutating func ask(of catalog: Reference.Catalog) -> Reference.Ask {
        var ask = Reference.Ask()
        ask.op = dice.pick(
            ["validate", "validate", "validate", "apply", "apply", "usage"]
                + (subject.hasHolds ? ["reserve", "reserve", "release"] : []))
        if ask.op == "release" { return release(of: catalog) }
        ask.customer = dice.isIn(80) ? customer() : nil
        if dice.isIn(30) { ask.context = attributes(["channel", "event", "category"]) }
        if subject.hasClocks || subject.countsUses { ask.bookingDate = bookingDate() }
        let owned = catalog.coupons.flatMap(\.codes).map(\.text) + catalog.cards.map(\.code)
        if ask.op == "usage" {
            ask.codes = [Reference.CodeAsk(text: written(dice.pick(owned + ["NONE"])))]
            ask.customer = dice.maybe(50, ["cus_1", "cus_2"]).map { Reference.Customer(id: $0) }
            return ask
        }
        let count = subject.hasSeveralCodes ? dice.pick([0, 1, 1, 2, 2, 3, 4]) : 1
        for _ in 0..<count { ask.codes.append(code(of: catalog, among: owned)) }
        ask.auto = subject.hasSeveralCodes && dice.isIn(count == 0 ? 100 : 30)
        ask.isSingle = dice.isIn(50)
        ask.isPartial = subject.hasSeveralCodes && dice.isIn(35)
        ask.cart = dice.isIn(90) ? cart() : nil
        ask.explain = dice.isIn(15)
        if ask.op != "validate" || dice.isIn(25) { ask.order = order() }
        if ask.op == "validate" && subject.hasClocks && dice.isIn(20) {
            ask.at = moment(daysAhead: dice.pick([-9, 0, 1, 2, 3, 4, 7]))
        }
        if ask.op == "reserve" { ask.ttl = dice.maybe(60, [1, 60, 900, 86_400]) }
        if subject.hasHolds && dice.isIn(8) { ask.holdOf = order() }
        return ask
    }

    private mutating func release(of catalog: Reference.Catalog) -> Reference.Ask {
        var ask = Reference.Ask(op: "release", order: order())
        if dice.isIn(20) {
            ask.coupon = dice.pick(catalog.coupons).id
        } else if dice.isIn(20) {
            let codes = catalog.coupons.flatMap(\.codes).map(\.text) + ["NONE"]
            ask.codes = [Reference.CodeAsk(text: written(dice.pick(codes)))]
        }
        return ask
    }

    private mutating func code(
        of catalog: Reference.Catalog, among owned: [String]
    ) -> Reference.CodeAsk {
        var code = Reference.CodeAsk(
            text: owned.isEmpty || dice.isIn(4) ? "NONE" : dice.pick(owned))
        if dice.isIn(5) { code.coupon = dice.pick(catalog.coupons).id }
        if code.text != "NONE" { code.text = written(code.text) }
        code.amount = dice.maybe(10, [1, 100, 450, 5_000])
        if subject.hasSeveralCodes && dice.isIn(10) {
            code.context = attributes(["product", "event", "category"])
        }
        return code
    }

    /// As a shopper types it.
    private mutating func written(_ code: String) -> String {
        dice.pick([code, code, code.lowercased(), code.uppercased(), " \(code) "])
    }

    private mutating func customer() -> Reference.Customer? {
        var customer = Reference.Customer()
        customer.id = dice.maybe(70, ["cus_1", "cus_2", "cus_3"])
        customer.email = dice.maybe(
            50, ["ann@example.com", "ANN@Example.com", " bob@example.com"])
        if dice.isIn(40) { customer.groups = dice.pick([["vip"], ["staff"], ["other", "vip"]]) }
        customer.orders = dice.maybe(60, [0, 1, 3])
        return customer.json == [:] ? nil : customer
    }

    private mutating func bookingDate() -> Reference.Moment? {
        guard dice.isIn(35) else { return nil }
        return moment(daysAhead: dice.pick([-1, 0, 0, 1, 2, 3]))
    }

    private mutating func cart() -> Reference.Cart {
        var cart = Reference.Cart()
        cart.currency = dice.pick(["USD", "USD", "USD", "USD", "JPY", "KWD"])
        cart.shipping = dice.maybe(50, [0, 1, 500, 999])
        for _ in 0..<dice.pick([0, 1, 1, 2, 2, 3, 3, 4, 5, 6]) { cart.lines.append(line()) }
        return cart
    }

    private mutating func line() -> Reference.Line {
        var line = Reference.Line(product: dice.pick(["p1", "p2", "p3", "p4"]))
        line.quantity = dice.pick([1, 1, 1, 2, 2, 3, 5, 12])
        if dice.isIn(2) { line.quantity = 1_000_000 }
        line.unitPrice = dice.pick([0, 1, 5, 99, 333, 333, 1_000, 1_000, 1_999, 2_500, 10_000])
        line.isOnSale = dice.isIn(10)
        if dice.isIn(60) { line.attributes["category"] = [dice.pick(["a", "b", "c"])] }
        if dice.isIn(10) { line.attributes["category"] = ["a", "c"] }
        if dice.isIn(30) { line.attributes["event"] = [dice.pick(["1", "2", "3"])] }
        if dice.isIn(4) { line.attributes["event"] = [] }
        return line
    }
}
