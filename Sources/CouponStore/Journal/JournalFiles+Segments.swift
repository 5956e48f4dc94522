import FlatStorage

// Segments as files of a directory: how they are found, read, made and removed.

extension JournalFiles {
    /// The journal's segments in order. Files of other names are not looked at.
    package static func segments(
        on disk: any Disk, directory: String
    ) throws(DiskFault) -> [SegmentName] {
        try disk.list(directory).compactMap(SegmentName.init).sorted()
    }

    /// Appends what the device holds of a segment that an earlier daemon wrote, not what memory
    /// does: after a write that the device refused the two differ.
    package static func read(
        _ name: SegmentName, on disk: any Disk, directory: String, into buffer: inout ByteBuffer
    ) throws(DiskFault) {
        let path = path(name.text, in: directory)
        try disk.synchronize(fileAt: path)
        try disk.dropFromCache(path)
        try disk.read(path, into: &buffer)
    }

    /// Removes the segments that hold nothing from `sequence` on, the oldest first; never the one
    /// of the name `current`, which is written. Each is gone for good before the next: a power cut
    /// leaves no gap.
    ///
    /// A fault leaves segments that are not needed, and harms nothing.
    package static func removeSegments(
        before sequence: UInt64, olderThan current: SegmentName, on disk: any Disk,
        directory: String
    ) throws(DiskFault) {
        let names = try segments(on: disk, directory: directory)
        for (name, next) in zip(names, names.dropFirst()) {
            guard next.firstSequence <= sequence, name < current else { return }
            try remove(name, on: disk, directory: directory)
        }
    }

    /// Removes a segment that is not needed any more, durably.
    static func remove(
        _ name: SegmentName, on disk: any Disk, directory: String
    ) throws(DiskFault) {
        try disk.remove(path(name.text, in: directory))
        try disk.synchronizeDirectory(directory)
    }

    /// A file of zeros with all its space, which survives a power cut.
    static func makeSpare(
        on disk: any Disk, directory: String, byteCount: Int
    ) throws(DiskFault) -> OpenFile {
        let path = path(spareName, in: directory)
        if try disk.size(of: path) != nil { try disk.remove(path) }
        var made: OpenFile?
        do {
            let file = try disk.createExclusively(path, allocating: byteCount)
            made = file
            try disk.synchronize(file)
            return file
        } catch {
            if let made { _ = try? disk.close(made) }
            // A part of a spare is of no use and may be what fills the disk. Should its removal
            // fail too, the next attempt creates it again: the first fault is the one to report.
            _ = try? disk.remove(path)
            throw error
        }
    }

    /// Makes the spare a segment: first what it holds, then its name.
    static func open(
        _ spare: OpenFile, as header: SegmentHeader, _ content: Span<UInt8>, on disk: any Disk,
        directory: String
    ) throws(DiskFault) -> OpenFile {
        let path = path(header.name.text, in: directory)
        try disk.write(content, at: 0, to: spare)
        try disk.synchronize(spare)
        try disk.rename(spare.path, toFree: path)
        try disk.synchronizeDirectory(directory)
        return OpenFile(descriptor: spare.descriptor, path: path)
    }

    private static func path(_ name: String, in directory: String) -> String {
        "\(directory)/\(name)"
    }
}
