import CouponWire
import Testing

@testable import coupond

@Suite struct `The command line` {
    private func configuration(
        _ file: Configuration?, _ change: (inout Overrides) -> Void
    ) throws -> Configuration {
        var overrides = Overrides()
        overrides.catalogPaths = ["coupons.yaml"]
        change(&overrides)
        return try Configuration(file: file, overrides: overrides)
    }

    @Test func `needs no file`() throws {
        let configuration = try configuration(nil) {
            $0.socketPath = "/tmp/a"
            $0.adminSocketPath = "/tmp/b"
            $0.stateDirectory = "/tmp/state"
        }
        #expect(configuration.sockets.map(\.path) == ["/tmp/a", "/tmp/b"])
        #expect(configuration.sockets.map(\.role) == [.storefront, .admin])
        #expect(configuration.state.directory == "/tmp/state")
        #expect(configuration.catalogPaths == ["coupons.yaml"])
    }

    @Test func `that names no socket leaves the default one`() throws {
        let configuration = try configuration(nil) { _ in }
        #expect(configuration.sockets.map(\.path) == [Configuration.defaultSocketPath])
    }

    @Test func `that names only an admin socket opens only that`() throws {
        let configuration = try configuration(nil) { $0.adminSocketPath = "/tmp/b" }
        #expect(configuration.sockets == [SocketSettings(path: "/tmp/b", role: .admin)])
    }

    @Test func `moves the file's socket and keeps its other settings`() throws {
        var file = Configuration()
        file.sockets[0].stores = ["north"]
        file.sockets[0].mode = 0o666
        var expected = file.sockets[0]
        expected.path = "/tmp/a"
        let configuration = try configuration(file) { $0.socketPath = "/tmp/a" }
        #expect(configuration.sockets == [expected])
    }

    @Test func `adds a socket of a role that the file lacks`() throws {
        let configuration = try configuration(Configuration()) { $0.adminSocketPath = "/tmp/b" }
        #expect(configuration.sockets.map(\.role) == [.storefront, .admin])
    }

    @Test func `does not guess which of several sockets is meant`() {
        var file = Configuration()
        file.sockets.append(SocketSettings(path: "/run/other.sock", role: .storefront))
        #expect(throws: UsageFault.ambiguousSocket(option: "--socket", count: 2)) {
            try configuration(file) { $0.socketPath = "/tmp/a" }
        }
    }

    @Test func `overrides the file's catalog`() throws {
        var file = Configuration()
        file.catalogPaths = ["other.yaml"]
        #expect(try configuration(file) { _ in }.catalogPaths == ["coupons.yaml"])
        #expect(try configuration(file) { $0.catalogPaths = [] }.catalogPaths == ["other.yaml"])
    }

    @Test func `must name a catalog if the file does not`() {
        #expect(throws: UsageFault.noCatalog) {
            try configuration(Configuration()) { $0.catalogPaths = [] }
        }
    }
}
