import CouponStore
import StoreSalvage
import FlatStorage
import Foundation
import Glibc

// Files are only read, so a daemon may go on using them. It may write, roll and remove segments
// meanwhile: where something looks wrong, everything is read again.

/// The files of a journal and what they hold together.
struct FoundJournal {
    private(set) var snapshots: [SnapshotSurvey] = []
    private(set) var survey = JournalSurvey([], after: 0)
    private var paths: [SegmentName: String] = [:]

    private static let attemptsMax = 3
    private static let disk = PosixDisk()

    /// Surveys a state directory. A missing segment is a fault, too.
    init(directory: String) throws(JournalToolFault) {
        for _ in 1...Self.attemptsMax {
            self = try Self(lookingInto: directory)
            if survey.faults.isEmpty { return }
        }
    }

    private init(lookingInto directory: String) throws(JournalToolFault) {
        var surveys: [SegmentSurvey] = []
        let anchor: FoundAnchor
        do throws(DiskFault) {
            anchor = try FoundAnchor(in: directory, on: Self.disk)
            // A segment that is created meanwhile is named by the one before it.
            var isGrowing = true
            while isGrowing {
                isGrowing = false
                for file in try Self.disk.list(directory) {
                    guard let name = SegmentName(file), paths[name] == nil else { continue }
                    isGrowing = true
                    let path = "\(directory)/\(file)"
                    paths[name] = path
                    // Removed meanwhile: then a snapshot holds its records.
                    guard let bytes = try Self.bytes(of: path) else { continue }
                    surveys.append(SegmentSurvey(bytes.bytes, named: name))
                }
            }
            for name in [Snapshot.name, Snapshot.previousName] {
                let path = "\(directory)/\(name)"
                if let snapshot = try SnapshotSurvey(of: path, on: Self.disk) {
                    snapshots.append(snapshot)
                }
            }
        } catch {
            throw JournalToolFault(error)
        }
        let held = heldSequence
        let known = snapshots.compactMap { $0.header?.sequence }.max() ?? 0
        let first = surveys.map(\.continuesAfter).min() ?? held
        survey = JournalSurvey(
            surveys, after: min(held, first), evidence: known, anchor: anchor)
    }

    /// Surveys these files. Each is a segment or a snapshot.
    init(files: [String]) throws(JournalToolFault) {
        var surveys: [SegmentSurvey] = []
        for path in files {
            do throws(DiskFault) {
                guard let bytes = try Self.bytes(of: path) else {
                    throw DiskFault(.read, path: path, errno: ENOENT)
                }
                let header = try? SegmentHeader(bytes.bytes)
                let file = URL(filePath: path).lastPathComponent
                if let name = SegmentName(file) ?? header?.name {
                    paths[name] = path
                    surveys.append(SegmentSurvey(bytes.bytes, named: name))
                } else if let snapshot = try SnapshotSurvey(of: path, on: Self.disk) {
                    snapshots.append(snapshot)
                }
            } catch {
                throw JournalToolFault(error)
            }
        }
        let first = surveys.map(\.continuesAfter).min() ?? 0
        survey = JournalSurvey(surveys, after: first, isWhole: false)
    }

    /// Records up to here are in a snapshot that can be read.
    var heldSequence: UInt64 {
        snapshots.compactMap { $0.problem == nil ? $0.header?.sequence : nil }.max() ?? 0
    }

    func path(of name: SegmentName) -> String { paths[name] ?? name.text }

    /// Calls `body` with the bytes of a segment as they are now, unless it is gone.
    func withBytes(
        of segment: SegmentSurvey, _ body: (Span<UInt8>) -> Void
    ) throws(JournalToolFault) {
        do {
            if let bytes = try Self.bytes(of: path(of: segment.name)) { body(bytes.bytes) }
        } catch {
            throw JournalToolFault(error)
        }
    }

    private static func bytes(of path: String) throws(DiskFault) -> ByteBuffer? {
        var bytes = ByteBuffer()
        do throws(DiskFault) {
            try disk.read(path, into: &bytes)
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
        return bytes
    }
}
