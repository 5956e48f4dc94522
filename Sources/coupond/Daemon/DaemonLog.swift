import Glibc
import Logging
import Posix

/// The log of a running daemon. Operators may reopen, move and re-level it; lines about work that
/// ended in this turn wait for the turn's end, because they report its length.
final class DaemonLog {
    /// The log at its present level; a copy keeps the level.
    private(set) var log: Logger
    private let output: LogOutput
    private var postponed: [() -> Void] = []

    init(_ log: Logger, on output: LogOutput) {
        self.log = log
        self.output = output
    }

    func debug(_ message: Logger.Message, metadata: Logger.Metadata? = nil) {
        log.debug(message, metadata: metadata)
    }

    func info(_ message: Logger.Message, metadata: Logger.Metadata? = nil) {
        log.info(message, metadata: metadata)
    }

    func warning(_ message: Logger.Message, metadata: Logger.Metadata? = nil) {
        log.warning(message, metadata: metadata)
    }

    func error(_ message: Logger.Message, metadata: Logger.Metadata? = nil) {
        log.error(message, metadata: metadata)
    }

    func critical(_ message: Logger.Message, metadata: Logger.Metadata? = nil) {
        log.critical(message, metadata: metadata)
    }

    /// Writes a line once the turn is over.
    func postpone(_ writeLine: @escaping () -> Void) { postponed.append(writeLine) }

    /// Writes the postponed lines.
    func endTurn() {
        if postponed.isEmpty { return }
        let lines = postponed
        postponed = []
        for writeLine in lines { writeLine() }
    }

    /// Opens the log file again, after a rotation.
    func reopen() { output.reopen(level: log.logLevel) }

    /// Applies changed settings.
    func adopt(_ settings: LogSettings, replacing old: LogSettings) {
        log.logLevel = settings.level
        if settings.file != old.file { output.move(to: settings.file, level: settings.level) }
    }

    /// Sends a state such as `READY=1` to the service manager, if there is one.
    func notifyServiceManager(_ state: String) {
        do throws(PosixFault) {
            try Posix.notifyServiceManager(state)
        } catch {
            log.warning("cannot notify the service manager", metadata: ["fault": "\(error)"])
        }
    }

    /// Ends the process once the log is written, for which it does not wait long. It does not wait for
    /// a catalog that a worker is building.
    func endProcess(_ reason: ExitReason) -> Never {
        endTurn()
        log.info("ended", metadata: ["status": .stringConvertible(reason.rawValue)])
        output.flush()
        _exit(reason.rawValue)
    }
}
