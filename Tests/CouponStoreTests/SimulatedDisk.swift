import CouponStore
import FlatStorage
import Glibc
import Synchronization

// A disk as pessimistic as the promise of POSIX: bytes survive a power cut when their file was
// synchronized, names when their directory was. Until then nothing, or anything in between, may be
// there: a crash chooses which of the pending changes made it, in any order, torn and damaged.

/// A disk in memory that fails when told to and forgets what was not synchronized.
final class SimulatedDisk: Disk {
    /// A change of names that its directory does not yet hold for certain.
    private enum NameChange {
        case link(String, Int)
        case rename(String, to: String, Int)
        case unlink(String)

        func apply(to names: inout [String: Int]) {
            switch self {
            case .link(let name, let number):
                names[name] = number
            case .rename(let name, let newName, let number):
                if names[name] == number { names[name] = nil }
                names[newName] = number
            case .unlink(let name):
                names[name] = nil
            }
        }
    }

    private struct State {
        var files: [Int: SimulatedFile] = [:]
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var nameChanges: [NameChange] = []
        var opened: [CInt: Int] = [:]
        var operationCount = 0
        var failAt: Int?
        var failure: CInt = EIO
        var nextNumber = 1

        mutating func change(_ change: NameChange) {
            change.apply(to: &names)
            nameChanges.append(change)
        }

        /// A new file under a name that is not taken, open.
        mutating func make(_ path: String) -> OpenFile? {
            if names[path] != nil { return nil }
            let number = nextNumber
            nextNumber += 1
            files[number] = SimulatedFile()
            change(.link(path, number))
            opened[CInt(number)] = number
            return OpenFile(descriptor: CInt(number), path: path)
        }
    }

    private let state = Mutex(State())

    init() {}

    /// A disk after a power cut: what there is, is durable.
    private init(names: [String: Int], contents: [Int: [UInt8]]) {
        state.withLock {
            $0.names = names
            $0.durableNames = names
            $0.files = contents.mapValues { SimulatedFile(durable: $0) }
            $0.nextNumber = (contents.keys.max() ?? 0) + 1
        }
    }

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
    var pendingNameChanges: Int { state.withLock { $0.nameChanges.count } }

    var openFileCount: Int { state.withLock { $0.opened.count } }

    /// The disk after a power cut that kept so many of the pending name changes, and of files only
    /// what was synchronized.
    func afterCrash(keepingNameChanges kept: Int) -> SimulatedDisk {
        state.withLock { state in
            var names = state.durableNames
            for change in state.nameChanges[..<kept] { change.apply(to: &names) }
            return SimulatedDisk(names: names, contents: state.files.mapValues(\.durable))
        }
    }

    /// The disk after a power cut that kept any of the pending changes: of names each on its own, of
    /// files each block on its own, and at times with a bit turned. What was synchronized is whole.
    func afterCrash(_ generator: inout SeededGenerator) -> SimulatedDisk {
        var luck = generator
        // Even odds alone would hardly ever keep all of a long write, or nothing.
        let keptPercent = [0, 20, 50, 80, 100].randomElement(using: &luck) ?? 50
        let turnedPercent = [0, 0, 20].randomElement(using: &luck) ?? 0
        func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &luck) < percent }
        let survivor = state.withLock { state in
            var names = state.durableNames
            for change in state.nameChanges where happens(keptPercent) {
                change.apply(to: &names)
            }
            // In the order of their numbers: a dictionary's own order is another one in each run.
            var contents: [Int: [UInt8]] = [:]
            for number in state.files.keys.sorted() {
                contents[number] = state.files[number]?.afterPowerCut(
                    keepsBlock: { happens(keptPercent) },
                    turnsBit: { bitCount in
                        happens(turnedPercent) ? Int.random(in: 0..<bitCount, using: &luck) : nil
                    })
            }
            return SimulatedDisk(names: names, contents: contents)
        }
        generator = luck
        return survivor
    }

    /// What a name holds, or nil. What is set here is durable.
    subscript(path: String) -> [UInt8]? {
        get { state.withLock { state in state.names[path].flatMap { state.files[$0]?.visible } } }
        set {
            state.withLock { state in
                state.names[path] = newValue.map { bytes in
                    let number = state.nextNumber
                    state.nextNumber += 1
                    state.files[number] = SimulatedFile(durable: bytes)
                    return number
                }
                state.durableNames[path] = state.names[path]
            }
        }
    }

    var names: [String] { state.withLock { $0.names.keys.sorted() } }

    private func perform<Result: Sendable>(
        _ operation: DiskFault.Operation, _ path: String,
        _ body: (inout sending State) -> Result?, otherwise failure: CInt = ENOENT,
        whenFailing effect: (inout sending State) -> Void = { _ in }
    ) throws(DiskFault) -> Result {
        let outcome: (result: Result?, errno: CInt) = state.withLock { state in
            state.operationCount += 1
            if state.operationCount == state.failAt {
                effect(&state)
                return (nil, state.failure)
            }
            return (body(&state), failure)
        }
        guard let result = outcome.result else {
            throw DiskFault(operation, path: path, errno: outcome.errno)
        }
        return result
    }
}

