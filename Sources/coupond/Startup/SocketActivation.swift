// A socket unit may hand over all sockets or some of them. A name that a configured socket has
// decides; names that fit nothing (systemd's default is the unit's own name) are only ignored when
// there are exactly as many sockets as configured. Anything else would be a guess, and a wrong one
// could make an admin socket of a storefront's.

import Posix

/// Which configured sockets the service manager has opened already.
struct SocketActivation: Equatable {
    /// For each configured socket, in order, the descriptor that was handed over for it, if any.
    let descriptors: [Int32?]

    init(
        inherited: [InheritedListener], configured: [SocketSettings]
    ) throws(StartFault) {
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
