import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `A state on disk` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 9},
               discount: {kind: percentage, percent: 10}}
            """

        @Test func `is verified, shown and salvaged by the programs themselves`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                for order in 1...3 {
                    let reply = try client.ask(ShopRequests.apply("TEN", order: "o-\(order)"))
                    #expect(reply["applied"] == true)
                }
                // Beside the daemon the journal is shown, and nothing else.
                let shown = try FinishedProgram(
                    Built.couponctl, ["journal", "show", "--state", shop.state])
                #expect(shown.status == 0, "\(shown.errors)")
                #expect(
                    shown.output.split(separator: "\n").count { $0.contains(#""type":"record""#) }
                        == 3)
                let verify = ["--verify", "--state", shop.state]
                #expect(try shop.runDaemon(verify).status == 75)
                let salvage = [
                    "journal", "salvage", "--state", shop.state, "--into", shop.path("new"),
                ]
                let busy = try FinishedProgram(Built.couponctl, salvage)
                #expect(busy.status == 2 && busy.errors.contains("in use"))
                try daemon.crash()

                let verified = try shop.runDaemon(verify)
                #expect(verified.status == 0, "\(verified.errors)")
                #expect(verified.errors.contains("3 orders"), "\(verified.errors)")
                #expect(verified.errors.contains("the last record is 3"), "\(verified.errors)")

                // Later batches prove that the first batch was durable.
                let name = try #require(
                    try FileManager.default.contentsOfDirectory(atPath: shop.state)
                        .first { $0.hasSuffix(".log") })
                let path = "\(shop.state)/\(name)"
                var bytes = try Data(contentsOf: URL(filePath: path))
                bytes[700] ^= 1
                try bytes.write(to: URL(filePath: path))
                for arguments in [verify, shop.arguments] {
                    let refused = try shop.runDaemon(arguments)
                    #expect(refused.status == 65)
                    #expect(refused.errors.contains("(byte 512, sequence 1)"), "\(refused.errors)")
                    #expect(refused.errors.contains("couponctl journal salvage"))
                }
                let saved = try FinishedProgram(Built.couponctl, salvage + ["--skip-damage"])
                #expect(saved.status == 1, "\(saved.errors)")
                #expect(saved.output.contains("record 1 "), "\(saved.output)")

                _ = try shop.startDaemon(
                    shop.arguments.map { $0 == shop.state ? shop.path("new") : $0 })
                let next = try shop.connect()
                // The order is lost, but not its use.
                #expect(try next.usedCount(of: "TEN") == 3)
                let again = try next.ask(ShopRequests.apply("TEN", order: "o-2"))
                #expect(again["replayed"] == true)
            }
        }
    }
}
