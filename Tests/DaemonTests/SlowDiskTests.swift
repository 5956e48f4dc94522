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

        /// A library that makes synchronizing wait while a file exists, and crash while another does.
        private static let library = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <stdlib.h>
            #include <unistd.h>

            int fdatasync(int descriptor) {
                int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
                while (access(getenv("SLOW_DISK"), F_OK) == 0) usleep(10000);
                if (access(getenv("CRASHING_DISK"), F_OK) == 0) *(volatile char *)64 = 1;
                return next(descriptor);
            }
            """

        /// Starts a daemon that uses the library; nil without a compiler.
        private func startDaemon(_ shop: Shop, _ log: String) throws -> DaemonProcess? {
            guard let compiler = InstalledTool("cc", for: "a disk that does not answer") else {
                return nil
            }
            try shop.write(Self.library, to: "slow.c")
            let library = shop.path("slow.so")
            let compiled = try compiler.run([
                "-shared", "-fPIC", "-o", library, shop.path("slow.c"), "-ldl",
            ])
            #expect(compiled.status == 0, "\(compiled.errors)")
            try shop.write(Shop.settings + "\n" + log, to: "settings.yaml")
            let daemon = try shop.launchDaemon(environment: [
                "LD_PRELOAD": library, "SLOW_DISK": shop.path("hangs"),
                "CRASHING_DISK": shop.path("crashes"),
            ])
            try daemon.log.next(containing: "listening on \(shop.adminSocket)")
            return daemon
        }

        @Test func `is reported once, with the time, and again when it answers`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                guard let daemon = try startDaemon(shop, "") else { return }
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

        /// The log is a file here: the crash of a thread other than the loop's leaves its backtrace
        /// there, behind the lines before it.
        @Test func `or a library that crashes leaves a backtrace in the log`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let file = shop.path("coupond.log")
                guard let daemon = try startDaemon(shop, "log: {file: \(file)}") else { return }
                daemon.expectEnd()
                try shop.write("", to: "crashes")
                try shop.connect().send(ShopRequests.apply("TEN", order: "o-1") + "\n")
                #expect(try daemon.program.waitForEnd() == .signal(SIGSEGV))
                let text = try shop.text(of: "coupond.log")
                let serving = try #require(text.firstRange(of: "serving"))
                let crash = try #require(text.firstRange(of: "Program crashed"), "\(text)")
                #expect(serving.upperBound < crash.lowerBound)
                #expect(text.contains("synchronizeData") || text.contains("PosixDisk"), "\(text)")
                #expect(try !daemon.log.whole().contains("crashed"))
            }
        }
    }
}
