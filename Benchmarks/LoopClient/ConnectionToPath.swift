import Glibc
import Posix
import UVLoop

extension Connection {
    /// Connects to the socket at `path` without waiting: the socket must listen (`ECONNREFUSED`) and
    /// have room in its queue (`EAGAIN`: try again later).
    package convenience init(on loop: EventLoop, connectingTo path: String) throws {
        let address = try SocketAddress(path: path)
        let socket = try UnixSocket(.stream)
        // A socket that blocks would wait for room in the queue, and the whole loop with it.
        _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
        try socket.connect(to: address)
        try self.init(on: loop, adopting: socket.relinquish())
    }
}
