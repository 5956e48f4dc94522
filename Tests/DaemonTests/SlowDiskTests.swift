import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `A disk that does not answer` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 9},
               discount: {kind: percentage, percent: 10}}
            """

        /// A library that makes synchronizing wait while a file exists.
        private static let library = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdlib.h>
            #include <unistd.h>

            int fdatasync(int descriptor) {
                int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
                while (access(getenv("SLOW_DISK"), F_OK) == 0) usleep(10000);
                return next(descriptor);
            }
            """

        @Test func `is reported once, with the time, and again when it answers`() throws {
            guard let compiler = InstalledTool("cc", for: "a disk that does not answer") else {
                return
            }
            try Shop.open(catalog: Self.catalog) { shop in
                try shop.write(Self.library, to: "slow.c")
                let library = shop.path("slow.so")
                let compiled = try compiler.run([
                    "-shared", "-fPIC", "-o", library, shop.path("slow.c"), "-ldl",
                ])
                #expect(compiled.status == 0, "\(compiled.errors)")
                let daemon = try shop.launchDaemon(environment: [
                    "LD_PRELOAD": library, "SLOW_DISK": shop.path("hangs"),
                ])
                try daemon.log.next(containing: "listening on \(shop.adminSocket)")
                let other = try shop.connect()
                let client = try shop.connect()
                #expect(try client.ask(ShopRequests.apply("TEN", order: "o-1"))["applied"] == true)

                try shop.write("", to: "hangs")
                try client.send(ShopRequests.apply("TEN", order: "o-2") + "\n")
                let warning = try Reply(daemon.log.next(containing: "the disk does not answer"))
                #expect(warning["level"] == "warning")
                let waited = try #require(warning["metadata.ms"]?.integerValue)
                #expect(waited >= 1_000)
                #expect(try other.ask(ShopRequests.validate("TEN", id: 5))["id"] == 5)
                try FileManager.default.removeItem(atPath: shop.path("hangs"))
                let news = try Reply(daemon.log.next(containing: "the disk has answered"))
                #expect(try #require(news["metadata.ms"]?.integerValue) >= waited)
                #expect(try client.nextReply()["applied"] == true)
                #expect(try daemon.end() == .status(0))
                let lines = try daemon.log.whole().split(separator: "\n")
                #expect(lines.count { $0.contains("the disk") } == 2)
            }
        }
    }
}
