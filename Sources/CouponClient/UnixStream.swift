import Glibc

// The system calls of the client, and its only unsafe lines. Every call takes a deadline and waits in
// poll(2), with one exception: poll cannot wait for room in a listener's queue, so connect is bounded
// by the socket's send timeout, which Linux applies to it.

/// A connected Unix stream socket, closed with its owner.
struct UnixStream: ~Copyable {
    /// The point in time by which an exchange must be over.
    typealias Deadline = ContinuousClock.Instant

    private let descriptor: CInt

    /// Connects to the socket at `path`.
    init(connectingTo path: String, by deadline: Deadline) throws(StreamFault) {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { throw .system(errno) }
        let address = try UnixAddress(path: path)

        while true {
            try limitSends(to: deadline)
            // SAFETY: the address is valid for the duration of the call.
            let status = unsafe address.withKernelForm { unsafe connect(descriptor, $0, $1) }
            if status == 0 { return }
            switch errno {
            case EINTR: continue
            case EAGAIN: throw .timedOut
            default: throw .system(errno)
            }
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether there is nothing to read: no byte, no end of the stream, no error.
    var isQuiet: Bool {
        do {
            try waitUntil(POLLIN, by: .now)
            return false
        } catch {
            return error == .timedOut
        }
    }

    /// Sends `bytes`. `sentCount` becomes the number of bytes sent, even if this throws.
    func send(
        _ bytes: [UInt8], counting sentCount: inout Int, by deadline: Deadline
    ) throws(StreamFault) {
        sentCount = 0
        while sentCount < bytes.count {
            let start = sentCount
            // SAFETY: the pointer stays within the array, which outlives the call that reads it.
            // A closed peer must give EPIPE, not a signal that ends the process.
            let count = unsafe bytes.withUnsafeBytes { all in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: all[start...])
                return unsafe Glibc.send(
                    descriptor, rest.baseAddress, rest.count,
                    CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count >= 0 {
                sentCount += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: try waitUntil(POLLOUT, by: deadline)
            case EPIPE, ECONNRESET: throw .closed
            default: throw .system(errno)
            }
        }
    }

    /// Returns the next bytes: at least one, at most `byteCountMax`; none at the stream's end.
    func receive(upTo byteCountMax: Int, by deadline: Deadline) throws(StreamFault) -> [UInt8] {
        while true {
            try waitUntil(POLLIN, by: deadline)
            var failure: CInt = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCountMax) { room, filled in
                // SAFETY: `room` is as long as it says and outlives the call that fills it.
                let count = unsafe recv(
                    descriptor, room.baseAddress, room.count, CInt(MSG_DONTWAIT))
                failure = count < 0 ? errno : 0
                filled = max(0, count)
            }
            switch failure {
            case 0: return bytes
            case EINTR, EAGAIN: continue
            case ECONNRESET: return []
            default: throw .system(failure)
            }
        }
    }

    /// Waits until the socket is ready for `event`, or can only fail from now on.
    private func waitUntil(_ event: CInt, by deadline: Deadline) throws(StreamFault) {
        while true {
            var interest = pollfd(fd: descriptor, events: CShort(event), revents: 0)
            // SAFETY: `interest` outlives the call that fills it.
            let ready = unsafe poll(&interest, 1, Self.milliseconds(until: deadline))
            if ready > 0 { return }
            if ready == 0 { throw .timedOut }
            if errno != EINTR { throw .system(errno) }
        }
    }

    private func limitSends(to deadline: Deadline) throws(StreamFault) {
        // Zero would mean "wait for ever".
        let left = max(1, Int(Self.milliseconds(until: deadline)))
        var limit = timeval(tv_sec: left / 1_000, tv_usec: left % 1_000 * 1_000)
        let byteCount = socklen_t(MemoryLayout<timeval>.size)
        // SAFETY: `limit` is as long as we say and outlives the call that reads it.
        let status = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, byteCount)
        if status != 0 { throw .system(errno) }
    }

    /// The time left, rounded up so that a wait never ends early, never negative.
    private static func milliseconds(until deadline: Deadline) -> CInt {
        let left = deadline - .now
        if left <= .zero { return 0 }
        let milliseconds = (left / .milliseconds(1)).rounded(.up)
        return CInt(min(milliseconds, Double(CInt.max)))
    }
}

/// Why a call of a stream failed.
enum StreamFault: Error, Equatable {
    /// The path does not fit the kernel's address. A path cut to fit would name another socket.
    case pathTooLong(byteCountMax: Int)
    /// The path is empty or holds a zero byte.
    case pathNotUsable
    case timedOut
    /// The peer closed the connection.
    case closed
    /// A system call failed with this `errno`.
    case system(CInt)
}

/// The address of a Unix socket, as the kernel takes it.
@safe private struct UnixAddress {
    private var storage = sockaddr_un()

    init(path: String) throws(StreamFault) {
        let bytes = Array(path.utf8)
        // The last byte stays zero: it ends the path.
        let byteCountMax = MemoryLayout.size(ofValue: storage.sun_path) - 1
        if bytes.isEmpty || bytes.contains(0) { throw .pathNotUsable }
        if bytes.count > byteCountMax { throw .pathTooLong(byteCountMax: byteCountMax) }

        storage.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: the bytes were checked to fit, and the rest of `sun_path` is zero already.
        unsafe withUnsafeMutableBytes(of: &storage.sun_path) { field in
            unsafe field.copyBytes(from: bytes)
        }
    }

    func withKernelForm(_ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        // SAFETY: every socket address type starts with the fields of `sockaddr`, and the length
        // passed along is that of `storage`.
        unsafe withUnsafeBytes(of: storage) { bytes in
            let address = unsafe bytes.assumingMemoryBound(to: sockaddr.self)
            guard let start = address.baseAddress else { return -1 }
            return unsafe body(start, socklen_t(bytes.count))
        }
    }
}

/// The system's text for an `errno`, such as "No such file or directory".
func systemText(of errno: CInt) -> String {
    // SAFETY: glibc returns a string for every number. It stays valid on this thread until the next
    // call, and it is copied here.
    unsafe String(cString: strerror(errno))
}
