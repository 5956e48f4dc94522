import CouponCatalog
import CouponService
import Foundation
import Testing

@testable import coupond

/// The faults of a configuration file named `c.yaml`; empty if it is valid.
private func faults(_ text: String) -> [String] {
    do throws(InvalidConfiguration) {
        _ = try Configuration(reading: text, path: "c.yaml")
        return []
    } catch {
        return error.faults.map(\.description)
    }
}

@Suite struct `A configuration file` {
    @Test(arguments: ["", "# nothing but a comment\n", "limits:\n", "sockets:\nstate:\n"])
    func `that is empty gives the defaults`(text: String) throws {
        #expect(try Configuration(reading: text, path: "c.yaml") == Configuration())
    }

    @Test func `sets every setting that it names`() throws {
        let text = """
            sockets:
            - path: /run/a.sock
              role: viewer
              name: reports
              mode: 0640
              owner: coupond
              group: www-data
              stores: [north, 007]
              allow_uids: [0, 33]
            state: {directory: /srv/state, create: never}
            catalog: [/etc/a.yaml, /etc/b]
            limits: {line_bytes: 2048, lines_per_turn: 8, connections: 16, admin_connections: 3,
              output_bytes: 4096,
              orders: 99, idle_timeout_seconds: 5}
            snapshot: {interval_seconds: 7, growth_percent: 50}
            journal: {durability: everysec, segment_mib: 4}
            log: {level: debug, file: /var/log/c.log}
            """
        var socket = SocketSettings(path: "/run/a.sock", role: .viewer)
        socket.name = "reports"
        socket.mode = 0o640
        socket.owner = "coupond"
        socket.group = "www-data"
        socket.stores = ["north", "007"]
        socket.allowedUserIDs = [0, 33]
        var expected = Configuration()
        expected.sockets = [socket]
        expected.state = StateSettings(directory: "/srv/state", creation: .never)
        expected.catalogPaths = ["/etc/a.yaml", "/etc/b"]
        expected.limits.lineBytesMax = 2_048
        expected.limits.linesPerTurnMax = 8
        expected.limits.connectionsMax = 16
        expected.limits.adminConnectionsMax = 3
        expected.limits.outputBytesMax = 4_096
        expected.limits.ordersMax = 99
        expected.idleTimeoutSeconds = 5
        expected.snapshots.intervalSeconds = 7
        expected.snapshots.growthPercent = 50
        expected.journal = JournalSettings(durability: .everysec, segmentMiB: 4)
        expected.snapshots.growthBytesMin = 4 * 1_024 * 1_024
        expected.log = LogSettings(level: .debug, file: "/var/log/c.log")
        #expect(try Configuration(reading: text, path: "c.yaml") == expected)
    }

    @Test func `has paths relative to its own folder`() throws {
        let text = """
            sockets: [{path: run/a.sock, role: admin}]
            state: {directory: state}
            catalog: [coupons.yaml, /etc/more.yaml]
            log: {file: ../log}
            """
        let configuration = try Configuration(reading: text, path: "etc/coupond/c.yaml")
        #expect(configuration.sockets.map(\.path) == ["etc/coupond/run/a.sock"])
        #expect(configuration.state.directory == "etc/coupond/state")
        #expect(configuration.catalogPaths == ["etc/coupond/coupons.yaml", "/etc/more.yaml"])
        #expect(configuration.log.file == "etc/coupond/../log")
    }

    @Test func `gives a socket the rights that its role needs`() throws {
        let text = """
            sockets:
            - {path: a, role: storefront}
            - {path: b, role: viewer}
            - {path: c, role: admin}
            """
        let sockets = try Configuration(reading: text, path: "c.yaml").sockets
        #expect(sockets.map(\.mode) == [0o660, 0o660, 0o600])
        #expect(sockets.map(\.activationName) == ["storefront", "viewer", "admin"])
    }

    @Test func `may turn the idle timeout off`() throws {
        let text = "limits: {idle_timeout_seconds: 0}"
        #expect(try Configuration(reading: text, path: "c.yaml").idleTimeoutSeconds == nil)
    }

    @Test func `may list no catalog on purpose`() throws {
        #expect(try Configuration(reading: "catalog: []", path: "c.yaml").catalogPaths == [])
    }

