import CUv
import Glibc

// The protocol between a service and systemd, without its library: a datagram to say "ready", three
// environment variables and numbered descriptors to hand over sockets.

/// A listening socket handed over by the service manager.
package struct InheritedListener: Equatable, Sendable {
    package let descriptor: Int32
    /// The name from the socket unit (`FileDescriptorName=`), if one was given.
    package let name: String?

    /// The first descriptor that the service manager hands over; the others follow it.
    private static let firstDescriptor: Int32 = 3
    private static let countMax = 1_024

    /// Reads the service manager's variables.
    ///
    /// - Returns: empty if nothing was handed over, or not to this process.
    /// - Throws: `EINVAL` if the variables contradict each other or are no numbers.
    package static func parse(
        environment: (String) -> String?, processID: Int32
    ) throws(UVFault) -> [InheritedListener] {
        guard let addressee = environment("LISTEN_PID"), let count = environment("LISTEN_FDS")
        else { return [] }
        guard let addressee = Int32(addressee), let count = Int(count), count >= 0,
            count <= countMax
        else { throw UVFault(.inheritListeners, code: UV_EINVAL.rawValue) }
        if addressee != processID { return [] }

        let names = environment("LISTEN_FDNAMES")?.split(
            separator: ":", omittingEmptySubsequences: false)
        if let names, names.count != count {
            throw UVFault(.inheritListeners, code: UV_EINVAL.rawValue)
        }
        return (0..<count).map { index in
            let name = names.map { String($0[index]) }
            return InheritedListener(
                descriptor: firstDescriptor + Int32(index), name: name?.isEmpty == true ? nil : name
            )
        }
    }
}

/// The listening sockets that the service manager handed to this process, closed on exec from now on.
///
/// - Throws: `EINVAL` for contradictory variables, `EBADF` for a descriptor that is not open.
package func inheritedListeners() throws(UVFault) -> [InheritedListener] {
    let listeners = try InheritedListener.parse(
        environment: environmentVariable, processID: getpid())
    for listener in listeners {
        try checkErrno(fcntl(listener.descriptor, F_SETFD, FD_CLOEXEC), .inheritListeners)
    }
    return listeners
}

/// Tells the service manager something, for example `READY=1`.
///
/// - Parameters:
///   - text: lines of `NAME=value`.
///   - address: a path, or `@` and an abstract name; by default what the service manager left in
///     `NOTIFY_SOCKET`.
/// - Returns: false if there is no service manager that wants to know.
/// - Throws: a fault if there is one, and it cannot be reached.
@discardableResult
package func notifyServiceManager(
    _ text: String, at address: String? = environmentVariable("NOTIFY_SOCKET")
) throws(UVFault) -> Bool {
    guard let address, !address.isEmpty else { return false }
    let socket = try UnixSocket(.datagram)
    try socket.connect(to: SocketAddress(pathOrAbstract: address))
    _ = try socket.send(Array(text.utf8), .notifyServiceManager)
    return true
}

/// A variable of the process's environment.
package func environmentVariable(_ name: String) -> String? {
    // SAFETY: the text is copied at once; the program never changes its environment.
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
}
