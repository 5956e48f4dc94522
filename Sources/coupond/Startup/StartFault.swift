import Definitions
import CouponCatalog
import CouponStore
import SystemPackage
import UVLoop

/// Why the daemon does not start.
enum StartFault: Error, Equatable {
    case usage(UsageFault)
    /// In the configuration or in the catalog, a definition file that is missing included; at least
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
    /// Nothing can be written there.
    case stateDirectoryUnusable(path: String, UVFault)
    case stateDirectoryTaken(path: String)

    /// `path` has more bytes than the kernel keeps of it.
    case socketPathTooLong(path: String, bytesMax: Int)
    case notASocket(path: String)
    /// Somebody listens there.
    case socketTaken(path: String)
    case socketNotBound(path: String, UVFault)
    case staleSocketNotRemoved(path: String, Errno)
    case unknownOwner(path: String, name: String, UVFault)
    /// What the service manager handed over does not fit what is configured.
    case inheritedSocketsDoNotFit(inherited: [String], configured: [String])
    case inheritedSocketUnusable(path: String, UVFault)

    case unusableState(RecoveryFault, directory: String)
    /// The journal cannot go on in the state directory.
    case journalNotBegun(DiskFault)
    case tooFewFileDescriptors(needed: UInt64, limit: UInt64)
    case system(UVFault)
}

extension StartFault {
    var exitReason: ExitReason {
        switch self {
        case .usage: .usage
        case .invalidDefinitions, .socketPathTooLong, .unknownOwner, .inheritedSocketsDoNotFit,
            .inheritedSocketUnusable:
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
        case .stateDirectoryUnusable(_, let fault), .socketNotBound(_, let fault):
            Self.reasonOfCreating(Errno(rawValue: fault.errno ?? 0))
        case .unusableState(let fault, _): fault.exitReason
        case .journalNotBegun(let fault): fault.exitReason
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

    /// Tells the operator. Mistakes in files are told as compilers do, so that editors find them.
    func report() {
        for line in lines {
            if case .invalidDefinitions = self {
                Console.write(line + "\n")
            } else {
                Console.say(line)
            }
        }
    }

    /// What the operator is told, one sentence a line.
    var lines: [String] {
        switch self {
        case .invalidDefinitions(let faults): faults.map(\.description)
        case .usage(.noCatalog):
            ["no catalog: name one with --catalog PATH, or under `catalog` in the file of --config"]
        case .usage(.ambiguousSocket(let option, let count)):
            ["\(option) stands for the socket of its role, and the configuration has \(count)"]
        case .unreadableConfiguration(let path, let error): ["cannot read \(path): \(error)"]
        case .logNotOpened(let path, let error): ["cannot open the log file \(path): \(error)"]
        case .stateDirectoryMissing(let path):
            ["the state directory \(path) does not exist, and `state.create` is never"]
        case .stateDirectoryEmpty(let path):
            [
                "the state directory \(path) holds no state, and `state.create` is never: is the disk"
                    + " mounted? The first start is made with `always`"
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
        case .journalNotBegun(let fault):
            ["the journal cannot be begun: \(fault.explanation)"]
        case .tooFewFileDescriptors(let needed, let limit):
            [
                "\(needed) file descriptors are needed for `limits.connections`, and the process may"
                    + " have \(limit): raise LimitNOFILE (ulimit -n), or lower the setting"
            ]
        case .system(let fault): ["the operating system refused: \(fault)"]
        default: [socketLine]
        }
    }

    private var socketLine: String {
        switch self {
        case .socketPathTooLong(let path, let bytesMax):
            "the socket path \(path) has \(path.utf8.count) bytes; at most \(bytesMax) are possible"
        case .notASocket(let path): "\(path) exists and is no socket; it is left alone"
        case .socketTaken(let path): "another process listens on \(path)"
        case .socketNotBound(let path, let fault): "cannot listen on \(path): \(fault)"
        case .staleSocketNotRemoved(let path, let error):
            "cannot remove \(path), on which nobody listens any more: \(error)"
        case .unknownOwner(let path, let name, let fault):
            "cannot give \(path) to \(name): \(fault)"
        case .inheritedSocketsDoNotFit(let inherited, let configured):
            "the service manager handed over the sockets \(inherited.joined(separator: ", "));"
                + " configured are \(configured.joined(separator: ", ")): give them the same names"
                + " (FileDescriptorName), or the same number in the same order"
        case .inheritedSocketUnusable(let path, let fault):
            "what the service manager handed over for \(path) is no listening Unix socket: \(fault)"
        default: preconditionFailure("only socket faults come here")
        }
    }
}
