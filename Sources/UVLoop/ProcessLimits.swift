import CUv
import Glibc

/// How many file descriptors the process may have open.
package struct FileDescriptorLimit: Equatable, Sendable {
    /// The limit in force.
    package var soft: UInt64
    /// How far the process may raise it.
    package var hard: UInt64
}

/// The limit in force for this process.
package func fileDescriptorLimit() throws(UVFault) -> FileDescriptorLimit {
    var limit = rlimit()
    // SAFETY: `limit` outlives the call that fills it.
    try checkErrno(unsafe getrlimit(resource, &limit), .readLimit)
    return FileDescriptorLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
}

/// Changes how many file descriptors the process may have open, up to the hard limit.
package func setFileDescriptorLimit(soft: UInt64) throws(UVFault) {
    let hard = try fileDescriptorLimit().hard
    var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
    // SAFETY: `limit` outlives the call that reads it.
    try checkErrno(unsafe setrlimit(resource, &limit), .raiseLimit)
}

private let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

/// Has every block of memory of so many bytes or more go back to the system as soon as it is freed,
/// from now on.
///
/// The C library does so by itself at first, but takes each such block that is freed for a sign to
/// keep larger ones, up to 32 MiB, for later. That suits programs which ask for them all the time;
/// for one that builds large tables once in a while it means that what the old ones took is kept, in
/// pieces that nothing new fits into.
package func returnBlocksWhenFreed(ofAtLeast byteCount: Int32) {
    let isKnown = mallopt(M_MMAP_THRESHOLD, byteCount)
    precondition(isKnown == 1, "glibc knows the setting, and the bytes are within its bounds")
}

/// The bytes of physical memory that the process occupies.
package func residentBytes() throws(UVFault) -> Int {
    var byteCount = 0
    // SAFETY: `byteCount` outlives the call that fills it.
    try check(unsafe uv_resident_set_memory(&byteCount), .readResidentSize)
    return byteCount
}
