import Glibc

// The system calls on Unix sockets that libuv does not offer, or offers with a cut path. A listener
// is bound here, and its descriptor is then passed to the event loop.

/// A Unix socket's file descriptor, closed with its owner.
package struct UnixSocket: ~Copyable {
    package enum Kind {
        case stream
        case datagram
    }

    /// Closed on exec, and by this value's end unless `relinquish()` passed it on.
    package let descriptor: CInt

    /// A new socket, which blocks.
    package init(_ kind: Kind) throws(PosixFault) {
        let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
        descriptor = try check(
            socket(AF_UNIX, CInt(type.rawValue | SOCK_CLOEXEC.rawValue), 0), .openSocket)
    }

    /// A new stream socket bound to `path`, which must not exist, with the access rights `mode`. No
    /// client can connect before it listens, so owner and group may still be changed.
    ///
    /// - Throws: for example `.nameSocket`, or `.bind` with `EADDRINUSE` for a path that exists.
    package init(boundTo path: String, mode: UInt32) throws(PosixFault) {
        let address = try SocketAddress(path: path)
        let socket = try UnixSocket(.stream)
        try socket.bind(to: address)
        // The kernel refuses every connection before `listen`, so the umask need not be narrowed,
        // which would also narrow the files that other threads create.
        do throws(PosixFault) {
            try check(unsafe chmod(path, mode_t(mode)), .changeMode)
        } catch {
            unsafe unlink(path)
            throw error
        }
        self = socket
    }

    /// Takes over a descriptor inherited from the service manager, and closes it if it is not a
    /// listening Unix stream socket (`EINVAL`).
    package init(inheriting descriptor: CInt) throws(PosixFault) {
        self.init(owning: descriptor)
        if !isListening { throw PosixFault(.adoptSocket, errno: EINVAL) }
    }

    /// Takes over a descriptor.
    package init(owning descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Gives the descriptor to the caller, which closes it from now on.
    package consuming func relinquish() -> CInt {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    package func bind(to address: SocketAddress) throws(PosixFault) {
        // SAFETY: the address is valid for the duration of the call.
        let status = unsafe address.withKernelForm { unsafe Glibc.bind(descriptor, $0, $1) }
        try check(status, .bind)
    }

    /// On Linux this succeeds or fails at once, also on a socket that does not block.
    package func connect(to address: SocketAddress) throws(PosixFault) {
        // SAFETY: the address is valid for the duration of the call.
        let status = unsafe address.withKernelForm { unsafe Glibc.connect(descriptor, $0, $1) }
        try check(status, .connect)
    }

    package func listen(backlog: CInt) throws(PosixFault) {
        try check(Glibc.listen(descriptor, backlog), .listen)
    }

    /// Sends once, without waiting.
    ///
    /// - Returns: how many bytes the kernel took.
    package func send(_ bytes: [UInt8], _ operation: PosixFault.Operation) throws(PosixFault) -> Int
    {
        // SAFETY: the array outlives the call that reads it.
        let count = unsafe Glibc.send(
            descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
        if count < 0 { throw PosixFault(operation, errno: errno) }
        return count
    }

    /// Receives once.
    ///
    /// - Returns: the received bytes, at most `byteCountMax`; empty at the end of the stream; nil
    ///   after a timeout.
    package func receive(
        upTo byteCountMax: Int, timeoutMilliseconds: Int64
    ) throws(PosixFault) -> [UInt8]? {
        let deadline = BootClock.now + timeoutMilliseconds
        while true {
            let left = min(max(0, deadline - BootClock.now), Int64(CInt.max))
            var interest = pollfd(fd: descriptor, events: CShort(POLLIN), revents: 0)
            // SAFETY: `interest` outlives the call that fills it.
            let ready = unsafe poll(&interest, 1, CInt(left))
            if ready == 0 { return nil }
            if ready < 0, errno != EINTR { throw PosixFault(.read, errno: errno) }
            if ready < 0 { continue }

            var bytes = [UInt8](repeating: 0, count: byteCountMax)
            // SAFETY: the array is as long as stated and outlives the call that fills it.
            let count = unsafe recv(descriptor, &bytes, byteCountMax, CInt(MSG_DONTWAIT))
            if count >= 0 { return Array(bytes.prefix(count)) }
            if errno != EINTR, errno != EAGAIN { throw PosixFault(.read, errno: errno) }
        }
    }

    private var isListening: Bool {
        option(SO_DOMAIN) == AF_UNIX && option(SO_TYPE) == CInt(SOCK_STREAM.rawValue)
            && option(SO_ACCEPTCONN) == 1
    }

    private func option(_ name: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        // SAFETY: `value` is as long as stated and outlives the call that fills it.
        let status = unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &length)
        return status == 0 ? value : nil
    }
}

/// The user at the other end of a connection, as the kernel recorded it when the peer connected.
package func peerUserID(on descriptor: CInt) throws(PosixFault) -> UInt32 {
    // The kernel's `struct ucred`: pid, uid, gid.
    var fields: (Int32, UInt32, UInt32) = (0, 0, 0)
    var length = socklen_t(MemoryLayout.size(ofValue: fields))
    // SAFETY: `fields` is as long as `length` says and outlives the call that fills it.
    try check(
        unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &fields, &length),
        .readPeerCredentials)
    return fields.1
}
