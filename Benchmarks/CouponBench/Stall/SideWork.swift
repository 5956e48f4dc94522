import Foundation
import Synchronization

/// Work that another thread has done again and again, until it is asked to come to an end.
final class SideWork: Sendable {
    private struct State {
        var isWanted = true
        var isRunning = false
        var runs: [DaemonFigures.Run] = []
        var fault: (any Error)?
    }

    private let state = Mutex(State())

    /// Begins on a thread of its own. `run` is given how often it was called before.
    func start(_ run: @escaping @Sendable (Int) throws -> DaemonFigures.Run) {
        state.withLock { $0.isRunning = true }
        Thread.detachNewThread { [self] in
            var count = 0
            while state.withLock({ $0.isWanted }) {
                do {
                    let found = try run(count)
                    state.withLock { $0.runs.append(found) }
                } catch {
                    state.withLock { state in
                        state.fault = error
                        state.isWanted = false
                    }
                }
                count += 1
            }
            state.withLock { $0.isRunning = false }
        }
    }

    /// Begins no further run.
    func finish() { state.withLock { $0.isWanted = false } }

    /// Whether a run is under way.
    var isRunning: Bool { state.withLock { $0.isRunning } }

    /// What the runs that ended were like, or why one failed.
    func runs() throws -> [DaemonFigures.Run] {
        try state.withLock { state in
            if let fault = state.fault { throw fault }
            return state.runs
        }
    }
}
