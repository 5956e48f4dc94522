import CouponStore
import FlatStorage
import StoreSupport
import Synchronization

/// Calls that are left out, or made at the wrong time.
final class CallBug: DiskInterference {
    private let bug: PlantedBug
    /// Whether the header of a segment was written, and nothing done since.
    private let follows = Mutex(false)

    init(_ bug: PlantedBug) { self.bug = bug }

    func makes(_ call: DiskCall, on disk: SimulatedDisk) -> Bool {
        let isAfter = follows.withLock { follows in
            defer { follows = false }
            return follows
        }
        switch (bug, call) {
        case (.skipsJournalSync, .synchronize(let path)): return !path.contains("journal")
        case (.skipsDirectorySync, .synchronizeDirectory): return false
        case (.skipsHeaderSync, .synchronize): return !isAfter
        case (.skipsSnapshotSync, .synchronize(let path)): return !path.contains("snapshot")
        case (.takesNoSpace, .create): return false
        case (.removesSegmentsTooEarly, .rename(_, let newPath)):
            if newPath.hasSuffix("snapshot") { removeAllButTheNewest(of: disk) }
            return true
        case (.keepsNoSegmentsForTheOlderSnapshot, .synchronizeDirectory):
            if disk[Simulation.directory + "/snapshot"] != nil { removeWhatTheSnapshotHolds(disk) }
            return true
        default: return true
        }
    }

    func writes(
        _ bytes: [UInt8], at offset: Int, to path: String
    ) -> [(bytes: [UInt8], offset: Int)] {
        if offset == 0 && path.contains("journal") { follows.withLock { $0 = true } }
        return [(bytes, offset)]
    }

    func reports(_ fault: DiskFault) -> Bool {
        bug != .swallowsFailedSync || fault.operation != .synchronize
    }

    private func removeAllButTheNewest(of disk: SimulatedDisk) {
        for name in segments(of: disk).dropLast() { disk[path(name)] = nil }
    }

    private func removeWhatTheSnapshotHolds(_ disk: SimulatedDisk) {
        guard let bytes = disk[Simulation.directory + "/snapshot"], bytes.count >= 64 else {
            return
        }
        let sequence = number(in: bytes, at: 16)
        let names = segments(of: disk)
        for (name, next) in zip(names, names.dropFirst()) where next.firstSequence <= sequence + 1 {
            disk[path(name)] = nil
        }
    }

    private func segments(of disk: SimulatedDisk) -> [SegmentName] {
        disk.names.compactMap { SegmentName(String($0.dropFirst(Simulation.directory.count + 1))) }
            .sorted()
    }

    private func path(_ name: SegmentName) -> String { Simulation.directory + "/" + name.text }
}

/// Writes that go elsewhere, come late, or not at all.
final class WriteBug: DiskInterference {
    private let bug: PlantedBug
    private struct State {
        var count = 0
        var late: (bytes: [UInt8], offset: Int, path: String)?
    }
    private let state = Mutex(State())

    init(_ bug: PlantedBug) { self.bug = bug }

    func writes(
        _ bytes: [UInt8], at offset: Int, to path: String
    ) -> [(bytes: [UInt8], offset: Int)] {
        let asAsked = [(bytes: bytes, offset: offset)]
        if offset == 0 {
            return bug == .renewsNothing ? [(Array(bytes.prefix(512)), 0)] : asAsked
        }
        return state.withLock { state in
            state.count += 1
            let isTime = state.count % 6 == 0
            switch bug {
            case .writesAtWrongOffset where isTime: return [(bytes, offset + 512)]
            case .writesOverTheBatchBefore where isTime && offset > 1_024:
                return asAsked + [(bytes, offset - 512)]
            case .dropsAWrite where isTime: return []
            case .writesLate:
                defer { state.late = (bytes, offset, path) }
                guard let late = state.late, late.path == path, late.offset < offset else {
                    return []
                }
                return [(late.bytes, late.offset)]
            default: return asAsked
            }
        }
    }
}

