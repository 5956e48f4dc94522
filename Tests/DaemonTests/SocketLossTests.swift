import CouponClient
import Foundation
import Posix
import Testing

extension `The built daemon` {
    @Suite struct `A socket's file` {
        private static let ping = #"{"id":7,"op":"ping"}"#

        @Test func `that was removed is bound again`() throws {
            try Shop.open { shop in
                let daemon = try shop.startDaemon()
                let connected = try shop.connect()
                for round in 1...2 {
                    try FileManager.default.removeItem(atPath: shop.socket)
                    if round == 2 {
                        try FileManager.default.removeItem(atPath: shop.socket + ".lock")
                    }
                    let line = try Reply(daemon.log.next(containing: "it is bound again"))
                    #expect(line["metadata.socket"] == .string(shop.socket))
                    #expect(line["metadata.found"] == "no file")
                    try daemon.log.next(containing: "socket bound again")
                    #expect(try shop.connect().ask(Self.ping)["id"] == 7)
                }
                let attributes = try FileManager.default.attributesOfItem(atPath: shop.socket)
                #expect(attributes[.posixPermissions] as? Int == 0o660)
                #expect(try connected.ask(Self.ping)["id"] == 7)
                #expect(try shop.askAdmin(Self.ping)["id"] == 7)

                // The lock that was removed, too, is in force again.
                let second = try shop.runDaemon([
                    "--socket", shop.socket, "--state", shop.path("state2"), "--catalog",
                    shop.catalog,
                ])
                #expect(second.status == 75)
                #expect(try daemon.end() == .status(0))
                #expect(!FileManager.default.fileExists(atPath: shop.socket))
            }
        }

