// A socket unit may pass on all sockets or some of them. They are matched to configured sockets by
// name. Names that match none (systemd's default is the name of the unit) are ignored only if there
// are exactly as many sockets as configured. Any other match would be a guess, and a wrong guess
// could turn a storefront socket into an admin socket.

import Posix

/// The configured sockets that the service manager has opened already.
struct SocketActivation: Equatable {
    /// For each configured socket, in order, the descriptor that was passed on for it, if any.
    let descriptors: [Int32?]

    init(inherited: [InheritedListener], configured: [SocketSettings]) throws(StartFault) {
        var descriptors = [Int32?](repeating: nil, count: configured.count)
        var unnamed: [InheritedListener] = []
        for listener in inherited {
            let match = configured.indices.first {
                descriptors[$0] == nil && configured[$0].activationName == listener.name
            }
            if let match {
                descriptors[match] = listener.descriptor
            } else {
                unnamed.append(listener)
            }
        }
        if unnamed.isEmpty {
            self.descriptors = descriptors
            return
        }
        guard unnamed.count == inherited.count, inherited.count == configured.count else {
            throw .inheritedSocketsDoNotFit(
                inherited: inherited.map { $0.name ?? "(no name)" },
                configured: configured.map(\.activationName))
        }
        self.descriptors = inherited.map(\.descriptor)
    }
}
