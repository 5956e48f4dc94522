import CouponStore
import FlatStorage
import Glibc
import Synchronization

// A disk as pessimistic as the promise of POSIX: bytes survive a power cut when their file was
// synchronized, names when their directory was. Until then nothing, or anything in between, may be
// there: a crash chooses how many of the pending name changes made it.

/// A disk in memory that fails when told to and forgets what was not synchronized.
final class SimulatedDisk: Disk {
    private struct File {
        var bytes: [UInt8] = []
        var synchronizedBytes: [UInt8] = []
    }

    private struct State {
        var files: [Int: File] = [:]
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        /// The names after each change since the directory was last synchronized.
        var pendingNames: [[String: Int]] = []
        var opened: [CInt: Int] = [:]
        var operationCount = 0
        var failAt: Int?
        var failure: CInt = EIO
        var nextNumber = 1
    }

    private let state = Mutex(State())

    /// Fails the operation with this number from now on, counting from 1, and only that one.
    func fail(operation number: Int?, with failure: CInt = EIO) {
        state.withLock {
            $0.operationCount = 0
            $0.failAt = number
            $0.failure = failure
        }
    }

    /// Operations since ``fail(operation:with:)``.
    var operationCount: Int { state.withLock { $0.operationCount } }

    /// Name changes that a crash may or may not keep.
    var pendingNameChanges: Int { state.withLock { $0.pendingNames.count } }

    var openFileCount: Int { state.withLock { $0.opened.count } }

    /// The disk after a power cut that kept so many of the pending name changes, and of files only
    /// what was synchronized.
    func afterCrash(keepingNameChanges kept: Int) -> SimulatedDisk {
        let survivor = SimulatedDisk()
        let (names, files) = state.withLock { state in
            (kept == 0 ? state.durableNames : state.pendingNames[kept - 1], state.files)
        }
        survivor.state.withLock {
            $0.names = names
            $0.durableNames = names
            $0.files = files.mapValues {
                File(bytes: $0.synchronizedBytes, synchronizedBytes: $0.synchronizedBytes)
            }
            $0.nextNumber = 1_000_000
        }
        return survivor
    }

    /// What a name holds, or nil.
    subscript(path: String) -> [UInt8]? {
        get { state.withLock { state in state.names[path].flatMap { state.files[$0]?.bytes } } }
        set {
            state.withLock { state in
                state.names[path] = newValue.map { bytes in
                    state.nextNumber += 1
                    state.files[state.nextNumber] = File(bytes: bytes, synchronizedBytes: bytes)
                    return state.nextNumber
                }
                state.durableNames[path] = state.names[path]
            }
        }
    }

    var names: [String] { state.withLock { $0.names.keys.sorted() } }

    private func perform<Result: Sendable>(
        _ operation: DiskFault.Operation, _ path: String,
        _ body: (inout sending State) -> Result?, otherwise failure: CInt = ENOENT
    ) throws(DiskFault) -> Result {
        let outcome: (result: Result?, errno: CInt) = state.withLock { state in
            state.operationCount += 1
            if state.operationCount == state.failAt { return (nil, state.failure) }
            return (body(&state), failure)
        }
        guard let result = outcome.result else {
            throw DiskFault(operation, path: path, errno: outcome.errno)
        }
        return result
    }

    func createExclusively(_ path: String) throws(DiskFault) -> OpenFile {
        try perform(
            .create, path,
            { state -> OpenFile? in
                if state.names[path] != nil { return nil }
                let number = state.nextNumber
                state.nextNumber += 1
                state.files[number] = File()
                state.names[path] = number
                state.pendingNames.append(state.names)
                state.opened[CInt(number)] = number
                return OpenFile(descriptor: CInt(number), path: path)
            }, otherwise: EEXIST)
    }

    func append(_ bytes: Span<UInt8>, to file: OpenFile) throws(DiskFault) {
        let copy = array(bytes)
        do {
            try perform(
                .append, file.path,
                { state -> Void? in
                    guard let number = state.opened[file.descriptor] else { return nil }
                    state.files[number]?.bytes += copy
                    return ()
                }, otherwise: EBADF)
        } catch {
            // What failed half-way has written half.
            state.withLock { state in
                guard let number = state.opened[file.descriptor] else { return }
                state.files[number]?.bytes += copy[..<(copy.count / 2)]
            }
            throw error
        }
    }

    func synchronize(_ file: OpenFile) throws(DiskFault) {
        try perform(
            .synchronize, file.path,
            { state -> Void? in
                guard let number = state.opened[file.descriptor] else { return nil }
                let bytes = state.files[number]?.bytes ?? []
                state.files[number]?.synchronizedBytes = bytes
                return ()
            }, otherwise: EBADF)
    }

    func close(_ file: OpenFile) throws(DiskFault) {
        // The descriptor is gone also when close reports a fault.
        let wasOpen = state.withLock { $0.opened.removeValue(forKey: file.descriptor) != nil }
        try perform(.close, file.path, { _ -> Void? in wasOpen ? () : nil }, otherwise: EBADF)
    }

    func rename(_ path: String, to newPath: String) throws(DiskFault) {
        try perform(.rename, path) { state -> Void? in
            guard let number = state.names.removeValue(forKey: path) else { return nil }
            state.names[newPath] = number
            state.pendingNames.append(state.names)
            return ()
        }
    }

    func remove(_ path: String) throws(DiskFault) {
        try perform(.remove, path) { state -> Void? in
            guard state.names.removeValue(forKey: path) != nil else { return nil }
            state.pendingNames.append(state.names)
            return ()
        }
    }

    func synchronizeDirectory(_ path: String) throws(DiskFault) {
        try perform(.synchronizeDirectory, path) { state -> Void? in
            state.durableNames = state.names
            state.pendingNames = []
            return ()
        }
    }

    func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        let bytes = try perform(.read, path) { state in
            state.names[path].flatMap { state.files[$0]?.bytes }
        }
        buffer.append(bytes.span)
    }

    func size(of path: String) throws(DiskFault) -> Int? {
        // The outer optional says that the operation went through, the inner one what it found.
        try perform(.examine, path) { state in
            .some(state.names[path].flatMap { state.files[$0]?.bytes.count })
        }
    }

    func list(_ directory: String) throws(DiskFault) -> [String] {
        try perform(.list, directory) { state in
            state.names.keys.filter { $0.hasPrefix(directory + "/") }
                .map { String($0.dropFirst(directory.count + 1)) }.sorted()
        }
    }
}
