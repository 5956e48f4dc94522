import Glibc

/// Writes all of `bytes`, and waits for as long as that takes. A descriptor that does not block,
/// because the program at its other end set it so, is waited for, too.
///
/// - Throws: `.write`. What was written of the bytes before is taken back from a file, as long as
///   it is still the file's end. A pipe takes up to 4,096 bytes whole or not at all.
package func writeWhole(_ bytes: [UInt8], to descriptor: CInt) throws(PosixFault) {
    let sizeBefore = fileSize(descriptor)
    var writtenCount = 0
    while writtenCount < bytes.count {
        // SAFETY: the array is as long as stated and outlives the call that reads it.
        let count = unsafe bytes.withUnsafeBytes { bytes in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[writtenCount...])
            return unsafe write(descriptor, rest.baseAddress, rest.count)
        }
        if count > 0 {
            writtenCount += count
            continue
        }
        // A device that takes nothing and reports no reason is full.
        let code = count == 0 ? ENOSPC : errno
        switch code {
        case EINTR: continue
        case EAGAIN: waitUntilWritable(descriptor)
        default:
            if writtenCount > 0, let sizeBefore {
                takeBack(writtenCount, from: descriptor, sizeBefore: sizeBefore)
            }
            throw PosixFault(.write, errno: code)
        }
    }
}

/// The size of a regular file; nil for anything else.
private func fileSize(_ descriptor: CInt) -> off_t? {
    var status = stat()
    // SAFETY: `status` outlives the call that fills it.
    if unsafe fstat(descriptor, &status) < 0 || status.st_mode & S_IFMT != S_IFREG { return nil }
    return status.st_size
}

/// Cuts the bytes of an unfinished write off, unless another program has written behind them.
private func takeBack(_ byteCount: Int, from descriptor: CInt, sizeBefore: off_t) {
    guard fileSize(descriptor) == sizeBefore + byteCount else { return }
    if ftruncate(descriptor, sizeBefore) == 0 { lseek(descriptor, -off_t(byteCount), SEEK_CUR) }
}

private func waitUntilWritable(_ descriptor: CInt) {
    var interest = pollfd(fd: descriptor, events: CShort(POLLOUT), revents: 0)
    // SAFETY: `interest` outlives the call that fills it. If it fails, writing is tried again.
    _ = unsafe poll(&interest, 1, -1)
}
