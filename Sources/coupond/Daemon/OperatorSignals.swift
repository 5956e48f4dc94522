import CStart
import Glibc
import UVLoop

/// The meanings of the signals that operators send.
enum OperatorSignal: CaseIterable {
    case reload
    case reopenLog
    case snapshot
    case finish
}

// A signal finds three listeners, one after the other, with no gap between them: the handlers of
// CStart, from before `main` on; the loop's, which note it until the loop runs; and `onSignal`.

/// Watches signals from early on: one that comes while the catalog is still being read is neither
/// lost nor deadly. The loop delivers them once it runs.
final class OperatorSignals {
    private var watchers: [SignalWatcher] = []
    /// Called with each signal. Settable, because signals are watched before the daemon exists.
    var onSignal: (OperatorSignal) -> Void = { _ in }

    private static let meanings: [(number: CInt, signal: OperatorSignal)] = [
        (SIGHUP, .reload), (SIGUSR1, .reopenLog), (SIGUSR2, .snapshot),
    ]

    init(on loop: EventLoop) throws(UVFault) {
        for (number, signal) in Self.meanings { try watch(number, as: signal, on: loop) }
        // Those that came earlier come again, to the loop.
        let early = cstart_take_signals()
        for (number, _) in Self.meanings where early & (1 << UInt32(number)) != 0 { raise(number) }
    }

    /// Also watches the signals that end the daemon. Until then they end it at once, which is right
    /// before it serves.
    func watchEnd(on loop: EventLoop) throws(UVFault) {
        for number in [SIGTERM, SIGINT] { try watch(number, as: .finish, on: loop) }
    }

    private func watch(
        _ number: CInt, as signal: OperatorSignal, on loop: EventLoop
    ) throws(UVFault) {
        watchers.append(
            try SignalWatcher(on: loop, signal: number) { [unowned self] in onSignal(signal) })
    }
}
