import CouponService
import CouponWire
import Logging

/// Everything an operator decides. The values here are the defaults, also of a setting that a
/// configuration file leaves out. It is data, not private: file and command line fill it in.
struct Configuration: Equatable, Sendable {
    var sockets = [SocketSettings(path: defaultSocketPath, role: .storefront)]
    var state = StateSettings()
    /// Definition files. Nil until the file or the command line names some; a file may list none on
    /// purpose (`catalog: []`).
    var catalogPaths: [String]?
    var reload = ReloadSettings()
    var limits = ResourceLimits()
    /// A client that sends nothing for this long is disconnected; nil for never.
    var idleTimeoutSeconds: Int64? = 600
    var journal = JournalSettings()
    var snapshots = SnapshotSettings()
    var orders = OrderFileSettings()
    var log = LogSettings()

    static let defaultSocketPath = "/run/coupond/coupond.sock"
}

/// One listening socket.
struct SocketSettings: Equatable, Sendable {
    /// The name of the socket in the service manager (`FileDescriptorName=`); nil for the name of
    /// the role.
    var name: String?
    var path: String
    var role: Role
    /// The access rights of the path, 0 ... 0o777.
    var mode: UInt32
    /// The path's owner, by the names of a user and a group; nil for the daemon's own.
    var owner: String?
    var group: String?
    /// The stores that clients of this socket may name; empty means all.
    var stores: [String] = []
    /// The users that may connect, under any mode; nil means all.
    var allowedUserIDs: [UInt32]?

    init(path: String, role: Role) {
        self.path = path
        self.role = role
        mode = role == .admin ? 0o600 : 0o660
    }

    var activationName: String { name ?? role.name }
}

/// Where the daemon keeps its state.
struct StateSettings: Equatable, Sendable {
    /// What to do if the directory does not exist.
    enum Creation: String, CaseIterable, Sendable {
        /// Create it.
        case always
        /// Refuse to start: on an empty directory in place of a mounted disk, the daemon would
        /// count every coupon from zero.
        case never
    }

    var directory = "/var/lib/coupond"
    var creation = Creation.always
}

/// What a reload takes without being forced.
struct ReloadSettings: Equatable, Sendable {
    /// How much of a store's coupons, and of its codes, may go at once.
    var shrinkPercent: Int64 = 50
    /// A reload that takes longer is given up.
    var timeoutSeconds: Int64 = 300
}

/// How decisions are recorded.
struct JournalSettings: Equatable, Sendable {
    var durability = DurabilityMode.always
    /// The size of a segment, in MiB. Two are allocated at any time: the active one and a spare.
    var segmentMiB: Int64 = 16

    var segmentByteCount: Int { Int(segmentMiB) * 1_024 * 1_024 }
}

/// For how long orders are kept, and where they go.
struct OrderFileSettings: Equatable, Sendable {
    var settings = OrderSettings()
    /// The folder for archived orders; nil for none.
    var archiveFolder: String? {
        didSet { settings.archives = archiveFolder != nil }
    }
}

struct LogSettings: Equatable, Sendable {
    var level = Logger.Level.info
    /// Nil for standard error.
    var file: String?
}

extension Role {
    /// The name in configuration files and log lines.
    var name: String {
        switch self {
        case .storefront: "storefront"
        case .viewer: "viewer"
        case .admin: "admin"
        }
    }
}
