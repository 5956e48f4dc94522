import Glibc

// A line counts once it and all before it are durable. A crash in the middle leaves a part of a line
// at the end, and a device that fails leaves any part of the last lines: the first is cut off before
// more is written, the second at once, so that every line of the file is whole.

/// Adds lines to the file at `path`, created if missing for its owner alone, and returns when they
/// and the file's name survive a power cut. Nothing of them stays in the file after a fault, if the
/// device allows.
///
/// `lines` end with a line feed each.
package func appendDurably(lines: [UInt8], toFile path: String) throws(PosixFault) {
    // SAFETY: open(2) reads the path, which lives for the call, and keeps no pointer.
    let file = try check(
        unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600),
        .openArchive)
    defer { close(file) }
    let end = try wholeLinesEnd(of: file)
    try check(ftruncate(file, off_t(end)), .write)
    do throws(PosixFault) {
        try writeWhole(lines, to: file)
        try check(fsync(file), .synchronize)
        // Each time: a crash may have come between the file and its name.
        try synchronizeFolder(of: path)
    } catch {
        // The first fault is the one to report.
        _ = ftruncate(file, off_t(end))
        throw error
    }
}

/// Where the last whole line ends.
private func wholeLinesEnd(of file: CInt) throws(PosixFault) -> Int {
    var end = Int(lseek(file, 0, SEEK_END))
    if end < 0 { throw PosixFault(.read, errno: errno) }
    var byte: UInt8 = 0
    while end > 0 {
        // SAFETY: the kernel writes at most one byte, into a variable that is ours.
        let count = unsafe pread(file, &byte, 1, off_t(end - 1))
        guard count == 1 else { throw PosixFault(.read, errno: count < 0 ? errno : EIO) }
        if byte == UInt8(ascii: "\n") { return end }
        end -= 1
    }
    return 0
}

private func synchronizeFolder(of path: String) throws(PosixFault) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    // SAFETY: open(2) reads the path, which lives for the call, and keeps no pointer.
    let directory = try check(
        unsafe open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .openArchive)
    defer { close(directory) }
    try check(fsync(directory), .synchronize)
}
