import CouponStore
import StoreSalvage
import Foundation
import Posix

/// The directory for the new state. It is empty, and it is created only when there is a state to
/// write.
struct SalvageTarget {
    private let path: String

    init(_ path: String, outside state: String) throws(JournalToolFault) {
        self.path = path
        let target = Self.resolved(path), source = Self.resolved(state)
        if target == source || target.hasPrefix(source + "/") {
            throw JournalToolFault("\(path) is inside \(state), which is not touched")
        }
        guard FileManager.default.fileExists(atPath: path) else { return }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw JournalToolFault("\(path): \(error.localizedDescription)")
        }
        if !names.isEmpty { throw JournalToolFault("\(path) is not empty") }
    }

    /// Creates the directory for its owner alone, writes the state and reads it back.
    func write(_ saved: borrowing SalvagedState) throws(JournalToolFault) {
        let disk = PosixDisk()
        if !FileManager.default.fileExists(atPath: path) { try make(on: disk) }
        let lock: DirectoryLock
        switch try attempt() {
        case .acquired(let acquired): lock = acquired
        case .heldByAnother: throw JournalToolFault("\(path) is in use")
        }
        defer { withExtendedLifetime(lock) {} }
        do throws(SalvageFault) {
            try Salvage.write(saved, to: disk, directory: path)
        } catch {
            throw JournalToolFault(
                JournalToolFault(error, directory: path).description
                    + "; do not use the files in \(path)")
        }
    }

    private func attempt() throws(JournalToolFault) -> DirectoryLock.Attempt {
        do throws(PosixFault) {
            return try DirectoryLock.attempt(
                path, creatingFile: .ifMissing, forMilliseconds: 0)
        } catch {
            throw JournalToolFault("\(path): \(error)")
        }
    }

    private func make(on disk: PosixDisk) throws(JournalToolFault) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw JournalToolFault("\(path): \(error.localizedDescription)")
        }
        do throws(DiskFault) {
            let parent = URL(filePath: Self.resolved(path)).deletingLastPathComponent()
            try disk.synchronizeDirectory(parent.path(percentEncoded: false))
        } catch {
            throw JournalToolFault(error)
        }
    }

    /// The path from the root, without links as far as it exists.
    private static func resolved(_ path: String) -> String {
        let url = URL(filePath: path).standardizedFileURL
        let parent = url.deletingLastPathComponent().resolvingSymlinksInPath()
        let whole = parent.appending(path: url.lastPathComponent).resolvingSymlinksInPath()
        return whole.path(percentEncoded: false)
    }
}
