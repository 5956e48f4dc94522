import CouponStore
import FlatStorage
import StoreSupport
import Synchronization

// Between a daemon and its disk stands an observer that sees every call. In most runs nothing is changed
// there; but another thread's work can be done between two calls, and a planted bug can leave a call
// out, do it elsewhere, or show something else than what is there.

/// One call of a disk that changes something, or makes it durable.
package enum DiskCall: Hashable, Sendable {
    case create(String)
    case synchronize(String)
    /// Of what an earlier process left.
    case synchronizeAgain(String)
    case dropFromCache(String)
    case rename(String, to: String)
    case remove(String)
    case synchronizeDirectory
}

/// Who changes what a daemon does to its disk. The defaults change nothing.
package protocol DiskInterference: Sendable {
    /// Whether the call is made; otherwise it only seems so.
    func makes(_ call: DiskCall, on disk: SimulatedDisk) -> Bool
    /// What is written instead, and where.
    func writes(_ bytes: [UInt8], at offset: Int, to path: String) -> [(
        bytes: [UInt8], offset: Int
    )]
    /// Whether anything else is seen than what a file holds.
    var changesReads: Bool { get }
    /// What is seen instead of what a file holds.
    func seen(_ bytes: [UInt8], of path: String) -> [UInt8]
    /// The names that are seen instead of these.
    func seen(_ names: [String]) -> [String]
    /// The identity that is seen instead of what a name has.
    func seen(_ identity: FileIdentity?, at path: String) -> FileIdentity?
    /// Whether the caller gets the fault.
    func reports(_ fault: DiskFault) -> Bool
    /// The header of a segment as it was really written.
    func written(_ header: SegmentHeader) -> SegmentHeader
}

extension DiskInterference {
    package func makes(_ call: DiskCall, on disk: SimulatedDisk) -> Bool { true }
    package func writes(
        _ bytes: [UInt8], at offset: Int, to path: String
    ) -> [(bytes: [UInt8], offset: Int)] { [(bytes, offset)] }
    package var changesReads: Bool { false }
    package func seen(_ bytes: [UInt8], of path: String) -> [UInt8] { bytes }
    package func seen(_ names: [String]) -> [String] { names }
    package func seen(_ identity: FileIdentity?, at path: String) -> FileIdentity? { identity }
    package func reports(_ fault: DiskFault) -> Bool { true }
    package func written(_ header: SegmentHeader) -> SegmentHeader { header }
}

/// A simulated disk with an observer in between.
final class WatchedDisk: Disk {
    private let disk: SimulatedDisk
    private let interference: (any DiskInterference)?
    /// Called before each call with its number, counting from 1.
    private let onCall: (@Sendable (Int) -> Void)?
    private let callCount = Mutex(0)

    init(
        _ disk: SimulatedDisk, _ interference: (any DiskInterference)?,
        onCall: (@Sendable (Int) -> Void)? = nil
    ) {
        self.disk = disk
        self.interference = interference
        self.onCall = onCall
    }

    private func note() {
        guard let onCall else { return }
        let number = callCount.withLock {
            $0 += 1
            return $0
        }
        onCall(number)
    }

    private func make(
        _ call: DiskCall, _ body: (SimulatedDisk) throws(DiskFault) -> Void
    ) throws(DiskFault) {
        note()
        guard let interference else { return try body(disk) }
        guard interference.makes(call, on: disk) else { return }
        do {
            try body(disk)
        } catch {
            if interference.reports(error) { throw error }
        }
    }

    func createExclusively(_ path: String) throws(DiskFault) -> OpenFile {
        note()
        return try disk.createExclusively(path)
    }

    func createExclusively(
        _ path: String, allocating byteCount: Int
    ) throws(DiskFault) -> OpenFile {
        note()
        if let interference, !interference.makes(.create(path), on: disk) {
            return try disk.createExclusively(path)
        }
        return try disk.createExclusively(path, allocating: byteCount)
    }

