import CPosix
import Glibc

/// How many file descriptors the process may have open.
package struct FileDescriptorLimit: Equatable, Sendable {
    /// The limit in force.
    package var soft: UInt64
    /// How far the process may raise it.
    package var hard: UInt64
}

/// The limit in force for this process.
package func fileDescriptorLimit() throws(PosixFault) -> FileDescriptorLimit {
    var limit = rlimit()
    // SAFETY: `limit` outlives the call that fills it.
    try check(unsafe getrlimit(resource, &limit), .readLimit)
    return FileDescriptorLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
}

/// Changes how many file descriptors the process may have open, up to the hard limit.
package func setFileDescriptorLimit(soft: UInt64) throws(PosixFault) {
    let hard = try fileDescriptorLimit().hard
    var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
    // SAFETY: `limit` outlives the call that reads it.
    try check(unsafe setrlimit(resource, &limit), .raiseLimit)
}

private let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

/// From now on, returns every memory block of so many bytes or more to the system as soon as it is
/// freed.
///
/// By default the C library raises this threshold, up to 32 MiB, whenever such a block is freed.
/// That suits programs that allocate large blocks all the time. A program that builds large tables
/// once in a while keeps the memory of the old ones, in pieces that no new table fits into.
package func returnBlocksWhenFreed(ofAtLeast byteCount: Int32) {
    let isKnown = mallopt(M_MMAP_THRESHOLD, byteCount)
    precondition(isKnown == 1, "glibc knows the setting, and the bytes are within its bounds")
}

/// Returns every free page of smaller blocks to the system. A thread that allocates or frees meanwhile
/// waits for a part of the time.
package func returnFreedMemory() {
    // Whether there was such a page does not matter.
    _ = malloc_trim(0)
}
