import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `The command line` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 3},
               discount: {kind: percentage, percent: 10}}
            - {id: c_big, codes: [BIG], discount: {kind: percentage, percent: 10},
               requires: {min_subtotal: 7500}}
            """

        private static let cart = ["--line", "p1:2:2500"]

        /// Calls `body` with a function that runs couponctl, which finds a daemon by the
        /// environment.
        private func withDaemon(
            _ body: (Shop, _ run: ([String]) throws -> FinishedProgram) throws -> Void
        ) throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                try body(shop) { arguments in
                    try FinishedProgram(
                        Built.couponctl, arguments,
                        environment: [
                            "COUPOND_SOCKET": shop.socket,
                            "COUPOND_ADMIN_SOCKET": shop.adminSocket,
                        ])
                }
            }
        }

        @Test func `demonstrates a shop's day`() throws {
            let demo = try FinishedProgram(Built.couponctl, ["demo"], folder: Built.root)
            #expect(demo.status == 0, "\(demo.output)\(demo.errors)")
            #expect(demo.output.contains(#""op":"apply""#))
            #expect(demo.output.contains(#""replayed":true"#))
            let crash = try #require(demo.output.range(of: "# kill -9: "))
            let afterwards = demo.output[crash.upperBound...]
            #expect(afterwards.contains(#""order":"o-7002","replayed":true"#))
            #expect(afterwards.contains("All 47 steps are as expected."))
        }

        @Test func `validates`() throws {
            try withDaemon { shop, run in
                let good = try run(["validate", "ten"] + Self.cart)
                #expect(good.status == 0 && good.errors == "", "\(good.errors)")
                #expect(
                    good.output == """
                        valid: 5.00 USD off

                          subtotal  50.00
                          discount  -5.00
                          total     45.00  USD

                          TEN  valid  c_ten  5.00 off, 2 left

                        """)
                let bad = try run(["validate", "BIG"] + Self.cart)
                #expect(bad.status == 1 && bad.errors == "", "\(bad.errors)")
                #expect(bad.output.hasPrefix("refused: below_minimum_amount\n"))
                #expect(bad.output.contains("Spend 25.00 USD more to use this code."))

                for (code, status) in [("TEN", 0), ("BIG", 1), ("NOSUCH", 1)] {
                    let json = try run(["validate", code, "--json"] + Self.cart)
                    #expect(json.status == status)
                    let line = try #require(json.output.split(separator: "\n").first)
                    #expect(json.output == line + "\n")
                    let reply = try Reply(String(line))
                    // The reply that any client gets, except for the id, which comes first.
                    let id = try #require(reply["id"])
                    let asked = try shop.connect().ask(
                        #"{"id":\#(id),"op":"validate","code":"\#(code)",\#(ShopRequests.cart)}"#)
                    #expect(reply.line == asked.line)
                }
            }
        }

        @Test func `applies, and reports a repeat`() throws {
            try withDaemon { _, run in
                let first = try run(["apply", "TEN", "--order", "o-1"] + Self.cart)
                #expect(first.status == 0 && first.errors == "", "\(first.errors)")
                #expect(first.output.hasPrefix("applied to order o-1: 5.00 USD off\n"))
                let again = try run(["apply", "TEN", "--order", "o-1"] + Self.cart)
                #expect(again.status == 0)
                #expect(
                    again.output.hasPrefix(
                        "applied to order o-1 before, nothing consumed now: 5.00 USD off\n"))
                let json = try run(["apply", "TEN", "--order", "o-1", "--json"] + Self.cart)
                #expect(json.status == 0)
                #expect(try Reply(json.output)["replayed"] == true)

                let refused = try run(["apply", "BIG", "--order", "o-2"] + Self.cart)
                #expect(refused.status == 1)
                #expect(refused.output.hasPrefix("refused: below_minimum_amount\n"))

                let conflict = try run(["apply", "BIG", "--order", "o-1"] + Self.cart)
                #expect(conflict.status == 2 && conflict.output == "")
                #expect(conflict.errors.contains("idempotency_conflict"), "\(conflict.errors)")
            }
        }

        @Test func `reserves and releases`() throws {
            try withDaemon { shop, run in
                let reserve = ["reserve", "TEN", "--order", "o-1", "--ttl", "600"] + Self.cart
                let held = try run(reserve + ["--json"])
                #expect(held.status == 0 && held.errors == "", "\(held.errors)")
                #expect(try Reply(held.output)["reserved"] == true)
                #expect(try run(reserve).status == 0)
                let usage = try shop.connect().ask(ShopRequests.usage("TEN"))
                #expect(usage["result.limits.0.held"] == 1)
                let refused = try run(["reserve", "BIG", "--order", "o-2"] + Self.cart)
                #expect(refused.status == 1)
                #expect(refused.output.hasPrefix("refused: below_minimum_amount\n"))

                let released = try run(["release", "--order", "o-1", "--json"])
                #expect(released.status == 0, "\(released.errors)")
                #expect(try Reply(released.output)["codes.0.was"] == "reserved")
                #expect(try run(["release", "--order", "o-1"]).status == 0)
                let unknown = try run(["release", "--order", "o-2"])
                #expect(unknown.status == 2 && unknown.output == "")
                #expect(unknown.errors.contains("not_found"), "\(unknown.errors)")
            }
        }

        @Test func `shows usage`() throws {
            try withDaemon { _, run in
                #expect(try run(["apply", "TEN", "--order", "o-1"] + Self.cart).status == 0)
                let shown = try run(["usage", "TEN"])
                #expect(shown.status == 0, "\(shown.errors)")
                #expect(
                    shown.output == """
                        limit  of  used  held  left
                        total   3     1     0     2

                        """)
                let json = try run(["usage", "TEN", "--json"])
                #expect(json.status == 0)
                #expect(try Reply(json.output)["result.limits.0.used"] == 1)
                let unknown = try run(["usage", "NOSUCH"])
                #expect(unknown.status == 2 && unknown.output == "")
                #expect(unknown.errors.contains("not_found"), "\(unknown.errors)")
            }
        }

        @Test func `administers`() throws {
            try withDaemon { shop, run in
                let stats = try run(["stats"])
                #expect(stats.status == 0 && stats.output.contains("catalog.coupons"))
                let json = try run(["stats", "--json"])
                #expect(json.status == 0)
                #expect(try Reply(json.output)["result.catalog.coupons"] == 2)

                let snapshot = try run(["snapshot"])
                #expect(snapshot.status == 0 && snapshot.output.contains("written"))
                #expect(FileManager.default.fileExists(atPath: shop.state + "/snapshot"))
                let toldSnapshot = try run(["snapshot", "--json"])
                #expect(try Reply(toldSnapshot.output)["result.written"] == true)

                try shop.write("coupons: []", to: "catalog.yaml")
                let emptying = try run(["reload"])
                #expect(emptying.status == 2 && emptying.output == "")
                #expect(emptying.errors.contains("would be left"), "\(emptying.errors)")
                let reload = try run(["reload", "--force"])
                #expect(reload.status == 0 && reload.output.contains("reloaded"))
                let toldReload = try run(["reload", "--json"])
                #expect(try Reply(toldReload.output)["result.coupons"] == 0)

                try shop.write("coupons: 7", to: "catalog.yaml")
                let refused = try run(["reload"])
                #expect(refused.status == 2 && refused.output == "")
                #expect(refused.errors.contains("\(shop.catalog):1:"), "\(refused.errors)")
                let toldRefused = try run(["reload", "--json"])
                #expect(toldRefused.status == 2)
                #expect(try Reply(toldRefused.output)["error.code"] == "unprocessable")
            }
        }

        @Test(arguments: [
            ["validate"], ["validate", "TEN", "--line", "p1"], ["apply", "TEN"], ["nonsense"],
            ["reserve", "TEN"], ["release"],
            ["validate", "TEN", "--timeout", "0"], ["stats", "--socket"],
        ])
        func `rejects an invalid command`(arguments: [String]) throws {
            let program = try FinishedProgram(Built.couponctl, arguments)
            #expect(program.status == 2 && program.output == "")
            #expect(!program.errors.isEmpty)
        }

        @Test func `reports that no daemon listens`() throws {
            try Shop.open { shop in
                for command in [["ping"], ["validate", "TEN"], ["stats"], ["reload"]] {
                    let program = try FinishedProgram(
                        Built.couponctl, command + ["--socket", shop.socket])
                    #expect(program.status == 2 && program.output == "")
                    #expect(program.errors.contains(shop.socket), "\(program.errors)")
                }
            }
        }
    }
}
