import CouponStore
import FlatStorage
import Glibc
import Synchronization

// A disk as pessimistic as the promise of POSIX: bytes survive a power cut when their file was
// synchronized, names when their directory was. Until then nothing, or anything in between, may be
// there: a crash chooses which of the pending changes made it, in any order, torn and damaged.

/// A disk in memory that fails on request and forgets what was not synchronized.
package final class SimulatedDisk: Disk {
    /// A change of names that its directory does not yet hold for certain.
    enum NameChange {
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

    struct State {
        /// Of the directories that were looked at: below 0, apart from the files.
        var directories: [String: Int] = [:]
        /// Directories that were moved away and have no successor.
        var missingDirectories: Set<String> = []
        var files: [Int: SimulatedFile] = [:]
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var nameChanges: [NameChange] = []
        var opened: [CInt: Int] = [:]
        var operationCount = 0
        var failAt: Int?
        var failure: CInt = EIO
        /// Whether the failing operation is the last one that is done, in part.
        var endsThere = false
        /// Whether nothing is done any more: the power is off, or the process has ended.
        var isOff = false
        /// Whether a file that grows is refused room.
        var isFull = false
        var nextNumber = 1

        mutating func change(_ change: NameChange) {
            change.apply(to: &names)
            nameChanges.append(change)
        }

        /// Where everything ends at a synchronization, what was done since the last one is as open as
        /// before it; otherwise the device refused it.
        mutating func failToSynchronize(_ number: Int) {
            if !isOff { files[number]?.failToSynchronize() }
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

    /// Not private: the other file of this type takes names away.
    let state = Mutex(State())

    package init() {}

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
    package func fail(operation number: Int?, with failure: CInt = EIO) {
        state.withLock {
            $0.operationCount = 0
            $0.failAt = number
            $0.failure = failure
            $0.endsThere = false
        }
    }

    /// Ends everything at the operation with this number from now on: it is done in part, and
    /// nothing after it. See ``isOff``.
    package func end(atOperation number: Int) {
        state.withLock {
            $0.operationCount = 0
            $0.failAt = number
            $0.failure = EIO
            $0.endsThere = true
        }
    }

    /// Ends everything now, between two operations.
    package func end() { state.withLock { $0.isOff = true } }

    /// Whether the operation was reached at which everything ends. What comes next is
    /// ``afterCrash(_:)``, or ``restartProcess()``.
    package var isOff: Bool { state.withLock { $0.isOff } }

    /// Whether the operation of ``fail(operation:with:)`` or ``end(atOperation:)`` is still to come.
    package var hasFaultAhead: Bool {
        state.withLock { ($0.failAt ?? 0) > $0.operationCount }
    }

    /// Whether everything that needs more space is refused with ENOSPC.
    package var isFull: Bool {
        get { state.withLock { $0.isFull } }
        set { state.withLock { $0.isFull = newValue } }
    }

    /// The process has ended and another one begins: what was given to the system stays, and so does
    /// a fault that is still to come.
    package func restartProcess() {
        state.withLock {
            $0.opened = [:]
            $0.isOff = false
        }
    }

    /// Turns one bit of what the device holds of a file, and has the system forget its copy. Returns
    /// false where the device does not hold that much, or not everything that was written.
    package func turnBit(_ bit: Int, of path: String) -> Bool {
        state.withLock { state in
            state.names[path].flatMap { state.files[$0]?.turnBit(bit) } ?? false
        }
    }

    /// Bytes of a file that the device holds for certain.
    package func durableByteCount(of path: String) -> Int {
        state.withLock { state in
            state.names[path].flatMap { state.files[$0]?.durable.count } ?? 0
        }
    }

    /// Operations since ``fail(operation:with:)``.
    package var operationCount: Int { state.withLock { $0.operationCount } }

    /// Name changes that a crash may or may not keep.
    package var pendingNameChanges: Int { state.withLock { $0.nameChanges.count } }

    package var openFileCount: Int { state.withLock { $0.opened.count } }

    /// The disk after a power cut that kept so many of the pending name changes, and of files only
    /// what was synchronized.
    package func afterCrash(keepingNameChanges kept: Int) -> SimulatedDisk {
        state.withLock { state in
            var names = state.durableNames
            for change in state.nameChanges[..<kept] { change.apply(to: &names) }
            return SimulatedDisk(names: names, contents: state.files.mapValues(\.durable))
        }
    }

    /// The disk after a power cut that kept any of the pending changes: of names each on its own, of
    /// files each block on its own, and at times with a bit turned. What was synchronized is whole.
    package func afterCrash(_ generator: inout SeededGenerator) -> SimulatedDisk {
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
            let named = Set(names.values)
            return SimulatedDisk(names: names, contents: contents.filter { named.contains($0.key) })
        }
        generator = luck
        return survivor
    }

    /// What a name holds, or nil. What is set here is durable.
    package subscript(path: String) -> [UInt8]? {
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

    package var names: [String] { state.withLock { $0.names.keys.sorted() } }

    func perform<Result: Sendable>(
        _ operation: DiskFault.Operation, _ path: String,
        _ body: (inout sending State) -> Result?, otherwise failure: CInt = ENOENT,
        whenFailing effect: (inout sending State) -> Void = { _ in }
    ) throws(DiskFault) -> Result {
        let outcome: (result: Result?, errno: CInt) = state.withLock { state in
            if state.isOff { return (nil, EIO) }
            if operation.needsDirectory && state.isMissingDirectory(of: path) {
                return (nil, ENOENT)
            }
            state.operationCount += 1
            if state.operationCount == state.failAt {
                state.isOff = state.endsThere
                effect(&state)
                return (nil, state.failure)
            }
            if state.isFull && operation.needsSpace { return (nil, ENOSPC) }
            return (body(&state), failure)
        }
        guard let result = outcome.result else {
            throw DiskFault(operation, path: path, errno: outcome.errno)
        }
        return result
    }
}

extension SimulatedDisk {
    package func createExclusively(_ path: String) throws(DiskFault) -> OpenFile {
        try perform(.create, path, { $0.make(path) }, otherwise: EEXIST)
    }

    package func createExclusively(
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

    package func append(_ bytes: Span<UInt8>, to file: OpenFile) throws(DiskFault) {
        try write(array(bytes), at: nil, to: file, .append)
    }

    package func write(_ bytes: Span<UInt8>, at offset: Int, to file: OpenFile) throws(DiskFault) {
        try write(array(bytes), at: offset, to: file, .write)
    }

    /// At the end of the file without an offset. A write that fails half-way has written half.
    private func write(
        _ bytes: [UInt8], at offset: Int?, to file: OpenFile, _ operation: DiskFault.Operation
    ) throws(DiskFault) {
        // What lies beyond the space that was taken finds none on a full disk.
        let isRefused = state.withLock { state in
            let byteCount = state.opened[file.descriptor].flatMap { state.files[$0]?.visible.count }
            return state.isFull && (offset ?? 0) + bytes.count > byteCount ?? 0
        }
        if isRefused { throw DiskFault(operation, path: file.path, errno: ENOSPC) }
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

    package func synchronize(_ file: OpenFile) throws(DiskFault) {
        try perform(
            .synchronize, file.path,
            { state -> Void? in
                state.opened[file.descriptor].flatMap { state.files[$0]?.synchronize() }
            }, otherwise: EBADF,
            whenFailing: { state in
                if let number = state.opened[file.descriptor] {
                    state.failToSynchronize(number)
                }
            })
    }

    package func synchronize(fileAt path: String) throws(DiskFault) {
        try perform(.synchronize, path) { state -> Void? in
            state.names[path].flatMap { state.files[$0]?.synchronize() }
        } whenFailing: { state in
            if let number = state.names[path] { state.failToSynchronize(number) }
        }
    }

    package func dropFromCache(_ path: String) throws(DiskFault) {
        try perform(.dropFromCache, path) { state -> Void? in
            state.names[path].flatMap { state.files[$0]?.dropFromCache() }
        }
    }

    package func close(_ file: OpenFile) throws(DiskFault) {
        // The descriptor is gone also when close reports a fault.
        let wasOpen = state.withLock {
            !$0.isOff && $0.opened.removeValue(forKey: file.descriptor) != nil
        }
        try perform(.close, file.path, { _ -> Void? in wasOpen ? () : nil }, otherwise: EBADF)
    }

    package func rename(_ path: String, to newPath: String) throws(DiskFault) {
        try perform(.rename, path) { state -> Void? in
            state.names[path].map { state.change(.rename(path, to: newPath, $0)) }
        }
    }

    package func rename(_ path: String, toFree newPath: String) throws(DiskFault) {
        let isTaken = state.withLock { $0.names[newPath] != nil }
        if isTaken { throw DiskFault(.rename, path: path, errno: EEXIST) }
        try rename(path, to: newPath)
    }

    package func remove(_ path: String) throws(DiskFault) {
        try perform(.remove, path) { state -> Void? in
            state.names[path].map { _ in state.change(.unlink(path)) }
        }
    }

    package func synchronizeDirectory(_ path: String) throws(DiskFault) {
        try perform(.synchronizeDirectory, path) { state -> Void? in
            state.durableNames = state.names
            state.nameChanges = []
            return ()
        }
    }

    package func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        let bytes = try perform(.read, path) { state in
            state.names[path].flatMap { state.files[$0]?.visible }
        }
        buffer.append(bytes.span)
    }

    package func read(
        _ path: String, from offset: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(DiskFault) {
        let bytes = try perform(.read, path) { state in
            state.names[path].flatMap { state.files[$0]?.visible }
                .map { Array($0.dropFirst(offset).prefix(count)) }
        }
        buffer.append(bytes.span)
    }

    package func size(of path: String) throws(DiskFault) -> Int? {
        // The outer optional says that the operation went through, the inner one what it found.
        try perform(.examine, path) { state in
            .some(state.names[path].flatMap { state.files[$0]?.visible.count })
        }
    }

    package func list(_ directory: String) throws(DiskFault) -> [String] {
        try perform(.list, directory) { state in
            state.names.keys.filter { $0.hasPrefix(directory + "/") }
                .map { String($0.dropFirst(directory.count + 1)) }.sorted()
        }
    }
}

extension DiskFault.Operation {
    /// Whether a full disk refuses it. What is written in place has its space.
    fileprivate var needsSpace: Bool { self == .allocate || self == .append }

    /// Whether it needs the directory to be where it was, and not just an open file.
    fileprivate var needsDirectory: Bool {
        self == .create || self == .list || self == .synchronizeDirectory
    }
}

/// A copy of a span's bytes.
private func array(_ span: Span<UInt8>) -> [UInt8] {
    [UInt8](capacity: span.count) { output in
        for index in span.indices { output.append(span[index]) }
    }
}
