import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `A start` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 9},
               discount: {kind: percentage, percent: 10}}
            """

        /// Access rights of a path.
        private func mode(of path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }

        // MARK: Refused

        @Test(arguments: [
            (["--no-such-flag"], "no-such-flag"), ([], "no catalog"),
            (["--socket", "/tmp/unused.sock"], "no catalog"), (["--catalog"], "--catalog"),
            (["--durability", "sometimes"], "--durability"), (["--durability"], "--durability"),
        ])
        func `with an invalid command line is refused`(
            arguments: [String], complaint: String
        ) throws {
            let program = try FinishedProgram(Built.coupond, arguments)
            #expect(program.status == 64 && program.output == "")
            #expect(program.errors.contains(complaint), "\(program.errors)")
        }

        @Test func `without its settings file is refused`() throws {
            try Shop.open { shop in
                let missing = shop.path("missing.yaml")
                let program = try shop.runDaemon(["--config", missing])
                #expect(program.status == 66)
                #expect(program.errors.contains("cannot read \(missing): "), "\(program.errors)")
            }
        }

        @Test func `on an empty directory that must hold state is refused`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                func settings(_ creation: String) -> String {
                    """
                    sockets: [{path: s.sock, role: storefront}]
                    state: {directory: state, create: \(creation)}
                    catalog: [catalog.yaml]
                    journal: {segment_mib: 1}
                    """
                }
                func checkRefusal() throws {
                    try shop.write(settings("never"), to: "coupond.yaml")
                    let program = try shop.runDaemon(["--config", shop.path("coupond.yaml")])
                    #expect(program.status == 66)
                    #expect(program.errors.contains(shop.state), "\(program.errors)")
                    #expect(program.errors.contains("never"), "\(program.errors)")
                }
                try checkRefusal()
                #expect(!FileManager.default.fileExists(atPath: shop.state))

                // A mount point without its disk looks like this.
                try FileManager.default.createDirectory(
                    atPath: shop.state, withIntermediateDirectories: false)
                try checkRefusal()
                #expect(try FileManager.default.contentsOfDirectory(atPath: shop.state) == [])

                // The first start uses `always`; from then on the directory holds state.
                for creation in ["always", "never", "never"] {
                    let daemon = try shop.startDaemon(
                        configuration: settings(creation), serving: [shop.socket])
                    let reply = try shop.connect().ask(ShopRequests.apply("TEN", order: "o-1"))
                    #expect(reply["applied"] == true)
                    try daemon.crash()
                }
            }
        }

        @Test(arguments: ["catalog.yaml/state", "no/such/parent", "catalog.yaml"])
        func `without a usable state directory is refused`(directory: String) throws {
            try Shop.open { shop in
                let program = try shop.runDaemon([
                    "--socket", shop.socket, "--state", shop.path(directory), "--catalog",
                    shop.catalog,
                ])
                #expect(program.status == 73, "\(program.errors)")
                #expect(program.errors.contains("the state directory \(shop.path(directory))"))
                #expect(!FileManager.default.fileExists(atPath: shop.socket))
            }
        }

        @Test func `with an impossible socket path is refused`() throws {
            try Shop.open { shop in
                let path = shop.path(
                    String(repeating: "s", count: 108 - shop.folder.utf8.count - 1))
                #expect(path.utf8.count == 108)
                let program = try shop.runDaemon([
                    "--socket", path, "--state", shop.state, "--catalog", shop.catalog,
                ])
                #expect(program.status == 78)
                #expect(
                    program.errors.contains("has 108 bytes; the maximum is 107"),
                    "\(program.errors)")
            }
        }

        @Test func `on broken definitions is refused, and reports every mistake with its line`()
            throws
        {
            let broken = """
                currency: USD
                coupons:
                - {id: c_a, codes: [A], discount: {kind: percentage, percent: 200}}
                - {id: c_b, codes: [B], discount: {kind: percentage, percent: 10}, colour: red}
                - {id: c_c, codes: [C], discount: {kind: percentage, percent: 10}}
                - {id: c_c, codes: [C2], discount: {kind: no_such_kind}}
                """
            try Shop.open(catalog: broken) { shop in
                for arguments in [shop.arguments, shop.arguments + ["--check"]] {
                    let program = try shop.runDaemon(arguments)
                    #expect(program.status == 78)
                    let said = program.errors.split(separator: "\n")
                    for line in [3, 4, 6] {
                        let place = "\(shop.catalog):\(line):"
                        #expect(said.contains { $0.hasPrefix(place) }, "\(program.errors)")
                    }
                    #expect(!said.contains { $0.hasPrefix("\(shop.catalog):5:") })
                    #expect(!FileManager.default.fileExists(atPath: shop.socket))
                }
            }
        }

        // MARK: Beside others

        @Test func `on the state of a running daemon is refused`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let second = try shop.runDaemon([
                    "--socket", shop.path("t.sock"), "--state", shop.state, "--catalog",
                    shop.catalog,
                ])
                #expect(second.status == 75)
                #expect(second.errors.contains("the state directory \(shop.state)"))
                #expect(try shop.connect().ask(ShopRequests.validate("TEN", id: 1))["id"] == 1)
            }
        }

        @Test(arguments: [false, true])
        func `does not steal a socket on which a daemon listens`(hasLostItsLock: Bool) throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                if hasLostItsLock {
                    try FileManager.default.removeItem(atPath: shop.socket + ".lock")
                }
                let second = try shop.runDaemon([
                    "--socket", shop.socket, "--state", shop.path("state2"), "--catalog",
                    shop.catalog,
                ])
                #expect(second.status == 75)
                #expect(second.errors.contains("another process listens on \(shop.socket)"))
                #expect(try shop.connect().ask(ShopRequests.validate("TEN", id: 1))["id"] == 1)
            }
        }

        @Test func `does not touch a file in place of its socket`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                try shop.write("a note", to: "s.sock")
                let program = try shop.runDaemon(shop.arguments)
                #expect(program.status == 73)
                #expect(program.errors.contains("\(shop.socket) exists but is not a socket"))
                #expect(try shop.text(of: "s.sock") == "a note")
            }
        }

        @Test func `creates its state directory and sockets with restricted access`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                #expect(try mode(of: shop.state) == 0o700)
                #expect(try mode(of: shop.socket) == 0o660)
                #expect(try mode(of: shop.adminSocket) == 0o600)
            }
        }

        // MARK: --check

        @Test func `can be checked beside a running daemon`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let program = try shop.runDaemon(shop.arguments + ["--check"])
                #expect(program.status == 0, "\(program.errors)")
                #expect(program.errors.contains("valid: 1 coupons with 1 codes"))
                #expect(try shop.connect().ask(ShopRequests.validate("TEN", id: 1))["id"] == 1)
            }
        }

        @Test func `accepts the sample settings and the sample catalog`() throws {
            let program = try FinishedProgram(
                Built.coupond, ["--config", "config/coupond.yaml", "--check"], folder: Built.root)
            #expect(program.status == 0, "\(program.errors)")
            #expect(program.errors.contains("valid: "))
        }

        @Test func `of the service unit uses flags that exist`() throws {
            let help = try FinishedProgram(Built.coupond, ["--help"])
            #expect(help.status == 0)
            let service = try Built.text("config/coupond.service")
            let commands = service.split(separator: "\n").filter { $0.hasPrefix("ExecStart=") }
            #expect(commands.count == 1)
            let flags = commands.flatMap { $0.split(separator: " ") }.filter { $0.hasPrefix("--") }
            #expect(!flags.isEmpty)
            for flag in flags { #expect(help.output.contains("  \(flag) "), "\(flag)") }

            // The socket unit passes on the socket under its name in the sample settings.
            let unit = try Built.text("config/coupond.socket").split(separator: "\n")
            #expect(unit.contains("FileDescriptorName=storefront"))
            let settings = try Built.text("config/coupond.yaml")
            #expect(settings.contains("\n  name: storefront\n"))
            let path = try #require(unit.first { $0.hasPrefix("ListenStream=") }).dropFirst(13)
            #expect(settings.contains("\n- path: \(path)\n"))
        }
    }
}
