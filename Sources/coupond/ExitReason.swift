/// How the daemon ends, as a number of BSD's `sysexits.h`, which service managers and scripts know.
enum ExitReason: Int32, CaseIterable {
    case success = 0
    /// The command line is invalid.
    case usage = 64
    /// A snapshot exists and cannot be trusted.
    case corruptData = 65
    /// A file or directory that was named does not exist.
    case missingInput = 66
    /// A bug in the daemon.
    case bug = 70
    /// The operating system refused a resource that every daemon needs.
    case system = 71
    /// A socket, directory or file cannot be created.
    case cannotCreate = 73
    /// Reading or writing failed.
    case inputOutput = 74
    /// Another daemon serves this state directory or this socket.
    case alreadyRunning = 75
    case permission = 77
    /// The configuration or the catalog is invalid.
    case configuration = 78
}
