import Posix

/// Stands for a service manager that daemons notify.
final class ServiceManagerSocket {
    private static let patienceMilliseconds: Int64 = 20_000

    let path: String
    private let socket: UnixSocket

    init(at path: String) throws {
        self.path = path
        socket = try UnixSocket(.datagram)
        try socket.bind(to: SocketAddress(path: path))
    }

    /// Waits for `state`, and skips others.
    func next(_ state: String) throws {
        while true {
            let datagram = try socket.receive(
                upTo: 256, timeoutMilliseconds: Self.patienceMilliseconds)
            guard let datagram else { throw OutputFault.neverCame(state, output: "") }
            if String(decoding: datagram, as: UTF8.self) == state { return }
        }
    }
}
