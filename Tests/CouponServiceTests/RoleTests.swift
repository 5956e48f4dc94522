import CouponService
import CouponWire
import Testing

private let definitions = """
    currency: USD
    coupons:
    - {id: ten, codes: [TEN], discount: {kind: percentage, percent: 10}}
    """

// Written from the protocol's list, not from the daemon's own table.
private let storefrontOperations: Set = [
    "ping", "validate", "reserve", "apply", "release", "usage", "code.discounts",
]
private let readOperations: Set = [
    "ping", "usage", "code.discounts", "coupon.get", "coupon.list", "code.get", "code.list",
    "activity", "gift_card.get", "gift_card.list", "server.stats", "server.metrics",
]
private let writeOperations: Set = [
    "coupon.create", "coupon.update", "coupon.replace", "coupon.disable", "coupon.enable",
    "coupon.archive", "coupon.delete", "coupon.assign", "code.create", "code.generate",
    "code.delete", "gift_card.create", "gift_card.disable", "gift_card.enable",
    "gift_card.credit", "server.reload", "server.snapshot",
]
private let allOperations = storefrontOperations.union(readOperations).union(writeOperations)
private let servedOperations: Set = [
    "ping", "validate", "reserve", "apply", "release", "usage", "code.discounts", "server.stats",
    "server.reload", "server.snapshot",
]

private func operations(of role: Role) -> Set<String> {
    switch role {
    case .storefront: storefrontOperations
    case .viewer: readOperations
    case .admin: allOperations
    }
}

/// A request of `operation` with all required fields.
private func wellFormed(_ operation: String) -> String {
    switch operation {
    case "validate", "usage", "code.discounts": request(operation, field("code", "TEN"))
    case "apply", "reserve":
        request(operation, field("code", "TEN"), field("order", "o"), cart(1_000))
    case "release": request(operation, field("order", "o"))
    default: request(operation)
    }
}

@Suite struct `A socket's role` {
    @Test(arguments: Role.allCases)
    func `allows its own operations and no other`(role: Role) throws {
        let shop = try Shop(definitions)
        #expect(allOperations.count == Operation.allCases.count)
        for operation in allOperations.sorted() {
            let client = shop.connect(as: role)
            let (replies, next) = shop.send(wellFormed(operation) + "\n", from: client)
            if next == .awaitAnswer {
                #expect(role == .admin, "\(operation)")
                #expect(["server.reload", "server.snapshot"].contains(operation))
                continue
            }
            let error = try JSON(reading: replies)["error"]
            if !operations(of: role).contains(operation) {
                #expect(error["code"] == "forbidden", "\(operation)")
                #expect(error["field"] == "op", "\(operation)")
            } else if servedOperations.contains(operation) {
                #expect(error == .absent, "\(operation)")
            } else {
                #expect(error["code"] == "unprocessable", "\(operation)")
                #expect(error["field"] == "op", "\(operation)")
            }
        }
    }

    @Test(arguments: Role.allCases)
    func `is checked before the fields`(role: Role) throws {
        let shop = try Shop(definitions)
        // Operations whose fields this version reads.
        let read = storefrontOperations.union(servedOperations).union(["server.metrics"])
        for operation in read.sorted() {
            for wrong in [#""nonsense":1"#, #""nonsense":1,"id":7"#, #""code":{"x":1}"#] {
                let error = try shop.reply(request(operation, wrong), as: role)["error"]
                let isAllowed = operations(of: role).contains(operation)
                #expect(
                    error["code"] == (isAllowed ? "bad_request" : "forbidden"),
                    "\(operation) \(wrong)")
            }
        }
    }

    @Test(arguments: Role.allCases)
    func `does not matter for an operation that does not exist`(role: Role) throws {
        let shop = try Shop(definitions)
        for name in ["nothing", "", "Validate", "validate ", "server", "all", "partial", "id"] {
            let error = try shop.reply(request(name), as: role)["error"]
            #expect(error["code"] == "unknown_op", "\(name)")
            #expect(error["field"] == "op")
        }
        for line in ["{}", #"{"op":1}"#, #"{"op":null}"#] {
            #expect(try shop.reply(line, as: role)["error"]["code"] == "bad_request", "\(line)")
        }
        #expect(try shop.reply("nonsense", as: role)["error"]["code"] == "bad_json")
    }

    @Test func `changes nothing when it forbids`() throws {
        let shop = try Shop(definitions)
        let before = shop.snapshot()
        #expect(
            try shop.reply(apply("TEN", order: "o"), as: .viewer)["error"]["code"] == "forbidden")
        #expect(shop.ask(request("server.reload"), as: .storefront).contains("forbidden"))
        #expect(shop.nextTask() == nil)
        #expect(shop.snapshot() == before)
    }
}

