import CouponService
import Testing

private func definitions(total: Int, codes: String = "X, Y", id: String? = "c") -> String {
    """
    currency: USD
    coupons:
    - codes: [\(codes)]
      \(id.map { "id: \($0)" } ?? "name: without an id")
      discount: {kind: percentage, percent: 10}
      limits: {total: \(total), per_code: \(total)}
    """
}

private let empty = "coupons: []"

@Suite struct `A reload` {
    @Test func `keeps every count`() throws {
        let shop = try Shop(definitions(total: 3))
        for order in ["o1", "o2", "o3"] { _ = shop.ask(apply("X", order: order)) }
        let before = shop.snapshot()
        #expect(shop.reload(definitions(total: 4)).isEmpty)
        #expect(shop.snapshot() == before)
        #expect(try counts(shop, "X") == [[4, 3, 1], [4, 3, 1]])
        #expect(try counts(shop, "Y") == [[4, 3, 1], [4, 0, 4]])
        #expect(try shop.reply(apply("Y", order: "o4"))["codes"][0]["remaining"] == 0)
        #expect(try shop.reply(apply("Y", order: "o5"))["reason"] == "usage_limit_reached")
    }

    @Test func `may lower a limit below the uses, and usage shows it`() throws {
        let shop = try Shop(definitions(total: 3))
        for order in ["o1", "o2"] { _ = shop.ask(apply("X", order: order)) }
        shop.reload(definitions(total: 1))
        #expect(try counts(shop, "X") == [[1, 2, 0], [1, 2, 0]])
        let refusal = try shop.reply(validate("X"))["codes"][0]
        #expect(refusal["limit"] == 1)
        #expect(refusal["actual"] == 2)
        // Editing an order leaves out only its own use.
        let edited = try shop.reply(validate("X", field("order", "o1") + "," + cart(1_000)))
        #expect(edited["codes"][0]["actual"] == 1)
    }

    @Test func `keeps the counts of a coupon or code that is removed and added again`() throws {
        let shop = try Shop(definitions(total: 3))
        _ = shop.ask(apply("X", order: "o1"))
        for without in [empty, definitions(total: 3, codes: "Y"), definitions(total: 3, id: "d")] {
            #expect(shop.reload(without).isEmpty)
            _ = shop.ask(validate("X"))
            #expect(shop.reload(definitions(total: 3)).isEmpty)
            #expect(try counts(shop, "x") == [[3, 1, 2], [3, 1, 2]])
        }
        shop.reload(empty)
        try shop.restart(empty)
        shop.reload(definitions(total: 3, codes: "x"))
        #expect(try counts(shop, "X") == [[3, 1, 2], [3, 1, 2]])
    }

    @Test func `judges by the new definitions from the next line on`() throws {
        let shop = try Shop(definitions(total: 3))
        #expect(try shop.reply(validate("X"))["discount"] == 200)
        shop.reload(definitions(total: 3).replacing("percent: 10", with: "percent: 50"))
        #expect(try shop.reply(validate("X"))["discount"] == 1_000)
        shop.reload(empty)
        #expect(try shop.reply(validate("X"))["reason"] == "code_unknown")
        #expect(try shop.reply(usage("X"))["error"]["code"] == "not_found")
    }

    @Test func `that would lose the uses of a coupon without an id is refused`() throws {
        let old = definitions(total: 3, codes: "X, Y", id: nil)
        let new = definitions(total: 3, codes: "NEW, X", id: nil)
        let shop = try Shop(old)
        let id = try shop.reply(apply("Y", order: "o1"))["codes"][0]["coupon"].string
        let faults = shop.reload(new)
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("coupons.yaml:3: coupons: ") == true)
        #expect(faults.first?.contains("write `id: \(id)` to keep them") == true)
        // The old definitions stay, and so does the count.
        #expect(try shop.reply(validate("NEW"))["reason"] == "code_unknown")
        #expect(try counts(shop, "X") == [[3, 1, 2], [3, 0, 3]])

