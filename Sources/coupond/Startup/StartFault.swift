import Definitions
import CouponCatalog
import CouponStore
import Posix
import SystemPackage
import UVLoop

/// Why the daemon does not start.
enum StartFault: Error, Equatable {
    case usage(UsageFault)
    /// Mistakes in the configuration or the catalog, including missing definition files; at least
    /// one.
    case invalidDefinitions([DefinitionFault])
    case unreadableConfiguration(path: String, Errno)
    case logNotOpened(path: String, Errno)

    /// The state directory does not exist, and `state.create` is `never`.
    case stateDirectoryMissing(path: String)
    /// It exists and holds no state, and `state.create` is `never`.
    case stateDirectoryEmpty(path: String)
    case stateDirectoryUnreadable(path: String, Errno)
    case stateDirectoryNotCreated(path: String, Errno)
    /// The directory is not writable.
    case stateDirectoryUnusable(path: String, PosixFault)
    case stateDirectoryTaken(path: String)

    /// `path` has more bytes than the kernel allows.
    case socketPathTooLong(path: String, bytesMax: Int)
    case notASocket(path: String)
    /// Another process listens there.
    case socketTaken(path: String)
    case socketNotBound(path: String, SystemFault)
    case staleSocketNotRemoved(path: String, Errno)
    case unknownOwner(path: String, name: String, PosixFault)
    /// The sockets that the service manager passed do not match the configured ones.
    case inheritedSocketsDoNotFit(inherited: [String], configured: [String])
    case inheritedSocketUnusable(path: String, SystemFault)
    /// The service manager passed a socket for the configured `path` that is bound at `boundPath`,
    /// where the configuration has another socket.
    case inheritedSocketMisplaced(path: String, boundPath: String)

    case unusableState(RecoveryFault, directory: String)
    /// The journal's first new segment.
    case journalNotCreated(DiskFault)
    case tooFewFileDescriptors(needed: UInt64, limit: UInt64)
    case system(SystemFault)
}

/// A call into the system that failed.
enum SystemFault: Error, Equatable {
    case posix(PosixFault)
    case loop(UVFault)

    /// An error of the `Posix` or `UVLoop` module.
    init(_ error: any Error) {
        switch error {
        case let fault as PosixFault: self = .posix(fault)
        case let fault as UVFault: self = .loop(fault)
        default: preconditionFailure("system calls throw faults of Posix or UVLoop")
        }
    }

    fileprivate var errno: CInt {
        switch self {
        case .posix(let fault): fault.errno
        case .loop(let fault): -fault.code
        }
    }
}

extension SystemFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .posix(let fault): fault.description
        case .loop(let fault): fault.description
        }
    }
}

extension StartFault {
    var exitReason: ExitReason {
        switch self {
        case .usage: .usage
        case .invalidDefinitions, .socketPathTooLong, .unknownOwner, .inheritedSocketsDoNotFit,
            .inheritedSocketUnusable, .inheritedSocketMisplaced:
            .configuration
        case .unreadableConfiguration(_, let error), .stateDirectoryUnreadable(_, let error):
            switch error {
            case .noSuchFileOrDirectory, .notDirectory: .missingInput
            case .permissionDenied: .permission
            default: .inputOutput
            }
        case .stateDirectoryMissing, .stateDirectoryEmpty: .missingInput
        case .logNotOpened(_, let error), .stateDirectoryNotCreated(_, let error),
            .staleSocketNotRemoved(_, let error):
            Self.reasonOfCreating(error)
        case .stateDirectoryUnusable(_, let fault):
            Self.reasonOfCreating(Errno(rawValue: fault.errno))
        case .socketNotBound(_, let fault): Self.reasonOfCreating(Errno(rawValue: fault.errno))
        case .unusableState(let fault, _): fault.exitReason
        case .journalNotCreated(let fault): fault.exitReason
        case .stateDirectoryTaken, .socketTaken: .alreadyRunning
        case .notASocket: .cannotCreate
        case .tooFewFileDescriptors, .system: .system
        }
    }

    private static func reasonOfCreating(_ error: Errno) -> ExitReason {
        switch error {
        case .permissionDenied, .notPermitted: .permission
        default: .cannotCreate
        }
    }

    /// What is printed. Mistakes in files have the format of compiler errors, so that editors find
    /// them.
    var report: [String] {
        if case .invalidDefinitions = self { lines } else { lines.map { "coupond: \($0)" } }
    }

    /// The fault in words, one sentence per line.
    var lines: [String] {
        switch self {
        case .invalidDefinitions(let faults): faults.map(\.description)
        case .usage(.noCatalog):
            ["no catalog: name one with --catalog PATH, or under `catalog` in the --config file"]
        case .usage(.ambiguousSocket(let option, let count)):
            ["\(option) replaces the one socket of its role, but the configuration has \(count)"]
        case .unreadableConfiguration(let path, let error): ["cannot read \(path): \(error)"]
        case .logNotOpened(let path, let error): ["cannot open the log file \(path): \(error)"]
        case .stateDirectoryMissing(let path):
            ["the state directory \(path) does not exist, and `state.create` is never"]
        case .stateDirectoryEmpty(let path):
            [
                "the state directory \(path) holds no state, and `state.create` is never: is the disk"
                    + " mounted? For the first start, use `always`"
            ]
        case .stateDirectoryUnreadable(let path, let error):
            ["cannot read the state directory \(path): \(error)"]
        case .stateDirectoryNotCreated(let path, let error):
            ["cannot create the state directory \(path): \(error)"]
        case .stateDirectoryUnusable(let path, let fault):
            ["cannot write to the state directory \(path): \(fault)"]
        case .stateDirectoryTaken(let path):
            ["another daemon uses the state directory \(path)"]
        case .unusableState(let fault, let directory): fault.lines(directory)
        case .journalNotCreated(let fault):
            ["cannot create a new journal segment: \(fault.explanation)"]
        case .tooFewFileDescriptors(let needed, let limit):
            [
                "the limits of connections need \(needed) file descriptors, but the process may have"
                    + " \(limit): raise LimitNOFILE (ulimit -n), or lower the settings"
            ]
        case .system(let fault): ["the operating system refused: \(fault)"]
        default: [socketLine]
        }
    }

    private var socketLine: String {
        switch self {
        case .socketPathTooLong(let path, let bytesMax):
            "the socket path \(path) has \(path.utf8.count) bytes; the maximum is \(bytesMax)"
        case .notASocket(let path): "\(path) exists but is not a socket; it was not touched"
        case .socketTaken(let path): "another process listens on \(path)"
        case .socketNotBound(let path, let fault): "cannot listen on \(path): \(fault)"
        case .staleSocketNotRemoved(let path, let error):
            "cannot remove the abandoned socket \(path): \(error)"
        case .unknownOwner(let path, let name, let fault):
            "cannot change the owner of \(path) to \(name): \(fault)"
        case .inheritedSocketsDoNotFit(let inherited, let configured):
            "the service manager passed the sockets \(inherited.joined(separator: ", ")), but the"
                + " configuration has \(configured.joined(separator: ", ")): use the same names"
                + " (FileDescriptorName), or the same number in the same order"
        case .inheritedSocketUnusable(let path, let fault):
            "the descriptor that the service manager passed for \(path) is not a listening Unix"
                + " socket: \(fault)"
        case .inheritedSocketMisplaced(let path, let boundPath):
            "the socket that the service manager passed for \(path) is bound at \(boundPath), which"
                + " is another socket of the configuration: correct FileDescriptorName or the path"
        default: preconditionFailure("only socket faults come here")
        }
    }
}
