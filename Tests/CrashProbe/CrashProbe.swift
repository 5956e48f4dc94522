import CStart
import Glibc

/// Crashes as asked, with the handlers that the daemon installs. The backtrace goes to the file that
/// may be named behind the kind of crash.
@main enum CrashProbe {
    static func main() {
        cstart_separate_crashes()
        let arguments = CommandLine.arguments
        if arguments.count > 2 {
            // SAFETY: open(2) reads the path, which lives for the call, and keeps no pointer.
            cstart_write_crashes_to(unsafe open(arguments[2], O_WRONLY | O_CREAT | O_APPEND, 0o600))
        }
        switch arguments.dropFirst().first {
        case "trap": trap(at: arguments.count)
        case "abort": abort()
        case "fault": fault()
        default: exit(64)
        }
    }

    /// A bug of Swift code: an index beyond the end.
    @inline(never)
    private static func trap(at index: Int) {
        print([1][index])
    }

    /// A bug of C code: an access to memory that the process does not have.
    @inline(never)
    private static func fault() {
        // SAFETY: none. Nothing is at this address, and the process ends by the access.
        unsafe UnsafeMutablePointer<UInt8>(bitPattern: 0x40)?.pointee = 1
    }
}
