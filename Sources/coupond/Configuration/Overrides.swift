import CouponService
import CouponWire

/// The settings of the command line, which override the configuration file.
struct Overrides: Equatable, Sendable {
    var configurationPath: String?
    var socketPath: String?
    var adminSocketPath: String?
    var stateDirectory: String?
    var durability: DurabilityMode?
    /// Empty for those of the configuration file.
    var catalogPaths: [String] = []
    /// Whether a start on broken definitions is refused, instead of serving the last good catalog.
    var isStrictCatalog = false
    /// Whether the time of day is right, so that orders may be archived by it.
    var isClockTrusted = false
}

/// A command line with a mistake.
enum UsageFault: Error, Equatable {
    /// Neither the file nor the command line names a catalog.
    case noCatalog
    /// An option replaces the one socket of its role, but the file has several.
    case ambiguousSocket(option: String, count: Int)
}

extension Configuration {
    /// The configuration of a daemon started with `overrides`. `file` holds the settings of
    /// the configuration file; nil without one.
    init(file: Configuration?, overrides: Overrides) throws(UsageFault) {
        self = file ?? Configuration()
        // A socket without a file is meant to be the only one.
        if file == nil, overrides.socketPath != nil || overrides.adminSocketPath != nil {
            sockets = []
        }
        if let path = overrides.socketPath {
            try moveSocket(.storefront, to: path, option: "--socket")
        }
        if let path = overrides.adminSocketPath {
            try moveSocket(.admin, to: path, option: "--admin-socket")
        }
        if let directory = overrides.stateDirectory { state.directory = directory }
        if let durability = overrides.durability { journal.durability = durability }
        orders.settings.trustsClock = overrides.isClockTrusted
        if !overrides.catalogPaths.isEmpty { catalogPaths = overrides.catalogPaths }
        if catalogPaths == nil { throw .noCatalog }
    }

    /// Moves the one socket of `role`, or adds one. With several, the choice would be a guess.
    private mutating func moveSocket(
        _ role: Role, to path: String, option: String
    ) throws(UsageFault) {
        let matches = sockets.indices.filter { sockets[$0].role == role }
        switch matches.count {
        case 0: sockets.append(SocketSettings(path: path, role: role))
        case 1: sockets[matches[0]].path = path
        default: throw .ambiguousSocket(option: option, count: matches.count)
        }
    }
}
