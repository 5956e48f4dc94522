// Names belong to no one: a cleaner of old files, a restore from a backup or a slip of the hand takes
// them from under a daemon, which goes on writing into files that no start will ever find. The lock
// goes in the same way, and another daemon begins on the same state. Only the names themselves show
// it, so they are looked up again before anything is acknowledged.

/// Names that must go on belonging to the files that were opened under them.
package struct KeptNames: Sendable {
    private struct Kept {
        var path: String
        var identity: FileIdentity
    }

    private var kept: [Kept] = []

    package init() {}

    /// From now on the path of `file` must name just this file, or directory, which stays open.
    package mutating func keep(_ file: OpenFile, on disk: any Disk) throws(DiskFault) {
        kept.append(Kept(path: file.path, identity: try disk.identity(of: file)))
    }

    /// Throws when a name is gone (`vanished`) or belongs to something else (`replaced`).
    package func check(on disk: any Disk) throws(DiskFault) {
        for name in kept { try Self.check(name.path, is: name.identity, on: disk) }
    }

    /// The same for one name.
    static func check(
        _ path: String, is identity: FileIdentity, on disk: any Disk
    ) throws(DiskFault) {
        guard let found = try disk.identity(at: path) else {
            throw DiskFault(.vanished, path: path, errno: 0)
        }
        guard found == identity else { throw DiskFault(.replaced, path: path, errno: 0) }
    }
}

extension DiskFault {
    /// Whether a name that must stay is not the daemon's any more, and no device has failed.
    package var isLostName: Bool { operation == .vanished || operation == .replaced }
}