    @Test(arguments: [
        ("socket: []", "c.yaml:1: socket: ", "Did you mean `sockets`?"),
        ("limits: {conections: 5}", "c.yaml:1: limits.conections: ", "Did you mean `connections`?"),
        ("limits: {connections: 0}", "c.yaml:1: limits.connections: ", "at least 1"),
        (
            "limits: {line_bytes: 1e5}", "c.yaml:1: limits.line_bytes: ",
            "a whole number is expected"
        ),
        ("limits: {orders: \"5\"}", "c.yaml:1: limits.orders: ", "without quotes"),
        ("limits: 5", "c.yaml:1: limits: ", "a map is expected"),
        ("snapshot:\n  interval_seconds: 86401", "c.yaml:2: snapshot.interval_seconds: ", "86400"),
        ("log: {level: inf}", "c.yaml:1: log.level: ", "Did you mean `info`?"),
        ("state: {create: allways}", "c.yaml:1: state.create: ", "Did you mean `always`?"),
        ("state: {directory: \"\"}", "c.yaml:1: state.directory: ", "must not be empty"),
        ("catalog: coupons.yaml", "c.yaml:1: catalog: ", "a list is expected"),
        ("sockets: []", "c.yaml:1: sockets: ", "at least one socket"),
        ("sockets: [{role: admin}]", "c.yaml:1: sockets[0]: ", "`path` is missing"),
        ("sockets: [{path: a}]", "c.yaml:1: sockets[0]: ", "`role` is missing"),
        ("sockets: [{path: a, role: adm}]", "c.yaml:1: sockets[0].role: ", "Did you mean `admin`?"),
        ("sockets: [{path: a, role: admin, mode: 888}]", "c.yaml:1: sockets[0].mode: ", "octal"),
        ("sockets: [{path: a, role: admin, mode: 1777}]", "c.yaml:1: sockets[0].mode: ", "octal"),
        (
            "sockets: [{path: a, role: admin, allow_uids: []}]",
            "c.yaml:1: sockets[0].allow_uids: ", "let no client in"
        ),
        (
            "sockets: [{path: a, role: admin, allow_uids: [-1]}]",
            "c.yaml:1: sockets[0].allow_uids[0]: ", "at least 0"
        ),
        (
            "sockets: [{path: a, role: admin, stores: []}]",
            "c.yaml:1: sockets[0].stores: ", "let no client in"
        ),
        (
            "sockets:\n- {path: a, role: admin}\n- {path: a, role: viewer}",
            "c.yaml:3: sockets[1]: ", "has the path a already"
        ),
        (
            "sockets:\n- {path: a, role: admin, name: x}\n- {path: b, role: admin, name: x}",
            "c.yaml:3: sockets[1]: ", "has the name x already"
        ),
        ("log: {level: info}\nlog: {level: debug}", "c.yaml:2: log: ", "line 1"),
        ("limits: [", "c.yaml:", "not YAML"),
        ("- a list", "c.yaml:1: ", "a map is expected"),
    ])
    func `with a mistake reports the place and the reason`(
        text: String, place: String, reason: String
    ) throws {
        let found = faults(text)
        let fault = try #require(found.first)
        #expect(found.count == 1)
        // Where the syntax is broken, and for a file as a whole, the column is not looked at.
        let line = fault.replacing(#/^(c\.yaml:\d+):\d+: /#) { "\($0.output.1): " }
        #expect(line.hasPrefix(place), "\(fault)")
        #expect(fault.contains(reason), "\(fault)")
    }

    @Test func `reports all its mistakes at once, by line`() {
        let found = faults(
            """
            sockets:
            - {path: a, role: guest}
            limits: {connections: none}
            catalogue: [x.yaml]
            """)
        let places = found.map { $0.prefix(while: { $0 != " " }) }
        #expect(places == ["c.yaml:2:19:", "c.yaml:3:23:", "c.yaml:4:1:"])
    }

    @Test func `that is shipped shows the defaults`() throws {
        let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = folder.appending(path: "config/coupond.yaml").path
        let shipped = try Configuration(
            reading: String(contentsOfFile: path, encoding: .utf8), path: "config/coupond.yaml")
        var storefront = SocketSettings(path: Configuration.defaultSocketPath, role: .storefront)
        storefront.name = "storefront"
        var expected = Configuration()
        expected.sockets = [
            storefront, SocketSettings(path: "/run/coupond/admin.sock", role: .admin),
        ]
        expected.catalogPaths = ["config/coupons.yaml"]
        #expect(shipped == expected)
    }
}
