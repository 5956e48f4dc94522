import CouponWire
import Testing
@testable import Posix

@testable import coupond

@Suite struct `Sockets of the service manager` {
    private let configured = [
        SocketSettings(path: "/run/a.sock", role: .storefront),
        SocketSettings(path: "/run/b.sock", role: .admin),
    ]

    private func descriptors(_ names: [String?]) throws -> [Int32?] {
        let inherited = names.enumerated().map {
            InheritedListener(descriptor: Int32(3 + $0.offset), name: $0.element)
        }
        return try SocketActivation(inherited: inherited, configured: configured).descriptors
    }

    @Test(
        arguments: [
            ([], [nil, nil]),
            (["storefront"], [3, nil]),
            (["admin"], [nil, 3]),
            (["admin", "storefront"], [4, 3]),
            (["coupond.socket", "coupond.socket"], [3, 4]),
            ([nil, nil], [3, 4]),
        ] as [([String?], [Int32?])])
    func `are taken by name, or all of them in order`(
        names: [String?], expected: [Int32?]
    ) throws {
        #expect(try descriptors(names) == expected)
    }

    @Test(
        arguments: [
            ["coupond.socket"],
            ["storefront", "coupond.socket"],
            ["storefront", "storefront"],
            ["admin", "storefront", "viewer"],
            [nil, nil, nil],
        ] as [[String?]])
    func `are refused if their names do not identify them`(names: [String?]) throws {
        let fault = try #require(throws: StartFault.self) { try descriptors(names) }
        #expect(fault.exitReason == .configuration)
        #expect(fault.lines.joined().contains("storefront, admin"))
    }

    @Test func `are taken in order among those of one name`() throws {
        let twins = [
            SocketSettings(path: "/run/a.sock", role: .storefront),
            SocketSettings(path: "/run/b.sock", role: .storefront),
        ]
        let inherited = [3, 4].map { InheritedListener(descriptor: $0, name: "storefront") }
        let activation = try SocketActivation(inherited: inherited, configured: twins)
        #expect(activation.descriptors == [3, 4])
    }

    private func activate(
        _ listeners: [(name: String?, boundPath: String?)], _ configured: [SocketSettings]
    ) throws -> [Int32?] {
        let inherited = listeners.enumerated().map {
            InheritedListener(
                descriptor: Int32(3 + $0.offset), name: $0.element.name,
                boundPath: $0.element.boundPath)
        }
        return try SocketActivation(inherited: inherited, configured: configured).descriptors
    }

    @Test func `are refused at the path of a socket with other rights`() throws {
        let cases: [[(name: String?, boundPath: String?)]] = [
            [("storefront", "/run/b.sock")], [("admin", "/run/a.sock")],
            [("storefront", "/run/../run/b.sock")], [(nil, "/run/b.sock"), (nil, "/run/a.sock")],
        ]
        for listeners in cases {
            let fault = try #require(throws: StartFault.self) {
                try activate(listeners, configured)
            }
            #expect(fault.exitReason == .configuration)
            let text = fault.lines.joined()
            #expect(text.contains("is another socket of the configuration"), "\(text)")
        }
    }

    @Test func `may be bound at their own path, or at one that no other socket has`() throws {
        #expect(try activate([("storefront", "/run/a.sock")], configured) == [3, nil])
        #expect(try activate([("storefront", "/elsewhere")], configured) == [3, nil])
        #expect(try activate([("storefront", nil)], configured) == [3, nil])
        let twins = [
            SocketSettings(path: "/run/a.sock", role: .storefront),
            SocketSettings(path: "/run/b.sock", role: .storefront),
        ]
        let exchanged = [("storefront", "/run/b.sock"), ("storefront", "/run/a.sock")]
        #expect(try activate(exchanged, twins) == [3, 4])
        var other = twins
        other[1].stores = ["north"]
        #expect(throws: StartFault.self) { try activate(exchanged, other) }
    }
}