        // The message gives the id that helps.
        #expect(shop.reload(definitions(total: 3, codes: "NEW, X", id: id)).isEmpty)
        #expect(try counts(shop, "X") == [[3, 1, 2], [3, 0, 3]])
        #expect(try counts(shop, "NEW") == [[3, 1, 2], [3, 0, 3]])
    }

    @Test func `may change the derived id of a coupon that was never used`() throws {
        let shop = try Shop(definitions(total: 3, codes: "X, Y", id: nil))
        _ = shop.ask(validate("X"))
        #expect(shop.reload(definitions(total: 3, codes: "NEW, X", id: nil)).isEmpty)
        #expect(try shop.reply(validate("NEW"))["valid"] == true)
    }

    @Test(arguments: [
        "coupons:\n- {codes: [X], discount: {kind: percentage, percent: 101}}",
        "coupons:\n- {codes: [X], discount: {kind: percentage, percent: 10}, statsu: active}",
        "coupons:\n- {id: a, codes: [X], type: comp}\n- {id: b, codes: [x], type: comp}",
        "coupons: [", "- 1", "coupons:\n- {discount: {kind: percentage, percent: 10}}",
    ])
    func `of broken definitions keeps the old ones`(broken: String) throws {
        let shop = try Shop(definitions(total: 3))
        _ = shop.ask(apply("X", order: "o1"))
        let faults = shop.reload(broken)
        #expect(!faults.isEmpty)
        #expect(faults.allSatisfy { $0.hasPrefix("coupons.yaml:") })
        #expect(try counts(shop, "X") == [[3, 1, 2], [3, 1, 2]])
        #expect(try shop.reply(apply("X", order: "o2"))["applied"] == true)
    }

    @Test func `is reported by server.stats in either case`() throws {
        let shop = try Shop(definitions(total: 3))
        func catalog() throws -> JSON {
            try shop.reply(request("server.stats"), as: .viewer)["result"]["catalog"]
        }
        #expect(
            try catalog() == [
                "stores": 1, "coupons": 1, "codes": 2, "gift_cards": 0,
                "code_bytes": .integer(Int64(shop.codeByteCount)), "warnings": 0, "source": "files",
                "loaded_at": "2026-06-01T12:00:00Z",
            ])
        shop.advance(seconds: 90)
        let faults = shop.reload("coupons: [")
        #expect(
            try catalog() == [
                "stores": 1, "coupons": 1, "codes": 2, "gift_cards": 0,
                "code_bytes": .integer(Int64(shop.codeByteCount)), "warnings": 0, "source": "files",
                "loaded_at": "2026-06-01T12:00:00Z",
                "last_reload": [
                    "ok": false, "at": "2026-06-01T12:01:30Z", "milliseconds": 0,
                    "longest_turn_us": 0, "errors": .list(faults.map { .text($0) }),
                ],
            ])
        shop.advance(seconds: 30)
        shop.reload(definitions(total: 3, codes: "X"))
        #expect(
            try catalog() == [
                "stores": 1, "coupons": 1, "codes": 1, "gift_cards": 0,
                "code_bytes": .integer(Int64(shop.codeByteCount)), "warnings": 0, "source": "files",
                "loaded_at": "2026-06-01T12:02:00Z",
                "last_reload": [
                    "ok": true, "at": "2026-06-01T12:02:00Z", "milliseconds": 12,
                    "longest_turn_us": 0,
                ],
            ])
    }

    @Test func `reports a hundred faults and counts the rest`() throws {
        let shop = try Shop(definitions(total: 3))
        let coupons = (0..<130).map { "- {id: c\($0), type: comp, statsu: active}\n" }
        let faults = shop.reload("coupons:\n" + coupons.joined())
        #expect(faults.count == 101)
        #expect(faults.first?.hasPrefix("coupons.yaml:2:24: coupons[0].statsu: ") == true)
        #expect(faults[99].hasPrefix("coupons.yaml:101:25: "))
        #expect(faults.last == "… and 30 more.")
        let catalog = try shop.reply(request("server.stats"), as: .viewer)["result"]["catalog"]
        #expect(catalog["last_reload"]["errors"] == .list(faults.map { .text($0) }))
    }

    /// Limit, used and remaining of the coupon and of the code.
    private func counts(_ shop: Shop, _ code: String) throws -> [[JSON]] {
        let limits = try shop.reply(usage(code))["result"]["limits"]
        #expect(limits[0]["kind"] == "total")
        #expect(limits[1]["kind"] == "code")
        return (0..<limits.count).map { place in
            ["limit", "used", "remaining"].map { limits[place][$0] }
        }
    }
}

