import Glibc
import UVLoop

/// What operators tell the daemon by signals.
enum OperatorSignal: CaseIterable {
    case reload
    case reopenLog
    case snapshot
    case finish
}

/// Listens for signals from early on, so that one that comes while the catalog is still being read
/// is neither lost nor deadly. They are delivered once the loop runs.
final class OperatorSignals {
    private var watchers: [SignalWatcher] = []
    /// Who is told.
    var onSignal: (OperatorSignal) -> Void = { _ in }

    private static let meanings: [(signal: CInt, order: OperatorSignal)] = [
        (SIGHUP, .reload), (SIGUSR1, .reopenLog), (SIGUSR2, .snapshot),
    ]

    init(on loop: EventLoop) throws(UVFault) {
        for (signal, order) in Self.meanings { try watch(signal, order, on: loop) }
    }

    /// Also listens for the signals that end the daemon. Until then they end it at once, which is
    /// right for one that has not begun to serve.
    func watchEnd(on loop: EventLoop) throws(UVFault) {
        for signal in [SIGTERM, SIGINT] { try watch(signal, .finish, on: loop) }
    }

    private func watch(_ signal: CInt, _ order: OperatorSignal, on loop: EventLoop) throws(UVFault)
    {
        watchers.append(
            try SignalWatcher(on: loop, signal: signal) { [unowned self] in onSignal(order) })
    }
}
