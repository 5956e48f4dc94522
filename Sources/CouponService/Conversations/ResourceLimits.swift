import CouponWire
import FlatStorage

/// The limits of one daemon. Everything that a client could make grow has a number here.
package struct ResourceLimits: Hashable, Sendable {
    /// Of one request line, without its line end.
    package var lineBytesMax = 65_536
    /// Lines answered for one connection before others get their turn.
    package var linesPerTurnMax = 256
    /// Bytes of replies that wait for one client; beyond it the client is not read from.
    package var outputBytesMax = 1 << 20
    package var connectionsMax = 1_024
    /// Connections of viewers and administrators beyond ``connectionsMax``.
    package var adminConnectionsMax = 16
    /// Orders on record. At this number orders that used nothing are forgotten to make room; where there
    /// are none, new orders are refused.
    package var ordersMax = 10_000_000

    package init() {}
}

/// How a daemon was set up.
package struct ServerSettings: Sendable {
    package var limits = ResourceLimits()
    package var durability = DurabilityMode.always
    package var snapshots = SnapshotSettings()
    package var orders = OrderSettings()
    package var start = RecoveredFacts()

    package init() {}
}

/// What a listening socket allows the clients that come in through it.
package struct ListenerTerms: Hashable, Sendable {
    package var role: Role
    /// The stores that may be named, as UTF-8; empty means all.
    let stores: [[UInt8]]

    package init(role: Role, stores: [String] = []) {
        self.role = role
        self.stores = stores.map { Array($0.utf8) }
    }

    func allows(store: Span<UInt8>) -> Bool {
        if stores.isEmpty { return true }
        for name in stores where name.span.isEqual(to: store) { return true }
        return false
    }
}
