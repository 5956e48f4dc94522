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
}
