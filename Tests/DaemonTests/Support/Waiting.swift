import Foundation
import Synchronization
import Testing

/// Runs `work` `count` times at once, each on a thread of its own, and returns their results.
func concurrently<Made: Sendable>(
    _ count: Int, _ work: @escaping @Sendable (Int) throws -> Made
) throws -> [Made] {
    let made = Mutex<[Int: Result<Made, any Error>]>([:])
    let group = DispatchGroup()
    let threads = (0..<count).map { index in
        group.enter()
        return Thread {
            let result = Result { try work(index) }
            made.withLock { $0[index] = result }
            group.leave()
        }
    }
    for thread in threads { thread.start() }
    group.wait()
    let results = made.withLock { $0 }
    return try (0..<count).map { index in try #require(results[index]).get() }
}

extension Shop {
    /// Asks the daemon repeatedly until `condition` holds; every round is a round trip, so the
    /// daemon's loop has run between two of them.
    func eventually(
        _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: () throws -> Bool
    ) throws {
        let client = try connect()
        let deadline = ContinuousClock.now + .seconds(20)
        while try !condition() {
            _ = try client.ask(#"{"op":"ping"}"#)
            try #require(
                ContinuousClock.now < deadline, what, sourceLocation: sourceLocation)
        }
    }
}
