// A killed daemon leaves its socket's path behind, so an existing path proves nothing. The
// procedure:
//
// 1. Lock a file beside the path, for life: of two daemons that start together, one continues.
// 2. The path must be a socket. Another file there is not ours to remove.
// 3. Send a request. Only "connection refused" proves that no process listens. Then remove it.
// 4. Bind, set access rights and owner, and only then listen.

import CouponService
import Foundation
import Posix
import SystemPackage
import UVLoop

/// A socket that is bound to its path, and on which no loop listens yet. Made on any thread: finding
/// out whether another process listens may take a second.
struct SocketBinding: Sendable {
    /// Belongs to the one that takes the binding over.
    let descriptor: CInt
    /// Held while the daemon lives.
    let lock: FileLock

    private static let probeRequest = Array("{\"op\":\"ping\"}\n".utf8)
    private static let probeTimeoutMilliseconds: Int64 = 1_000

    /// Binds the configured path. `lock` is that of an earlier binding, if there was one.
    init(_ settings: SocketSettings, holding lock: FileLock? = nil) throws(StartFault) {
        let path = settings.path
        try settings.checkPathLength()
        if let lock, lock.isOfFile(at: Self.lockPath(path)) {
            self.lock = lock
        } else {
            self.lock = try Self.acquireLock(path)
        }
        try Self.removeIfStale(path)
        let socket: UnixSocket
        do throws(PosixFault) {
            socket = try UnixSocket(boundTo: path, mode: settings.mode)
        } catch {
            throw .socketNotBound(path: path, .posix(error))
        }
        do throws(PosixFault) {
            try changeOwner(ofPath: path, user: settings.owner, group: settings.group)
        } catch {
            try Self.remove(path)
            throw Self.ownershipFault(error, settings)
        }
        descriptor = socket.relinquish()
    }

    /// Gives the path back, because the daemon is about to end.
    func discard(_ settings: SocketSettings) throws(StartFault) {
        _ = UnixSocket(owning: descriptor)
        try Self.remove(settings.path)
    }

    private static func lockPath(_ path: String) -> String { path + ".lock" }

    private static func remove(_ path: String) throws(StartFault) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw .staleSocketNotRemoved(path: path, Errno(of: error))
        }
    }

    private static func acquireLock(_ path: String) throws(StartFault) -> FileLock {
        let attempt: FileLock.Attempt
        do throws(PosixFault) {
            attempt = try FileLock.attempt(
                path: lockPath(path), forMilliseconds: lockPatienceMilliseconds)
        } catch {
            throw .socketNotBound(path: path, .posix(error))
        }
        switch attempt {
        case .acquired(let lock): return lock
        case .heldByAnother: throw .socketTaken(path: path)
        }
    }

    private static func removeIfStale(_ path: String) throws(StartFault) {
        let outcome: ProbeOutcome
        do throws(PosixFault) {
            outcome = try probeUnixSocket(
                path: path, request: probeRequest, timeoutMilliseconds: probeTimeoutMilliseconds)
        } catch {
            throw .socketNotBound(path: path, .posix(error))
        }
        switch outcome {
        case .missing: return
        case .notASocket: throw .notASocket(path: path)
        case .answered, .silent: throw .socketTaken(path: path)
        case .refused: try remove(path)
        }
    }

    private static func ownershipFault(
        _ fault: PosixFault, _ settings: SocketSettings
    ) -> StartFault {
        switch fault.operation {
        case .findUser: .unknownOwner(path: settings.path, name: settings.owner ?? "", fault)
        case .findGroup: .unknownOwner(path: settings.path, name: settings.group ?? "", fault)
        default: .socketNotBound(path: settings.path, .posix(fault))
        }
    }
}

/// A bound socket on which the daemon does not listen yet.
struct BoundSocket {
    let settings: SocketSettings
    let listener: PipeListener
    /// The socket's file, as far as it is known.
    let file: SocketFile?
    /// Held while the daemon lives; nil for a socket of the service manager.
    let lock: FileLock?

    /// Binds the configured path.
    init(binding settings: SocketSettings, on loop: EventLoop) throws(StartFault) {
        try self.init(SocketBinding(settings), of: settings, on: loop)
    }

    /// Takes over a binding.
    init(
        _ binding: SocketBinding, of settings: SocketSettings, on loop: EventLoop
    ) throws(StartFault) {
        self.settings = settings
        lock = binding.lock
        do throws(UVFault) {
            listener = try PipeListener(
                on: loop, adopting: binding.descriptor, removing: settings.path)
        } catch {
            throw .socketNotBound(path: settings.path, .loop(error))
        }
        file = listener.file
    }

    /// Takes over a socket from the service manager, which has set its access rights.
    init(
        adopting descriptor: Int32, for settings: SocketSettings, on loop: EventLoop
    ) throws(StartFault) {
        self.settings = settings
        lock = nil
        file = boundPath(of: descriptor).flatMap { SocketFile(at: $0) }
        do {
            let socket = try UnixSocket(inheriting: descriptor)
            listener = try PipeListener(on: loop, adopting: socket.relinquish())
        } catch {
            throw .inheritedSocketUnusable(path: settings.path, SystemFault(error))
        }
    }
}

extension SocketSettings {
    /// Rejects a path that is too long for the kernel.
    func checkPathLength() throws(StartFault) {
        let bytesMax = SocketAddress.pathBytesMax
        if path.utf8.count > bytesMax { throw .socketPathTooLong(path: path, bytesMax: bytesMax) }
    }
}

/// Opens every configured socket, or takes it over from the service manager.
func openSockets(
    _ configured: [SocketSettings], on loop: EventLoop
) throws(StartFault) -> [BoundSocket] {
    let inherited: [InheritedListener]
    do throws(PosixFault) {
        inherited = try inheritedListeners()
    } catch {
        throw .system(.posix(error))
    }
    let activation = try SocketActivation(inherited: inherited, configured: configured)
    var sockets: [BoundSocket] = []
    do throws(StartFault) {
        for (settings, descriptor) in zip(configured, activation.descriptors) {
            if let descriptor {
                sockets.append(try BoundSocket(adopting: descriptor, for: settings, on: loop))
            } else {
                sockets.append(try BoundSocket(binding: settings, on: loop))
            }
        }
    } catch {
        // Remove the bound paths, so that the next start need not probe them.
        for socket in sockets { socket.listener.close() }
        throw error
    }
    return sockets
}

/// Raises the limit of file descriptors to what all connections and the daemon need.
func raiseFileDescriptorLimit(_ limits: ResourceLimits) throws(StartFault) {
    // Sockets, locks, log, snapshot, the loop's own, and some for libraries.
    let ownMax: UInt64 = 64
    let needed = UInt64(limits.connectionsMax + limits.adminConnectionsMax) + ownMax
    let limit: FileDescriptorLimit
    do throws(PosixFault) {
        limit = try fileDescriptorLimit()
        if limit.soft < needed, limit.hard >= needed { try setFileDescriptorLimit(soft: needed) }
    } catch {
        throw .system(.posix(error))
    }
    if limit.hard < needed { throw .tooFewFileDescriptors(needed: needed, limit: limit.hard) }
}