extension SimulatedDisk {
    func createExclusively(_ path: String) throws(DiskFault) -> OpenFile {
        try perform(.create, path, { $0.make(path) }, otherwise: EEXIST)
    }

    func createExclusively(
        _ path: String, allocating byteCount: Int
    ) throws(DiskFault) -> OpenFile {
        let file = try createExclusively(path)
        return try perform(
            .allocate, path,
            { state in
                state.files[Int(file.descriptor)]?.allocate(byteCount)
                return file
            }, whenFailing: { $0.opened[file.descriptor] = nil })
    }

    func append(_ bytes: Span<UInt8>, to file: OpenFile) throws(DiskFault) {
        try write(array(bytes), at: nil, to: file, .append)
    }

    func write(_ bytes: Span<UInt8>, at offset: Int, to file: OpenFile) throws(DiskFault) {
        try write(array(bytes), at: offset, to: file, .write)
    }

    /// At the end of the file where there is no offset. What fails half-way has written half.
    private func write(
        _ bytes: [UInt8], at offset: Int?, to file: OpenFile, _ operation: DiskFault.Operation
    ) throws(DiskFault) {
        let put = { @Sendable (state: inout State, count: Int) -> Void? in
            guard let number = state.opened[file.descriptor] else { return nil }
            let end = state.files[number]?.visible.count ?? 0
            state.files[number]?.write(bytes[..<count], at: offset ?? end)
            return ()
        }
        try perform(
            operation, file.path, { put(&$0, bytes.count) }, otherwise: EBADF,
            whenFailing: { _ = put(&$0, bytes.count / 2) })
    }

    func synchronize(_ file: OpenFile) throws(DiskFault) {
        try perform(
            .synchronize, file.path,
            { state -> Void? in
                state.opened[file.descriptor].flatMap { state.files[$0]?.synchronize() }
            }, otherwise: EBADF,
            whenFailing: { state in
                if let number = state.opened[file.descriptor] {
                    state.files[number]?.failToSynchronize()
                }
            })
    }

    func synchronize(fileAt path: String) throws(DiskFault) {
        try perform(.synchronize, path) { state -> Void? in
            state.names[path].flatMap { state.files[$0]?.synchronize() }
        } whenFailing: { state in
            if let number = state.names[path] { state.files[number]?.failToSynchronize() }
        }
    }

    func dropFromCache(_ path: String) throws(DiskFault) {
        try perform(.dropFromCache, path) { state -> Void? in
            state.names[path].flatMap { state.files[$0]?.dropFromCache() }
        }
    }

    func close(_ file: OpenFile) throws(DiskFault) {
        // The descriptor is gone also when close reports a fault.
        let wasOpen = state.withLock { $0.opened.removeValue(forKey: file.descriptor) != nil }
        try perform(.close, file.path, { _ -> Void? in wasOpen ? () : nil }, otherwise: EBADF)
    }

    func rename(_ path: String, to newPath: String) throws(DiskFault) {
        try perform(.rename, path) { state -> Void? in
            state.names[path].map { state.change(.rename(path, to: newPath, $0)) }
        }
    }

    func rename(_ path: String, toFree newPath: String) throws(DiskFault) {
        let isTaken = state.withLock { $0.names[newPath] != nil }
        if isTaken { throw DiskFault(.rename, path: path, errno: EEXIST) }
        try rename(path, to: newPath)
    }

    func remove(_ path: String) throws(DiskFault) {
        try perform(.remove, path) { state -> Void? in
            state.names[path].map { _ in state.change(.unlink(path)) }
        }
    }

    func synchronizeDirectory(_ path: String) throws(DiskFault) {
        try perform(.synchronizeDirectory, path) { state -> Void? in
            state.durableNames = state.names
            state.nameChanges = []
            return ()
        }
    }

    func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        let bytes = try perform(.read, path) { state in
            state.names[path].flatMap { state.files[$0]?.visible }
        }
        buffer.append(bytes.span)
    }

    func size(of path: String) throws(DiskFault) -> Int? {
        // The outer optional says that the operation went through, the inner one what it found.
        try perform(.examine, path) { state in
            .some(state.names[path].flatMap { state.files[$0]?.visible.count })
        }
    }

    func list(_ directory: String) throws(DiskFault) -> [String] {
        try perform(.list, directory) { state in
            state.names.keys.filter { $0.hasPrefix(directory + "/") }
                .map { String($0.dropFirst(directory.count + 1)) }.sorted()
        }
    }
}
