// A socket's path outlives a daemon that was killed, so a path that exists says nothing. The recipe:
//
// 1. Lock a file beside the path, for life: of two daemons that start together, one goes on.
// 2. The path must be a socket. Whatever else is there belongs to somebody.
// 3. Ask it something. Only "connection refused" proves that nobody listens; then it is removed.
// 4. Bind, set the rights and the owner, and only then listen.

import Foundation
import SystemPackage
import UVLoop

/// A socket that is ours, on which nobody is heard yet.
struct BoundSocket {
    let settings: SocketSettings
    let listener: PipeListener
    /// Held for as long as the daemon lives; nil for a socket of the service manager.
    let lock: FileLock?

    private static let probeRequest = Array("{\"op\":\"ping\"}\n".utf8)
    private static let probeTimeoutMilliseconds: Int64 = 1_000

    /// Binds the configured path.
    init(binding settings: SocketSettings, on loop: EventLoop) throws(StartFault) {
        let path = settings.path
        try settings.checkPathLength()
        self.settings = settings
        lock = try Self.claim(path)
        try Self.removeIfStale(path)
        do throws(UVFault) {
            listener = try PipeListener(on: loop, path: path, mode: settings.mode)
        } catch {
            throw .socketNotBound(path: path, error)
        }
        do throws(UVFault) {
            try changeOwner(ofPath: path, user: settings.owner, group: settings.group)
        } catch {
            listener.close()
            throw Self.ownershipFault(error, settings)
        }
    }

    /// Takes over a socket from the service manager, which has set its rights.
    init(
        adopting descriptor: Int32, for settings: SocketSettings, on loop: EventLoop
    ) throws(StartFault) {
        self.settings = settings
        lock = nil
        do throws(UVFault) {
            listener = try PipeListener(on: loop, adopting: descriptor)
        } catch {
            throw .inheritedSocketUnusable(path: settings.path, error)
        }
    }

    private static func claim(_ path: String) throws(StartFault) -> FileLock {
        let attempt: FileLock.Attempt
        do throws(UVFault) {
            attempt = try FileLock.attempt(
                path: path + ".lock", forMilliseconds: lockPatienceMilliseconds)
        } catch {
            throw .socketNotBound(path: path, error)
        }
        switch attempt {
        case .acquired(let lock): return lock
        case .heldByAnother: throw .socketTaken(path: path)
        }
    }

    private static func removeIfStale(_ path: String) throws(StartFault) {
        let outcome: ProbeOutcome
        do throws(UVFault) {
            outcome = try probeUnixSocket(
                path: path, request: probeRequest, timeoutMilliseconds: probeTimeoutMilliseconds)
        } catch {
            throw .socketNotBound(path: path, error)
        }
        switch outcome {
        case .missing: return
        case .notASocket: throw .notASocket(path: path)
        case .answered, .silent: throw .socketTaken(path: path)
        case .refused:
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                throw .staleSocketNotRemoved(path: path, Errno(of: error))
            }
        }
    }

    private static func ownershipFault(
        _ fault: UVFault, _ settings: SocketSettings
    ) -> StartFault {
        switch fault.operation {
        case .findUser: .unknownOwner(path: settings.path, name: settings.owner ?? "", fault)
        case .findGroup: .unknownOwner(path: settings.path, name: settings.group ?? "", fault)
        default: .socketNotBound(path: settings.path, fault)
        }
    }
}

extension SocketSettings {
    /// Refuses a path that the kernel would cut.
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
    do throws(UVFault) {
        inherited = try inheritedListeners()
    } catch {
        throw .system(error)
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
        // What was bound is ours to remove, or the next start would have to find out.
        for socket in sockets { socket.listener.close() }
        throw error
    }
    return sockets
}

/// Makes sure that every connection of `connectionsMax` can have its file descriptor, and the daemon
/// those that it needs itself.
func raiseFileDescriptorLimit(connectionsMax: Int) throws(StartFault) {
    // Sockets, locks, log, snapshot, the loop's own, and some for libraries.
    let ownMax: UInt64 = 64
    let needed = UInt64(connectionsMax) + ownMax
    let limit: FileDescriptorLimit
    do throws(UVFault) {
        limit = try fileDescriptorLimit()
        if limit.soft < needed, limit.hard >= needed { try setFileDescriptorLimit(soft: needed) }
    } catch {
        throw .system(error)
    }
    if limit.hard < needed { throw .tooFewFileDescriptors(needed: needed, limit: limit.hard) }
}
