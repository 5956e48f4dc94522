import Glibc

// The protocol between a service and systemd, without its library: a datagram that says "ready",
// and three environment variables and numbered descriptors that pass on sockets.

/// A listening socket passed on by the service manager.
package struct InheritedListener: Equatable, Sendable {
    package let descriptor: Int32
    /// The name from the socket unit (`FileDescriptorName=`), if it has one.
    package let name: String?
    /// The path that it is bound to, if it is known.
    package var boundPath: String?

    /// The number of the first inherited descriptor; the others follow it.
    private static let firstDescriptor: Int32 = 3
    private static let countMax = 1_024

    /// Reads the service manager's variables.
    ///
    /// - Returns: empty if there are no inherited sockets, or they are for another process.
    /// - Throws: `EINVAL` if the variables contradict each other or are not numbers.
    package static func parse(
        environment: (String) -> String?, processID: Int32
    ) throws(PosixFault) -> [InheritedListener] {
        guard let addressee = environment("LISTEN_PID"), let count = environment("LISTEN_FDS")
        else { return [] }
        guard let addressee = Int32(addressee), let count = Int(count), count >= 0,
            count <= countMax
        else { throw PosixFault(.readListenVariables, errno: EINVAL) }
        if addressee != processID { return [] }

        let names = environment("LISTEN_FDNAMES")?.split(
            separator: ":", omittingEmptySubsequences: false)
        if let names, names.count != count {
            throw PosixFault(.readListenVariables, errno: EINVAL)
        }
        return (0..<count).map { index in
            let name = names.map { String($0[index]) }
            return InheritedListener(
                descriptor: firstDescriptor + Int32(index),
                name: name?.isEmpty == true ? nil : name)
        }
    }
}

/// The listening sockets inherited from the service manager, closed on exec from now on.
///
/// - Throws: `EINVAL` for contradictory variables, `EBADF` for a descriptor that is not open.
package func inheritedListeners() throws(PosixFault) -> [InheritedListener] {
    var listeners = try InheritedListener.parse(
        environment: environmentVariable, processID: getpid())
    for index in listeners.indices {
        let descriptor = listeners[index].descriptor
        try check(fcntl(descriptor, F_SETFD, FD_CLOEXEC), .readListenVariables)
        listeners[index].boundPath = boundPath(of: descriptor)
    }
    return listeners
}

/// Sends a state such as `READY=1` to the service manager.
///
/// - Parameters:
///   - text: lines of `NAME=value`.
///   - address: a path, or `@` and an abstract name; by default the value of `NOTIFY_SOCKET`.
/// - Returns: false if no service manager asked for notifications.
/// - Throws: a fault if it asked, and cannot be reached.
@discardableResult
package func notifyServiceManager(
    _ text: String, at address: String? = environmentVariable("NOTIFY_SOCKET")
) throws(PosixFault) -> Bool {
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
