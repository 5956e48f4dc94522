import CouponStore
import FlatStorage
import StoreSupport
import Synchronization

/// Names that seem to stay what they were when they were looked at first.
final class NameBug: DiskInterference {
    private let bug: PlantedBug
    private let first = Mutex<[String: FileIdentity]>([:])

    init(_ bug: PlantedBug) { self.bug = bug }

    func seen(_ identity: FileIdentity?, at path: String) -> FileIdentity? {
        let isSegment = path.hasSuffix(".log")
        // The anchor is another file after each roll, and that is as it should be.
        if path.hasSuffix("/" + JournalAnchor.name) { return identity }
        if bug == .checksOnlyTheSegment && isSegment { return identity }
        return first.withLock { first in
            if first[path] == nil { first[path] = identity }
            return first[path]
        }
    }
}

/// An anchor that comes too early, only in part, or not at all.
final class AnchorBug: DiskInterference {
    private struct State {
        /// Whether a segment was synchronized since there is a spare: then the spare is for a roll.
        var isForRoll = false
        /// Whether the newest segment was begun by a start.
        var isOfStart = false
        /// The step by which the new segment gets its name, where it is put off.
        var naming: (path: String, newPath: String)?
        var hasAnchored = false
    }

    private let bug: PlantedBug
    private let state = Mutex(State())

    init(_ bug: PlantedBug) { self.bug = bug }

    var changesReads: Bool { bug == .ignoresTheAnchor }

    func seen(_ bytes: [UInt8], of path: String) -> [UInt8] {
        guard path.hasSuffix("/" + JournalAnchor.name) else { return bytes }
        var nothing = ByteBuffer()
        JournalAnchor.beforeTheFirst.encode(into: &nothing)
        return copy(nothing.bytes)
    }

    func makes(_ call: DiskCall, on disk: SimulatedDisk) -> Bool {
        switch (bug, call) {
        case (.skipsAnchorSync, .synchronize(let path)):
            return !path.hasSuffix(JournalAnchor.temporaryName)
        case (.anchorsOnlyAtARoll, _): return !isAnchoringOfStart(call)
        case (.anchorsBeforeTheSegment, _): return isInOrder(call, on: disk)
        default: return true
        }
    }

    private func isAnchoringOfStart(_ call: DiskCall) -> Bool {
        state.withLock { state in
            switch call {
            case .create(let path) where path.hasSuffix(JournalFiles.spareName):
                state.isForRoll = false
            case .synchronize(let path) where path.hasSuffix(".log"): state.isForRoll = true
            case .rename(_, let newPath) where newPath.hasSuffix(".log"):
                state.isOfStart = !state.isForRoll
            case .rename(_, let newPath) where newPath.hasSuffix("/" + JournalAnchor.name):
                return state.isOfStart
            default: break
            }
            return false
        }
    }

    /// Gives a new segment its name only when the anchor that names it is durable.
    private func isInOrder(_ call: DiskCall, on disk: SimulatedDisk) -> Bool {
        state.withLock { state in
            switch call {
            case .rename(let path, let newPath) where newPath.hasSuffix(".log"):
                state.naming = (path, newPath)
                state.hasAnchored = false
                return false
            case .rename(_, let newPath) where newPath.hasSuffix("/" + JournalAnchor.name):
                state.hasAnchored = true
            case .synchronizeDirectory:
                guard state.hasAnchored, let naming = state.naming else { break }
                state.naming = nil
                // Where one of them fails, the daemon has ended.
                _ = try? disk.synchronizeDirectory(Simulation.directory)
                _ = try? disk.rename(naming.path, to: naming.newPath)
            default: break
            }
            return true
        }
    }
}
