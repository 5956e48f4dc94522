import CouponService
import CouponWire
import Logging

/// Everything an operator decides. The values here are the defaults, also of a setting that a
/// configuration file leaves out. It is data, not private: file and command line fill it in.
struct Configuration: Equatable, Sendable {
    var sockets = [SocketSettings(path: defaultSocketPath, role: .storefront)]
    var state = StateSettings()
    /// Definition files. Nil until the file or the command line names some; a file may name none on
    /// purpose (`catalog: []`).
    var catalogPaths: [String]?
    var limits = ResourceLimits()
    /// A client that sends nothing for so long is disconnected; nil for never.
    var idleTimeoutSeconds: Int64? = 600
    var journal = JournalSettings()
    var snapshots = SnapshotSettings()
    var log = LogSettings()

    static let defaultSocketPath = "/run/coupond/coupond.sock"
}

/// One listening socket.
struct SocketSettings: Equatable, Sendable {
    /// What the service manager calls the socket when it hands it over (`FileDescriptorName=`); nil
    /// for the name of the role.
    var name: String?
    var path: String
    var role: Role
    /// The access rights of the path, 0 ... 0o777.
    var mode: UInt32
    /// Who owns the path: a user's and a group's name; nil leaves it with the daemon's own.
    var owner: String?
    var group: String?
    /// The stores that clients of this socket may name; empty means all.
    var stores: [String] = []
    /// The users that may connect, whatever the mode says; nil means all.
    var allowedUserIDs: [UInt32]?

    init(path: String, role: Role) {
        self.path = path
        self.role = role
        mode = role == .admin ? 0o600 : 0o660
    }

    var activationName: String { name ?? role.name }
}

/// Where the daemon remembers uses.
struct StateSettings: Equatable, Sendable {
    /// What to do when the directory does not exist.
    enum Creation: String, CaseIterable, Sendable {
        /// Create it.
        case always
        /// Refuse to start: where it should be a mounted disk, an empty directory in its place
        /// would count every coupon from zero.
        case never
    }

    var directory = "/var/lib/coupond"
    var creation = Creation.always
}

/// How what was decided is written down.
struct JournalSettings: Equatable, Sendable {
    var durability = DurabilityMode.always
    /// Of one segment, in MiB. Two are allocated at any time: the one that is written, and a spare.
    var segmentMiB: Int64 = 16

    var segmentByteCount: Int { Int(segmentMiB) * 1_024 * 1_024 }
}

struct LogSettings: Equatable, Sendable {
    var level = Logger.Level.info
    /// Nil for standard error.
    var file: String?
}

extension Role {
    /// As configuration files and log lines say it.
    var name: String {
        switch self {
        case .storefront: "storefront"
        case .viewer: "viewer"
        case .admin: "admin"
        }
    }
}