        @Test func `that replaced its own is left to the process that listens on it`() throws {
            try Shop.open { shop in
                let daemon = try shop.startDaemon()
                // Another process that knows nothing of locks.
                try FileManager.default.removeItem(atPath: shop.socket)
                let other = try UnixSocket(boundTo: shop.socket, mode: 0o600)
                try other.listen(backlog: 8)
                let line = try Reply(daemon.log.next(containing: "it is bound again"))
                #expect(line["metadata.found"] == "another file")
                let fault = try Reply(daemon.log.next(containing: "cannot bind a socket again"))
                #expect(
                    fault["metadata.fault"]
                        == .string("another process listens on \(shop.socket)"))
                #expect(try daemon.end() == .status(0))
                #expect(FileManager.default.fileExists(atPath: shop.socket))
                #expect(
                    try probeUnixSocket(path: shop.socket, request: [10], timeoutMilliseconds: 0)
                        == .silent)
                withExtendedLifetime(other.descriptor) {}
            }
        }

        @Test func `that replaced its own is replaced once its process has ended`() throws {
            try Shop.open { shop in
                let daemon = try shop.startDaemon()
                try FileManager.default.removeItem(atPath: shop.socket)
                let other = try UnixSocket(boundTo: shop.socket, mode: 0o600)
                _ = consume other
                try daemon.log.next(containing: "socket bound again")
                #expect(try shop.connect().ask(Self.ping)["id"] == 7)
            }
        }

        /// A moved directory takes the files of both sockets and the locks with it.
        @Test func `that another daemon took over stays when the first one ends`() throws {
            try Shop.open { shop in
                let first = try shop.startDaemon()
                for path in [shop.socket, shop.adminSocket] {
                    try FileManager.default.removeItem(atPath: path)
                    try FileManager.default.removeItem(atPath: path + ".lock")
                }
                // It may lose the race for the sockets, but only to the daemon that was there first.
                let second = try shop.launchDaemon([
                    "--socket", shop.socket, "--admin-socket", shop.adminSocket, "--state",
                    shop.path("state2"), "--catalog", shop.catalog,
                ])
                second.expectEnd()
                try first.log.next(containing: "it is bound again")
                _ = try first.end()
                if second.program.isRunning {
                    try second.log.next(containing: "listening on \(shop.adminSocket)")
                    #expect(try shop.connect().ask(Self.ping)["id"] == 7)
                    #expect(try second.end() == .status(0))
                } else {
                    #expect(try second.program.waitForEnd() == .status(75))
                }
            }
        }

        // MARK: The service manager

        /// Runs a daemon that inherits a socket bound at `path` under the name of `name`.
        private func activate(
            _ shop: Shop, path: String, name: String
        ) throws -> RunningProgram? {
            guard let shell = InstalledTool("sh", for: "sockets of a service manager") else {
                return nil
            }
            let socket = try UnixSocket(boundTo: path, mode: 0o600)
            try socket.listen(backlog: 8)
            let script = """
                exec 3<&0
                LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=\(name) exec "$0" "$@"
                """
            return try RunningProgram(
                shell.path, ["-c", script, Built.coupond] + shop.arguments,
                inheriting: FileHandle(
                    fileDescriptor: dup(socket.descriptor), closeOnDealloc: true))
        }

        @Test func `of the service manager is refused at the path of another role`() throws {
            try Shop.open { shop in
                let program = try activate(shop, path: shop.adminSocket, name: "storefront")
                guard let program else { return }
                #expect(try program.waitForEnd() == .status(78))
                let text = try program.errors.whole()
                #expect(text.contains(shop.adminSocket + ", which is another socket"), "\(text)")
            }
        }

        @Test func `of the service manager is reported when it is lost`() throws {
            try Shop.open { shop in
                let program = try activate(shop, path: shop.socket, name: "storefront")
                guard let program else { return }
                let daemon = shop.adopt(program)
                try daemon.log.next(containing: "listening on \(shop.adminSocket)")
                #expect(try shop.connect().ask(Self.ping)["id"] == 7)
                try FileManager.default.removeItem(atPath: shop.socket)
                let line = try Reply(daemon.log.next(containing: "restart its socket unit"))
                #expect(line["metadata.socket"] == .string(shop.socket))
                #expect(try daemon.end() == .status(0))
            }
        }
    }

    @Suite struct `A client beside others` {
        private static let ping = #"{"id":7,"op":"ping"}"#

        private func settings(_ shop: Shop, _ limits: String) -> String {
            """
            sockets:
            - {path: \(shop.socket), role: storefront}
            - {path: \(shop.adminSocket), role: admin}
            state: {directory: \(shop.state)}
            catalog: [catalog.yaml]
            limits: {\(limits)}
            journal: {segment_mib: 1}
            """
        }

        @Test func `finds a place of the reserve if it is an administrator`() throws {
            try Shop.open { shop in
                let daemon = try shop.startDaemon(
                    configuration: settings(shop, "connections: 2, admin_connections: 1"),
                    serving: [shop.socket, shop.adminSocket])
                let storefronts = try [shop.connect(), shop.connect()]
                for client in storefronts { #expect(try client.ask(Self.ping)["id"] == 7) }
                for _ in 1...2 {
                    let lines = try shop.connect().remainingLines()
                    #expect(lines.count == 1 && lines[0].contains("too_many_connections"))
                }
                let admin = try LineClient(shop.adminSocket)
                #expect(try admin.ask(#"{"id":8,"op":"server.stats"}"#)["id"] == 8)
                let second = try LineClient(shop.adminSocket).remainingLines()
                #expect(second.count == 1 && second[0].contains("too_many_connections"))
                #expect(try storefronts[0].ask(Self.ping)["id"] == 7)

                #expect(try daemon.end() == .status(0))
                let log = try daemon.log.whole()
                let reports = log.split(separator: "\n").filter {
                    $0.contains("the limit of connections is reached")
                }
                #expect(reports.count == 1, "\(log)")
            }
        }

        @Test func `is idle while it sends a line that does not end`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon(
                    configuration: settings(shop, "idle_timeout_seconds: 1"),
                    serving: [shop.socket, shop.adminSocket])
                let busy = try shop.connect()
                let dawdler = try shop.connect()
                try dawdler.send(#"{"op":""#)
                let start = ContinuousClock.now
                do {
                    // A byte with every round trip of another client, so that it is never silent.
                    while try !dawdler.isClosed() {
                        #expect(try busy.ask(Self.ping)["id"] == 7)
                        if ContinuousClock.now - start < .seconds(10) { try dawdler.send("x") }
                        try #require(ContinuousClock.now - start < .seconds(20))
                    }
                } catch LineFault.closed {
                    // It was closed between the question and the byte.
                }
                #expect(ContinuousClock.now - start > .milliseconds(700))
                #expect(ContinuousClock.now - start < .seconds(10))
                #expect(try busy.ask(Self.ping)["id"] == 7)
            }
        }
    }
}
