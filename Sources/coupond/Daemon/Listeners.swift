import CouponService
import Logging
import UVLoop

/// The sockets on which clients connect.
final class Listeners {
    /// How many connections may wait in the kernel until they are accepted.
    private static let backlogMax: Int32 = 1_024
    private static let faultLogMilliseconds: Int64 = 10_000

    private let loop: EventLoop
    private var sockets: [BoundSocket]
    private let keeper: SocketKeeper
    private let server: LoopServer
    private let clients: ClientList
    private let log: DaemonLog
    /// In steady milliseconds.
    private var lastFaultLoggedAt: Int64?

    init(
        _ sockets: [BoundSocket], on loop: EventLoop, server: LoopServer, clients: ClientList,
        log: DaemonLog
    ) throws(UVFault) {
        self.loop = loop
        self.sockets = sockets
        keeper = try SocketKeeper(on: loop, log: log)
        self.server = server
        self.clients = clients
        self.log = log
    }

    /// Listens on every socket, and reports each on standard error.
    func listen() throws(UVFault) {
        for socket in sockets { try listen(on: socket) }
        for socket in sockets {
            Console.say("listening on \(socket.settings.path) (\(socket.settings.role.name))")
        }
        keeper.start(sockets) { [unowned self] in replaceSocket(at: $0, with: $1) }
    }

    private func listen(on socket: BoundSocket) throws(UVFault) {
        let terms = ListenerTerms(role: socket.settings.role, stores: socket.settings.stores)
        try socket.listener.listen(
            backlog: Self.backlogMax,
            onFailure: { [unowned self] in logFault($0, of: socket.settings.path) },
            onConnection: { [clients] in
                clients.admit($0, on: terms, allowedUserIDs: socket.settings.allowedUserIDs)
            })
    }

    /// Listens on `binding` in place of a socket whose file is lost.
    private func replaceSocket(at index: Int, with binding: SocketBinding) {
        let old = sockets[index]
        do throws(StartFault) {
            let socket = try BoundSocket(binding, of: old.settings, on: loop)
            do throws(UVFault) {
                try listen(on: socket)
            } catch {
                socket.listener.close()
                throw .socketNotBound(path: old.settings.path, .loop(error))
            }
            sockets[index] = socket
            old.listener.close()
            keeper.replace(at: index, with: socket)
        } catch {
            keeper.logFailure(index, error)
        }
    }

    func close() {
        keeper.stop()
        for socket in sockets { socket.listener.close() }
    }

    /// The listener tries again ten times a second; one line in ten seconds is enough.
    private func logFault(_ fault: UVFault, of path: String) {
        let now = server.now.steady
        if let last = lastFaultLoggedAt, now - last < Self.faultLogMilliseconds { return }
        lastFaultLoggedAt = now
        log.error(
            "cannot accept connections", metadata: ["socket": "\(path)", "fault": "\(fault)"])
    }
}