@Suite struct `A socket's stores` {
    private func shop(_ stores: [String]) throws -> Shop {
        try Shop(
            definitions, "store: b\n" + definitions, "store: c\n" + definitions, stores: stores)
    }

    private func isForbidden(_ shop: Shop, _ line: String, as role: Role = .storefront) throws
        -> Bool
    {
        let error = try shop.reply(line, as: role)["error"]
        #expect(error["code"] != "forbidden" || error["field"] == "store")
        return error["code"] == "forbidden"
    }

    @Test func `are the only ones that may be named`() throws {
        let shop = try shop(["b", "c"])
        let requests: [(String, String)] = [
            ("validate", cart(1_000)), ("usage", ""), ("code.discounts", ""),
            ("apply", field("order", "o") + "," + cart(1_000)),
        ]
        for (operation, rest) in requests {
            for (store, expected) in [("a", true), ("b", false), ("c", false), ("default", true)] {
                let line = request(operation, field("store", store), field("code", "TEN"), rest)
                #expect(try isForbidden(shop, line) == expected, "\(operation) \(store)")
            }
            // Naming none means the default one.
            #expect(try isForbidden(shop, request(operation, field("code", "TEN"), rest)))
        }
    }

    @Test func `may be the default one`() throws {
        let shop = try shop(["default"])
        #expect(try !isForbidden(shop, validate("TEN")))
        #expect(
            try !isForbidden(
                shop, request("validate", field("store", "default"), field("code", "TEN"))))
        #expect(
            try isForbidden(shop, request("validate", field("store", "b"), field("code", "TEN"))))
        #expect(
            try isForbidden(
                shop, request("validate", field("store", "Default"), field("code", "TEN"))))
    }

    @Test func `are all stores when none is listed`() throws {
        let shop = try shop([])
        for store in ["default", "b", "anything"] {
            let line = request("validate", field("store", store), field("code", "TEN"))
            #expect(try !isForbidden(shop, line))
        }
    }

    @Test func `do not matter to operations without a store`() throws {
        let shop = try shop(["b"])
        #expect(try shop.reply(request("ping"))["result"]["ready"] == true)
        #expect(try shop.reply(request("server.stats"), as: .viewer)["result"] != .absent)
        let client = shop.connect(as: .admin)
        #expect(shop.send(request("server.reload") + "\n", from: client).next == .awaitAnswer)
    }

    @Test func `count nothing when they forbid`() throws {
        let shop = try shop(["b"])
        let before = shop.snapshot()
        #expect(try isForbidden(shop, apply("TEN", order: "o")))
        #expect(shop.snapshot() == before)
    }
}

@Suite struct `A role` {
    static let shop: [Operation] = [
        .ping, .validate, .reserve, .apply, .release, .usage, .codeDiscounts,
    ]
    static let readOnly: [Operation] = [
        .ping, .usage, .codeDiscounts, .couponGet, .couponList, .codeGet, .codeList, .activity,
        .giftCardGet, .giftCardList, .serverStats, .serverMetrics,
    ]

    @Test(arguments: Operation.allCases)
    func `allows exactly its operations`(operation: Operation) {
        #expect(Role.storefront.allows(operation) == Self.shop.contains(operation))
        #expect(Role.viewer.allows(operation) == Self.readOnly.contains(operation))
        #expect(Role.admin.allows(operation))
    }
}
