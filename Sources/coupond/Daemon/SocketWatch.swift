import UVLoop

/// Decides what is done about the file of one socket.
struct SocketWatch {
    enum Action: Equatable {
        case nothing
        /// Reports the loss.
        case report
        /// Reports the loss, and binds the path again.
        case reportAndBind
        /// Tries once more to bind.
        case bind
    }

    /// Whether the daemon may bind it: not a socket of the service manager.
    private let isOwn: Bool
    private var isLost = false
    /// Why binding failed the last time, as it was reported.
    private var reportedFault: String?

    init(isOwn: Bool) { self.isOwn = isOwn }

    /// Follows the newest look at the file.
    mutating func note(_ standing: SocketFile.Standing) -> Action {
        if standing == .intact {
            // It was bound again, or moved away and back.
            noteBound()
            return .nothing
        }
        defer { isLost = true }
        if isLost { return isOwn ? .bind : .nothing }
        return isOwn ? .reportAndBind : .report
    }

    /// The socket has a file again: losing that is another loss.
    mutating func noteBound() {
        isLost = false
        reportedFault = nil
    }

    /// Binding failed.
    ///
    /// - Returns: whether that is news.
    mutating func noteFailure(_ fault: String) -> Bool {
        defer { reportedFault = fault }
        return fault != reportedFault
    }
}
