import StoreSupport

// What a merge would leave on the disk that has a bug: a snapshot whose checksums hold, and whose
// counters and orders agree, but which is not the state that it says it is.

/// Snapshots that are wrong.
enum MergeBug {
    private static let snapshot = Simulation.directory + "/snapshot"

    /// Puts a wrong snapshot in the place of the one that was just written, where the bug asks for it.
    static func spoil(_ disk: SimulatedDisk, as bug: PlantedBug?) {
        guard let written = disk[snapshot] else { return }
        switch bug {
        case .snapshotsPromiseMore:
            // The changes were not merged, but the sequence says so.
            guard let before = disk[snapshot + ".previous"] else { return }
            var pieces = SnapshotPieces(before)
            pieces.header = SnapshotPieces(written).header
            disk[snapshot] = pieces.bytes
        case .snapshotsLeaveOrdersOut:
            var pieces = SnapshotPieces(written)
            if pieces.removeReservedOrder() { disk[snapshot] = pieces.bytes }
        default: return
        }
    }
}

extension SnapshotPieces {
    /// Leaves an order out that holds and uses nothing, or only holds: no counter of the file shows it.
    fileprivate mutating func removeReservedOrder() -> Bool {
        for index in contents.indices where contents[index].kind == 2 {
            for item in contents[index].items(textsEach: 3) {
                // The second byte of an image is the order's state.
                guard contents[index].bytes[item.last.lowerBound + 1] == 1 else { continue }
                contents[index].bytes.removeSubrange(item.all)
                contents[index].itemCount -= 1
                contents[contents.count - 1].bytes[16] -= 1
                if contents[index].itemCount == 0 { contents.remove(at: index) }
                return true
            }
        }
        return false
    }
}
