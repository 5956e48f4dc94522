// A socket unit may pass on all sockets or some of them. They are matched to configured sockets by
// name. Names that match none (systemd's default is the name of the unit) are ignored only if there
// are exactly as many sockets as configured. Any other match would be a guess, and a wrong guess
// could turn a storefront socket into an admin socket.
//
// So could a wrong name. A socket that is bound where the configuration has a socket with other
// rights is refused.

import Foundation
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
            try checkPaths(of: inherited, configured)
            return
        }
        guard unnamed.count == inherited.count, inherited.count == configured.count else {
            throw .inheritedSocketsDoNotFit(
                inherited: inherited.map { $0.name ?? "(no name)" },
                configured: configured.map(\.activationName))
        }
        self.descriptors = inherited.map(\.descriptor)
        try checkPaths(of: inherited, configured)
    }

    /// Refuses a socket at the path of another one that lets in other clients or allows them more.
    private func checkPaths(
        of inherited: [InheritedListener], _ configured: [SocketSettings]
    ) throws(StartFault) {
        for (settings, descriptor) in zip(configured, descriptors) {
            guard let listener = inherited.first(where: { $0.descriptor == descriptor }),
                let boundPath = listener.boundPath
            else { continue }
            let place = Self.place(of: boundPath)
            if Self.place(of: settings.path) == place { continue }
            for other in configured
            where Self.place(of: other.path) == place && !other.hasSameTerms(as: settings) {
                throw .inheritedSocketMisplaced(path: settings.path, boundPath: boundPath)
            }
        }
    }

    /// The path without symbolic links, such as the one from `/var/run` to `/run`.
    private static func place(of path: String) -> String {
        let url = URL(filePath: path)
        return url.deletingLastPathComponent().resolvingSymlinksInPath()
            .appending(path: url.lastPathComponent).standardizedFileURL.path
    }
}

extension SocketSettings {
    /// Whether it lets the same clients do the same.
    fileprivate func hasSameTerms(as other: SocketSettings) -> Bool {
        role == other.role && stores == other.stores && allowedUserIDs == other.allowedUserIDs
    }
}
