import FlatStorage

// The next version of the anchor has its space before it is needed, like the next segment: a roll
// must not fail because the disk is full. It is written beside the present one, synchronized,
// renamed over it, and the directory synchronized; so there is always one, and it is whole.

/// The anchor of the journal that is written. Used on the journal's thread.
struct AnchorFile: Sendable {
    private let disk: any Disk
    private let directory: String
    private var spare: OpenFile?
    /// The present one, and what it says.
    private var present: (identity: FileIdentity, anchor: JournalAnchor)?

    init(on disk: any Disk, directory: String) {
        self.disk = disk
        self.directory = directory
    }

    /// Whether there is space for the next version.
    var isPrepared: Bool { spare != nil }

    private var path: String { "\(directory)/\(JournalAnchor.name)" }

    /// Takes space for the next version where there is none. What an earlier daemon left is created
    /// again.
    mutating func prepare() throws(DiskFault) {
        if spare != nil { return }
        let path = "\(directory)/\(JournalAnchor.temporaryName)"
        if try disk.size(of: path) != nil { try disk.remove(path) }
        do {
            spare = try disk.createExclusively(path, allocating: JournalAnchor.byteCount)
        } catch {
            // The first fault is the one to report; the next attempt creates the file again.
            _ = try? disk.remove(path)
            throw error
        }
    }

    /// Makes a journal that has no anchor yet an anchored one, before it has a segment that says so.
    mutating func writeFirst() throws(DiskFault) {
        if try disk.identity(at: path) != nil { return }
        try write(.beforeTheFirst)
        try prepare()
    }

    /// Replaces the anchor durably, in the space that was taken.
    mutating func write(_ anchor: JournalAnchor) throws(DiskFault) {
        guard let file = spare else { preconditionFailure("an anchor is written into its space") }
        var content = ByteBuffer(capacity: JournalAnchor.byteCount)
        anchor.encode(into: &content)
        try disk.write(content.bytes, at: 0, to: file)
        try disk.synchronize(file)
        let identity = try disk.identity(of: file)
        try disk.rename(file.path, to: path)
        try disk.synchronizeDirectory(directory)
        present = (identity, anchor)
        spare = nil
        try disk.close(file)
    }

    /// Writes the present anchor again where its name is gone: the next start would miss it. Without
    /// space that waits.
    mutating func mend() throws(DiskFault) {
        guard let present, spare != nil, try disk.identity(at: path) != present.identity else {
            return
        }
        try write(present.anchor)
    }

    /// Gives the space back.
    consuming func close(keepingSpace: Bool) throws(DiskFault) {
        guard let spare else { return }
        try disk.close(spare)
        if !keepingSpace { try disk.remove(spare.path) }
    }
}
