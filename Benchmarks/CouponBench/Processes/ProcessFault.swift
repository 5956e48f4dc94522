/// Why a server could not be measured.
enum ProcessFault: Error {
    /// A file or folder of the measurement cannot be made, read or removed.
    case file(path: String, reason: String)
    /// A program is not where it is looked for; `remedy` says what to do about it.
    case missing(program: String, remedy: String)
    case cannotStart(program: String, reason: String)
    /// A server ended although it was not asked to.
    case ended(name: String, status: Int32, log: String)
    /// A server did not answer within the time.
    case notReady(name: String, seconds: Int, log: String)
    /// A server's connection broke, or stayed silent for too long.
    case dialogue(socket: String, reason: String)
    /// A program that prepares a server did not succeed.
    case failed(command: String, status: Int32, log: String)
    /// Nothing is started any more: what there was is being cleared away.
    case interrupted
}

extension ProcessFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .missing(let program, let remedy): "There is no \(program): \(remedy)"
        case .cannotStart(let program, let reason): "Cannot start \(program): \(reason)"
        case .ended(let name, let status, let log):
            "\(name) ended with status \(status). Its log ends with:\n\(log)"
        case .notReady(let name, let seconds, let log):
            "\(name) did not answer within \(seconds) s. Its log ends with:\n\(log)"
        case .dialogue(let socket, let reason): "\(socket): \(reason)"
        case .failed(let command, let status, let log):
            "\(command) ended with status \(status):\n\(log)"
        case .interrupted: "It was interrupted."
        }
    }
}
