import CUv
import Glibc

// The system calls on Unix sockets that libuv does not offer, or offers with a cut path. The loop's
// listener and connections take their descriptors from here and hand them to libuv; the probe and
// the service manager's datagrams live here entirely.

/// A Unix socket's file descriptor, closed with its owner.
package struct UnixSocket: ~Copyable {
    package enum Kind {
        case stream
        case datagram
    }

    /// Closed on exec, and by this value's end unless `relinquish()` passed it on.
    package let descriptor: CInt

    /// A socket that blocks, until libuv or the caller says otherwise.
    package init(_ kind: Kind) throws(UVFault) {
        let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
        descriptor = try checkErrno(
            socket(AF_UNIX, CInt(type.rawValue | SOCK_CLOEXEC.rawValue), 0), .openSocket)
    }

    /// Takes over a descriptor that the caller owns.
    init(owning descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Gives the descriptor to the caller, who closes it from now on.
    package consuming func relinquish() -> CInt {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    package func bind(to address: SocketAddress) throws(UVFault) {
        // SAFETY: the address is valid for the duration of the call.
        let status = unsafe address.withKernelForm { unsafe Glibc.bind(descriptor, $0, $1) }
        try checkErrno(status, .bind)
    }

    /// On Linux this succeeds or fails at once, also on a socket that does not block.
    package func connect(to address: SocketAddress) throws(UVFault) {
        // SAFETY: the address is valid for the duration of the call.
        let status = unsafe address.withKernelForm { unsafe Glibc.connect(descriptor, $0, $1) }
        try checkErrno(status, .connect)
    }

    package func listen(backlog: CInt) throws(UVFault) {
        try checkErrno(Glibc.listen(descriptor, backlog), .listen)
    }

    /// The next waiting connection, or nil if none waits (on a socket that does not block).
    package func accept() throws(UVFault) -> UnixSocket? {
        while true {
            let accepted = Glibc.accept(descriptor, nil, nil)
            if accepted >= 0 {
                let connection = UnixSocket(owning: accepted)
                try checkErrno(fcntl(accepted, F_SETFD, FD_CLOEXEC), .accept)
                return connection
            }
            switch errno {
            case EAGAIN: return nil
            // The peer gave up while it waited: the next one may not have.
            case EINTR, ECONNABORTED: continue
            default: throw UVFault(.accept, errno: errno)
            }
        }
    }

    /// Sends once, without waiting.
    ///
    /// - Returns: how many bytes the kernel took.
    package func send(_ bytes: [UInt8], _ operation: UVFault.Operation) throws(UVFault) -> Int {
        // SAFETY: the array outlives the call that reads it.
        let count = unsafe Glibc.send(
            descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
        if count < 0 { throw UVFault(operation, errno: errno) }
        return count
    }

    /// Receives once.
    ///
    /// - Returns: what came, at most `byteCountMax`; empty at the end of the stream; nil if nothing
    ///   came within the time.
    package func receive(
        upTo byteCountMax: Int, timeoutMilliseconds: Int64
    ) throws(UVFault) -> [UInt8]? {
        let deadline = BootClock.now + timeoutMilliseconds
        while true {
            let left = min(max(0, deadline - BootClock.now), Int64(CInt.max))
            var interest = pollfd(fd: descriptor, events: CShort(POLLIN), revents: 0)
            // SAFETY: `interest` outlives the call that fills it.
            let ready = unsafe poll(&interest, 1, CInt(left))
            if ready == 0 { return nil }
            if ready < 0, errno != EINTR { throw UVFault(.read, errno: errno) }
            if ready < 0 { continue }

            var bytes = [UInt8](repeating: 0, count: byteCountMax)
            // SAFETY: the array is as long as we say and outlives the call that fills it.
            let count = unsafe recv(
                descriptor, &bytes, byteCountMax, CInt(MSG_DONTWAIT))
            if count >= 0 { return Array(bytes.prefix(count)) }
            if errno != EINTR, errno != EAGAIN { throw UVFault(.read, errno: errno) }
        }
    }

    /// Whether this is a stream socket that listens, and a Unix one.
    var isListening: Bool {
        option(SO_DOMAIN) == AF_UNIX && option(SO_TYPE) == CInt(SOCK_STREAM.rawValue)
            && option(SO_ACCEPTCONN) == 1
    }

    private func option(_ name: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        // SAFETY: `value` is as long as we say and outlives the call that fills it.
        let status = unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &length)
        return status == 0 ? value : nil
    }
}

/// Who is on the other end of a connection, as the kernel recorded it when the peer connected.
package struct PeerCredentials: Equatable, Sendable {
    package let processID: Int32
    package let userID: UInt32
    package let groupID: UInt32

    init(ofPeerOn descriptor: CInt) throws(UVFault) {
        // The kernel's `struct ucred`: pid, uid, gid.
        var fields: (Int32, UInt32, UInt32) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: fields))
        // SAFETY: `fields` is as long as we say and outlives the call that fills it.
        try checkErrno(
            unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &fields, &length),
            .readPeerCredentials)
        (processID, userID, groupID) = fields
    }
}