@Suite struct `The statistics` {
    @Test func `count the outcome of each line`() throws {
        var limits = ResourceLimits()
        limits.ordersMax = 50
        limits.lineBytesMax = 1_000
        let shop = try Shop(definitions(total: 3), limits: limits)
        shop.noteConnections(4)
        for line in [
            validate("X"), validate("none"), apply("X", order: "o1"), apply("X", order: "o1"),
            apply("Y", order: "o1"), apply("none", order: "o2"), usage("X"), usage("none"), "{",
            String(repeating: "x", count: 1_001), request("ping"),
            request("reserve", field("code", "X"), field("order", "o3"), #""ttl":60"#, cart(100)),
            request("reserve", field("code", "X"), field("order", "o4"), cart(100)),
            request("release", field("order", "o4")), request("release", field("order", "o4")),
        ] {
            _ = shop.ask(line)
        }
        shop.advance(seconds: 61)
        let result = try shop.reply(request("server.stats"), as: .admin)["result"]
        #expect(
            result["requests"] == [
                "connections": 4, "lines": 15, "validated": 1, "reserved": 2, "applied": 1,
                "released": 1, "lapsed": 1, "refused": 2, "replayed": 2, "conflicts": 1,
                "errors": 4,
            ])
        #expect(
            result["ledger"] == [
                "orders": 3, "orders_limit": 50, "reserved": 0, "applied": 1, "partly_released": 0,
                "released": 2, "unused": 2, "uses_in_force": 1, "coupons_used": 1,
            ])
        #expect(
            result["purge"] == [
                "date": "2026-06-01T12:01:01Z", "oldest": "2026-06-01T12:00:00Z",
                "next_in_seconds": 86_339, "next_orders": 1,
            ])
        #expect(result["uptime_seconds"] == 61)
        #expect(result["started_at"] == "2026-06-01T12:00:00Z")
        #expect(result["version"] == "0.1.0")
        #expect(result["loop"] == ["turns": 0, "longest_turn_us": 0])
        #expect(result["last_snapshot"] == .absent)

        shop.request(.snapshot)
        #expect(shop.nextTask() == .snapshot)
        shop.finishSnapshot(.failed("no disk"))
        let after = try shop.reply(request("server.stats"), as: .admin)["result"]["last_snapshot"]
        #expect(after["ok"] == false)
        #expect(after["errors"] == ["no disk"])
    }

    @Test func `report the longest turn of the loop, overall and during work`()
        throws
    {
        let shop = try Shop(definitions(total: 3))
        func longest() throws -> [JSON] {
            let result = try shop.reply(request("server.stats"), as: .viewer)["result"]
            return [
                result["loop"]["turns"], result["loop"]["longest_turn_us"],
                result["catalog"]["last_reload"]["longest_turn_us"],
                result["last_snapshot"]["longest_turn_us"],
            ]
        }
        func turn(microseconds: Int64) {
            shop.noteTurn(nanoseconds: microseconds * 1_000 + 999)
        }
        turn(microseconds: 900)
        #expect(try longest() == [1, 900, .absent, .absent])

        shop.request(.reload)
        #expect(shop.nextTask() == .reload)
        turn(microseconds: 20)
        turn(microseconds: 50)
        shop.finishReload(with: definitions(total: 3))
        // The turn that ends it goes on; the next run begins in it.
        #expect(try longest() == [3, 900, 50, .absent])
        shop.request(.reload)
        #expect(shop.nextTask() == .reload)
        turn(microseconds: 70)
        #expect(try longest() == [4, 900, 70, .absent])
        shop.finishReload(with: definitions(total: 3))
        turn(microseconds: 60)
        #expect(try longest() == [5, 900, 70, .absent])
        turn(microseconds: 1_000)
        #expect(try longest() == [6, 1_000, 70, .absent])

        shop.request(.snapshot)
        #expect(shop.nextTask() == .snapshot)
        turn(microseconds: 30)
        shop.finishSnapshot(.failed("no disk"))
        turn(microseconds: 10)
        turn(microseconds: 2_000)
        #expect(try longest() == [9, 2_000, 70, 30])
    }
}