/// Batches that say of others that they are durable when they are not, or the other way round. Their
/// checksums hold, and so does the chain.
final class MarkBug: DiskInterference {
    private let isTooHigh: Bool
    /// What a batch says its checksum is, for what it should have been.
    private let checksums = Mutex<[UInt64: UInt64]>([:])

    init(isTooHigh: Bool) { self.isTooHigh = isTooHigh }

    func writes(
        _ bytes: [UInt8], at offset: Int, to path: String
    ) -> [(bytes: [UInt8], offset: Int)] {
        guard path.contains("journal") else { return [(bytes, offset)] }
        var rewritten = ByteBuffer()
        rewritten.append(bytes.span)
        var start = 0
        if offset == 0 {
            follow(&rewritten, at: 0, checksumOf: 0..<0)
            start = 512
        }
        // What a start logs again is a batch after the header.
        while start + 64 <= bytes.count, bytes[start] != 0 {
            let first = number(in: bytes, at: start + 24)
            let length = Int(number(in: bytes, at: start + 32) >> 32)
            // A seal speaks of what is durable for sure.
            if number(in: bytes, at: start + 8) >> 32 & 1 == 0 {
                rewritten.setLittleEndian(isTooHigh ? first - 1 : 0, at: start + 40)
            }
            follow(&rewritten, at: start, checksumOf: (start + 64)..<(start + 64 + length))
            start += (64 + length + 511) / 512 * 512
        }
        return [(copy(rewritten.bytes), offset)]
    }

    func written(_ header: SegmentHeader) -> SegmentHeader {
        var header = header
        let before = header.previousChecksum
        header.previousChecksum = checksums.withLock { $0[before] } ?? before
        return header
    }

    /// Names what really stands before, and keeps what stands here now. A header and a batch have
    /// the checksum before in the same place, and their own after a header's 64 bytes and a batch's
    /// 56; a header has no content.
    private func follow(_ bytes: inout ByteBuffer, at start: Int, checksumOf content: Range<Int>) {
        // "CPNDJRNL", and not "CPNDBTCH".
        let isHeader = bytes[start + 4] == UInt8(ascii: "J")
        let own = start + (isHeader ? 64 : 56)
        let (before, asked) = (number(in: bytes, at: start + 48), number(in: bytes, at: own))
        bytes.setLittleEndian(checksums.withLock { $0[before] } ?? before, at: start + 48)
        var checksum = hash64(bytes.bytes(in: start..<own), seed: 0)
        if !isHeader {
            checksum = hash64(bytes.bytes(in: content), seed: checksum)
        }
        bytes.setLittleEndian(checksum, at: own)
        checksums.withLock { $0[asked] = checksum }
    }
}

/// A disk that shows less than there is.
final class ReadBug: DiskInterference {
    private let bug: PlantedBug
    private let first = Mutex<[UInt8]?>(nil)
    let changesReads = true

    init(_ bug: PlantedBug) { self.bug = bug }

    func seen(_ bytes: [UInt8], of path: String) -> [UInt8] {
        switch bug {
        case .readsTooLittle where path.contains("journal"):
            guard let last = bytes.lastIndex(where: { $0 != 0 }), last > 1_536 else { return bytes }
            let start = last / 512 * 512
            return bytes[..<start] + [UInt8](repeating: 0, count: bytes.count - start)
        case .showsAnOldSnapshot where path.hasSuffix("snapshot"):
            return first.withLock { first in
                if first == nil { first = bytes }
                return first ?? bytes
            }
        default: return bytes
        }
    }

    func seen(_ names: [String]) -> [String] {
        guard bug == .hidesTheNewestSegment,
            let newest = names.last(where: { SegmentName($0) != nil })
        else { return names }
        return names.filter { $0 != newest }
    }
}

private func number(in bytes: borrowing ByteBuffer, at offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
}

/// Eight bytes as a little-endian integer.
private func number(in bytes: [UInt8], at offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
}