    func append(_ bytes: Span<UInt8>, to file: OpenFile) throws(DiskFault) {
        note()
        try disk.append(bytes, to: file)
    }

    func write(_ bytes: Span<UInt8>, at offset: Int, to file: OpenFile) throws(DiskFault) {
        note()
        guard let interference else { return try disk.write(bytes, at: offset, to: file) }
        for piece in interference.writes(copy(bytes), at: offset, to: file.path) {
            do {
                try disk.write(piece.bytes.span, at: piece.offset, to: file)
            } catch {
                if interference.reports(error) { throw error }
            }
        }
    }

    func synchronize(_ file: OpenFile) throws(DiskFault) {
        try make(.synchronize(file.path)) { disk throws(DiskFault) in try disk.synchronize(file) }
    }

    func synchronize(fileAt path: String) throws(DiskFault) {
        try make(.synchronizeAgain(path)) { disk throws(DiskFault) in
            try disk.synchronize(fileAt: path)
        }
    }

    func dropFromCache(_ path: String) throws(DiskFault) {
        try make(.dropFromCache(path)) { disk throws(DiskFault) in try disk.dropFromCache(path) }
    }

    func close(_ file: OpenFile) throws(DiskFault) {
        note()
        try disk.close(file)
    }

    func rename(_ path: String, to newPath: String) throws(DiskFault) {
        try make(.rename(path, to: newPath)) { disk throws(DiskFault) in
            try disk.rename(path, to: newPath)
        }
    }

    func rename(_ path: String, toFree newPath: String) throws(DiskFault) {
        try make(.rename(path, to: newPath)) { disk throws(DiskFault) in
            try disk.rename(path, toFree: newPath)
        }
    }

    func remove(_ path: String) throws(DiskFault) {
        try make(.remove(path)) { disk throws(DiskFault) in try disk.remove(path) }
    }

    func synchronizeDirectory(_ path: String) throws(DiskFault) {
        try make(.synchronizeDirectory) { disk throws(DiskFault) in
            try disk.synchronizeDirectory(path)
        }
    }

    func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        note()
        guard let interference, interference.changesReads else {
            return try disk.read(path, into: &buffer)
        }
        var held = ByteBuffer()
        try disk.read(path, into: &held)
        let seen = interference.seen(copy(held.bytes), of: path)
        buffer.append(seen.span)
    }

    func read(
        _ path: String, from offset: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(DiskFault) {
        note()
        guard let interference, interference.changesReads else {
            return try disk.read(path, from: offset, count: count, into: &buffer)
        }
        // A part of what is seen of the whole.
        var held = ByteBuffer()
        try disk.read(path, into: &held)
        let seen = interference.seen(copy(held.bytes), of: path)
        buffer.append(Array(seen.dropFirst(offset).prefix(count)).span)
    }

    func size(of path: String) throws(DiskFault) -> Int? {
        note()
        guard let interference, interference.changesReads else { return try disk.size(of: path) }
        guard try disk.size(of: path) != nil else { return nil }
        var held = ByteBuffer()
        try disk.read(path, into: &held)
        return interference.seen(copy(held.bytes), of: path).count
    }

    func list(_ directory: String) throws(DiskFault) -> [String] {
        note()
        let names = try disk.list(directory)
        return interference?.seen(names) ?? names
    }

    func identity(of file: OpenFile) throws(DiskFault) -> FileIdentity {
        note()
        return try disk.identity(of: file)
    }

    func identity(at path: String) throws(DiskFault) -> FileIdentity? {
        note()
        let identity = try disk.identity(at: path)
        guard let interference else { return identity }
        return interference.seen(identity, at: path)
    }
}

/// A copy of a span's bytes.
func copy(_ span: Span<UInt8>) -> [UInt8] {
    [UInt8](capacity: span.count) { output in
        for index in span.indices { output.append(span[index]) }
    }
}

/// A span's bytes as text.
func text(_ span: Span<UInt8>) -> String { String(decoding: copy(span), as: UTF8.self) }
