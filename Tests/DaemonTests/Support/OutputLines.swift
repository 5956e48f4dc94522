import Foundation
import Synchronization

// A program's output is read on a thread of its own, so that a pipe never fills, and a thread that
// waits for a line is woken when it comes. A wait continues after the line that the wait before
// found: two waits for "catalog reloaded" mean two reloads.

/// What a program has written to one of its outputs so far.
final class OutputLines: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var hasEnded = false
        /// Where the lines begin that no wait has searched.
        var searchedCount = 0
    }

    private static let patience = DispatchTimeInterval.seconds(20)

    private let state = Mutex(State())
    /// Signalled for every chunk, and at the end.
    private let news = DispatchSemaphore(value: 0)

    private let handle: FileHandle

    init(of pipe: Pipe) { handle = pipe.fileHandleForReading }

    /// Reads from now on, until `text` has come. Again only after that.
    func startReading(until text: String? = nil) {
        let thread = Thread { [self] in
            while true {
                let chunk = handle.availableData
                let isOver = state.withLock { state in
                    state.bytes += chunk
                    state.hasEnded = chunk.isEmpty
                    guard let text else { return chunk.isEmpty }
                    return chunk.isEmpty
                        || String(decoding: state.bytes, as: UTF8.self).contains(text)
                }
                news.signal()
                if isOver { return }
            }
        }
        thread.start()
    }

    /// The whole output so far.
    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    /// The first line so far that contains `text`, also if a wait has found it.
    func line(containing text: String) -> String? {
        self.text.split(separator: "\n").first { $0.contains(text) }.map(String.init)
    }

    /// Waits for the next whole line that contains `text`, and returns it.
    @discardableResult
    func next(containing text: String) throws -> String {
        let deadline = DispatchTime.now() + Self.patience
        while true {
            let (line, hasEnded) = state.withLock { state in
                (Self.takeLine(containing: text, from: &state), state.hasEnded)
            }
            if let line { return line }
            if hasEnded { throw OutputFault.endedWithout(text, output: self.text) }
            if news.wait(timeout: deadline) == .timedOut {
                throw OutputFault.neverCame(text, output: self.text)
            }
        }
    }

    /// Waits until the program has closed this output, and returns all of it.
    func whole() throws -> String {
        let deadline = DispatchTime.now() + Self.patience
        while !state.withLock({ $0.hasEnded }) {
            if news.wait(timeout: deadline) == .timedOut {
                throw OutputFault.neverCame("the end", output: text)
            }
        }
        return text
    }

    private static func takeLine(containing text: String, from state: inout State) -> String? {
        while true {
            let rest = state.bytes[state.searchedCount...]
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            let line = String(decoding: rest[..<end], as: UTF8.self)
            state.searchedCount = end + 1
            if line.contains(text) { return line }
        }
    }
}

/// An expected line that did not come.
enum OutputFault: Error {
    case neverCame(String, output: String)
    case endedWithout(String, output: String)
}
