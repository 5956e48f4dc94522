/// Why a connection ended.
package enum ConnectionEnd: Equatable, Sendable {
    /// `close()` was called, or `closeAfterFlush()` and everything was sent, or the loop ended.
    case closedHere
    /// The peer or the kernel broke the connection.
    case failed(UVFault)
}

/// Receives the events of a connection. The loop calls, never from inside a call into the
/// connection.
package protocol ConnectionHandler: AnyObject {
    /// The peer sent bytes. They are lent for the duration of this call.
    func received(_ bytes: Span<UInt8>, on connection: Connection)

    /// The peer will send nothing more, but may still read: send the remaining replies, then call
    /// `closeAfterFlush()`. At most once.
    func peerFinished(_ connection: Connection)

    /// The output backlog became empty again.
    func drained(_ connection: Connection)

    /// The connection is closed. Exactly once, and the last call.
    func ended(_ reason: ConnectionEnd, on connection: Connection)
}
