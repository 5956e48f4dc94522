/// Counts for how long a client has neither sent a whole line nor taken a reply.
///
/// Bytes of a line that does not end are not activity: a client could hold a connection with them
/// forever.
struct IdleClock {
    private var lineCount: UInt64 = 0
    private var hasTaken = true
    /// The number of successive sweeps without activity.
    private var idleSweeps = 0

    /// The client took replies that it had let wait.
    mutating func noteTaken() { hasTaken = true }

    /// A sweep comes by.
    ///
    /// - Parameters:
    ///   - lineCount: the lines of the client so far.
    ///   - awaitsDaemon: whether the client waits for the daemon, and so is not idle.
    /// - Returns: for how many sweeps the client has been idle.
    mutating func sweep(lineCount: UInt64, awaitsDaemon: Bool) -> Int {
        let isActive = hasTaken || awaitsDaemon || lineCount != self.lineCount
        self.lineCount = lineCount
        hasTaken = false
        idleSweeps = isActive ? 0 : idleSweeps + 1
        return idleSweeps
    }
}
