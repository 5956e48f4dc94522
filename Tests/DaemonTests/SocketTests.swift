import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `A configured socket` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 9},
               discount: {kind: percentage, percent: 10}}
            """

        /// Calls `body` with a shop whose daemon has `sockets`, in YAML, each of them at a path in
        /// the shop's folder.
        private func serve(
            _ sockets: [(name: String, settings: String)], _ body: (Shop) throws -> Void
        ) throws {
            let list = sockets.map { "- {path: \($0.name), \($0.settings)}\n" }.joined()
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon(
                    configuration: """
                        sockets:
                        \(list)
                        state: {directory: state}
                        catalog: [catalog.yaml]
                        """, serving: sockets.map { shop.path($0.name) })
                try body(shop)
            }
        }

        @Test func `allows the operations of its role`() throws {
            let requests = [
                (#"{"op":"ping"}"#, ["s.sock", "v.sock", "a.sock"]),
                (ShopRequests.validate("TEN", id: 1), ["s.sock", "a.sock"]),
                (ShopRequests.usage("TEN"), ["s.sock", "v.sock", "a.sock"]),
                (ShopRequests.apply("TEN", order: "o-1"), ["s.sock", "a.sock"]),
                (#"{"op":"server.stats"}"#, ["v.sock", "a.sock"]),
                (#"{"op":"server.snapshot"}"#, ["a.sock"]),
                (#"{"op":"server.reload"}"#, ["a.sock"]),
            ]
            try serve([
                ("s.sock", "role: storefront"), ("v.sock", "role: viewer"),
                ("a.sock", "role: admin"),
            ]) { shop in
                for (request, allowed) in requests {
                    for name in ["s.sock", "v.sock", "a.sock"] {
                        let reply = try LineClient(shop.path(name)).ask(request)
                        let code: JSONValue? = allowed.contains(name) ? nil : "forbidden"
                        #expect(reply["error.code"] == code, "\(name): \(reply.line)")
                    }
                }
            }
        }

        @Test func `serves only its stores`() throws {
            try serve([
                ("s.sock", "role: storefront, stores: [default]"),
                ("t.sock", "role: storefront, stores: [berlin]"),
            ]) { shop in
                let rows: [(name: String, store: String, error: JSONValue?, valid: JSONValue?)] = [
                    ("s.sock", "", nil, true),
                    ("s.sock", #","store":"default""#, nil, true),
                    ("s.sock", #","store":"berlin""#, "forbidden", nil),
                    ("t.sock", "", "forbidden", nil),
                    ("t.sock", #","store":"berlin""#, nil, false),
                ]
                for row in rows {
                    let reply = try LineClient(shop.path(row.name))
                        .ask(#"{"op":"validate","code":"TEN"\#(row.store)}"#)
                    #expect(reply["error.code"] == row.error && reply["valid"] == row.valid)
                }
            }
        }

        @Test func `turns away users that are not on its list`() throws {
            let own = getuid()
            try serve([
                ("s.sock", "role: storefront, allow_uids: [\(own)]"),
                ("t.sock", "role: storefront, allow_uids: [\(own + 1)]"),
            ]) { shop in
                #expect(try shop.connect().ask(ShopRequests.validate("TEN", id: 1))["id"] == 1)
                let lines = try LineClient(shop.path("t.sock")).remainingLines()
                #expect(lines.count == 1)
                #expect(try Reply(lines[0])["error.code"] == "forbidden", "\(lines)")
                #expect(try shop.connect().ask(ShopRequests.validate("TEN", id: 2))["id"] == 2)
            }
        }

        @Test func `has the configured access rights`() throws {
            try serve([("s.sock", "role: storefront, mode: 0600"), ("a.sock", "role: admin")]) {
                for name in ["s.sock", "a.sock"] {
                    let attributes = try FileManager.default.attributesOfItem(atPath: $0.path(name))
                    #expect(attributes[.posixPermissions] as? Int == 0o600)
                }
            }
        }
    }
}
