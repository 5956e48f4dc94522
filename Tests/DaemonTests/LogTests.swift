import CouponClient
import Foundation
import Posix
import Testing

extension `The built daemon` {
    @Suite struct `The log of a daemon` {
        private static let ping = #"{"id":7,"op":"ping"}"#

        private static func broken(mistakes: Int) -> String {
            "currency: USD\ncoupons:\n"
                + (0..<mistakes).map {
                    "- {id: c_\($0), codes: [C\($0)], discount: {kind: percentage, percent: 200}}\n"
                }.joined()
        }
        /// More lines than the pipe and the queue hold.
        private static let broken = broken(mistakes: 2_500)
        /// As many as a reload lists.
        private static let mistakesOfReload = 100

        /// Makes the daemon write more lines than the pipe and the queue hold. Returns how many.
        private func fillLog(_ shop: Shop) throws -> Int {
            try shop.write(Self.broken(mistakes: Self.mistakesOfReload), to: "catalog.yaml")
            let reloadCount = 40
            for _ in 0..<reloadCount {
                let reply = try shop.askAdmin(#"{"op":"server.reload"}"#)
                #expect(reply["error.code"] == "unprocessable", "\(reply.line)")
            }
            return reloadCount * Self.mistakesOfReload
        }

        @Test func `that no program reads delays no client and not its end`() throws {
            try Shop.open { shop in
                let daemon = try shop.startUnreadDaemon()
                _ = try fillLog(shop)
                for id in 1...100 {
                    #expect(
                        try shop.connect().ask(ShopRequests.validate("X", id: id))["id"]
                            == .integer(Int64(id)))
                }
                #expect(try daemon.end() == .status(0))
            }
        }

        @Test func `counts the lines that found no room, where they are missing`() throws {
            try Shop.open { shop in
                let daemon = try shop.startUnreadDaemon()
                let faultCount = try fillLog(shop)
                daemon.log.startReading()
                let report = try Reply(try daemon.log.next(containing: "log lines were lost"))
                let lostCount = try #require(report["metadata.lines"]?.integerValue)
                #expect(try daemon.end() == .status(0))

                // Every other line is there and whole, and the later ones follow the count.
                let text = try daemon.log.whole()
                let lines = text.split(separator: "\n").map(String.init)
                let entries = try lines.filter { !$0.hasPrefix("coupond: ") }.map { try Reply($0) }
                let messages = entries.compactMap { $0["message"]?.stringValue }
                #expect(messages.count == entries.count)
                let refusedCount = messages.count { $0 == "reload refused" }
                #expect(refusedCount > 0 && lostCount > 0)
                #expect(refusedCount + Int(lostCount) == faultCount)
                let place = try #require(messages.firstIndex(of: "log lines were lost"))
                #expect(messages[place - 1] == "reload refused")
                #expect(messages[(place + 1)...] == ["draining", "ended"])
            }
        }

        @Test func `may lose its reader before the first line`() throws {
            try Shop.open { shop in
                let manager = try ServiceManagerSocket(at: shop.path("notify"))
                let daemon = try shop.launchDaemon(
                    environment: ["NOTIFY_SOCKET": manager.path], errors: .abandoned)
                try manager.next("READY=1")
                #expect(try shop.connect().ask(Self.ping)["id"] == 7)
                #expect(try shop.askAdmin(#"{"id":8,"op":"server.reload"}"#)["id"] == 8)
                #expect(try daemon.end() == .status(0))
            }
        }

        /// Otherwise the next file that is opened would have its number.
        @Test func `goes nowhere if standard error is closed`() throws {
            guard let shell = InstalledTool("sh", for: "a daemon with standard error closed")
            else { return }
            try Shop.open { shop in
                let manager = try ServiceManagerSocket(at: shop.path("notify"))
                let daemon = shop.adopt(
                    try RunningProgram(
                        shell.path,
                        ["-c", #"exec "$0" "$@" 2>&-"#, Built.coupond] + shop.arguments,
                        environment: ["NOTIFY_SOCKET": manager.path]))
                try manager.next("READY=1")
                let target = try FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/\(daemon.program.id)/fd/2")
                #expect(target == "/dev/null")
                #expect(try shop.connect().ask(Self.ping)["id"] == 7)
                #expect(try daemon.end() == .status(0))
            }
        }

        @Test func `has all mistakes of a start, also if they are read slowly`() throws {
            try Shop.open(catalog: Self.broken) { shop in
                let program = try RunningProgram(Built.coupond, shop.arguments, errors: .unread)
                program.errors.startReading()
                #expect(try program.waitForEnd() == .status(78))
                let lines = try program.errors.whole().split(separator: "\n")
                let faults = lines.filter { $0.hasPrefix(shop.catalog) }
                let checked = try shop.runDaemon(shop.arguments + ["--check"])
                #expect(faults.count > 10)
                #expect(
                    faults.map(String.init)
                        == checked.errors.split(separator: "\n").map(String.init))
            }
        }

        @Test func `does not keep a start that fails if no program reads it`() throws {
            try Shop.open(catalog: Self.broken) { shop in
                let program = try RunningProgram(Built.coupond, shop.arguments, errors: .unread)
                #expect(try program.waitForEnd() == .status(78))
            }
        }

        @Test func `moves to another file on a reload, and loses no line`() throws {
            try Shop.open { shop in
                func settings(_ file: String) -> String {
                    """
                    sockets: [{path: s.sock, role: storefront}]
                    state: {directory: state}
                    catalog: [catalog.yaml]
                    log: {file: \(file)}
                    """
                }
                let daemon = try shop.startDaemon(
                    configuration: settings("first.log"), serving: [shop.socket])
                try shop.write(settings("second.log"), to: "coupond.yaml")
                daemon.program.signal(SIGHUP)
                try shop.eventually("the log is in the second file") {
                    guard FileManager.default.fileExists(atPath: shop.path("second.log"))
                    else { return false }
                    return try shop.text(of: "second.log").contains("catalog reloaded")
                }
                #expect(try daemon.end() == .status(0))
                let first = try shop.text(of: "first.log")
                #expect(first.contains("serving") && !first.contains("catalog reloaded"))
                #expect(try shop.text(of: "second.log").contains("ended"))
            }
        }
    }
}
