import CouponStore
import Glibc

// What others do to a directory while a daemon uses it, or between two of them: names go, and come
// back. The files themselves stay as they are, and so do the descriptors that are open.

/// What is taken from under a daemon.
package enum Theft: Hashable, Sendable {
    /// One name.
    case file(String)
    /// A directory with all that is in it.
    case directory(String)
    /// The same, and an empty one is there instead.
    case exchangedDirectory(String)
    /// A directory is there instead that has the same files, as hard links.
    case relinkedDirectory(String)
}

/// What was taken away, to be put back.
package struct Taken: Sendable {
    package let theft: Theft
    fileprivate var names: [String: Int]
    fileprivate var directoryNumber: Int?
}

extension SimulatedDisk.State {
    func isMissingDirectory(of path: String) -> Bool {
        missingDirectories.contains(path)
            || missingDirectories.contains { path.hasPrefix($0 + "/") }
    }

    fileprivate func names(below directory: String) -> [String: Int] {
        names.filter { $0.key.hasPrefix(directory + "/") }
    }

    /// All that was done to names before is durable then.
    fileprivate mutating func remove(_ taken: [String: Int]) {
        for name in taken.keys { names[name] = nil }
        durableNames = names
        nameChanges = []
    }

    fileprivate mutating func exchange(_ directory: String) {
        directories[directory] = -nextNumber
        nextNumber += 1
    }
}

extension SimulatedDisk {
    /// Opens a file or a directory, as a lock does.
    package func hold(_ path: String) -> OpenFile {
        state.withLock { state in
            let descriptor = CInt(state.nextNumber)
            state.nextNumber += 1
            if state.names[path] == nil && state.directories[path] == nil {
                state.directories[path] = -1
            }
            state.opened[descriptor] = state.names[path] ?? state.directories[path]
            return OpenFile(descriptor: descriptor, path: path)
        }
    }

    /// Takes something away. What is open stays open.
    package func take(_ theft: Theft) -> Taken {
        state.withLock { state in
            var taken = Taken(theft: theft, names: [:])
            switch theft {
            case .file(let path):
                taken.names = state.names.filter { $0.key == path }
                state.remove(taken.names)
            case .directory(let path), .exchangedDirectory(let path):
                taken.names = state.names(below: path)
                taken.directoryNumber = state.directories[path]
                state.remove(taken.names)
                if case .directory = theft {
                    state.missingDirectories.insert(path)
                } else {
                    state.exchange(path)
                }
            case .relinkedDirectory(let path):
                taken.names = state.names(below: path)
                taken.directoryNumber = state.directories[path]
                state.exchange(path)
            }
            return taken
        }
    }

    /// Puts back what was taken. What was made in its place meanwhile is gone.
    package func putBack(_ taken: Taken) {
        state.withLock { state in
            switch taken.theft {
            case .file: break
            case .directory(let path), .exchangedDirectory(let path):
                state.missingDirectories.remove(path)
                state.remove(state.names(below: path))
                state.directories[path] = taken.directoryNumber
            case .relinkedDirectory(let path):
                // Its files are those of the first one, with all that was made since.
                state.directories[path] = taken.directoryNumber
                return
            }
            state.names.merge(taken.names) { made, _ in made }
            state.durableNames.merge(taken.names) { made, _ in made }
        }
    }

    package func identity(of file: OpenFile) throws(DiskFault) -> FileIdentity {
        try perform(
            .examine, file.path, { $0.opened[file.descriptor].map(FileIdentity.init(number:)) },
            otherwise: EBADF)
    }

    package func identity(at path: String) throws(DiskFault) -> FileIdentity? {
        // The outer optional says that the operation went through, the inner one what it found.
        try perform(.examine, path) { state -> FileIdentity?? in
            if state.isMissingDirectory(of: path) { return .some(nil) }
            return .some(
                (state.names[path] ?? state.directories[path]).map(FileIdentity.init(number:)))
        }
    }
}

extension FileIdentity {
    fileprivate init(number: Int) {
        self.init(device: 1, number: UInt64(bitPattern: Int64(number)))
    }
}
