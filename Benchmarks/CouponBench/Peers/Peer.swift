import LoadGenerator

/// When a use is on disk, as coupond calls it; each peer has its own words for it.
typealias Durability = DaemonUnderTest.Durability

/// A server that was started to be compared, and answers.
protocol Peer {
    /// As tables and plots call it.
    var name: String { get }
    /// The process to which, with its descendants, all of the server's processor time belongs.
    var process: ServerProcess { get }

    /// Where a load of this kind goes.
    func target(for request: PeerRequest, _ pace: Pace) -> Target

    /// The request in the form that the server reads.
    func template(of request: PeerRequest, _ pace: Pace) throws(MixFault) -> RequestTemplate
}

/// A peer that understands what it is asked: all but the echo.
protocol AnsweringPeer: Peer {
    /// Asks once and waits.
    func answer(to request: PeerRequest) throws(ProcessFault) -> PeerAnswer
}

/// The candidates, in the order in which they are measured and shown.
enum Candidate: Int, CaseIterable {
    case coupond
    case echo
    case redis
    case postgres

    var name: String {
        switch self {
        case .coupond: "coupond"
        case .echo: "libuv echo"
        case .redis: "Redis Function"
        case .postgres: "PostgreSQL"
        }
    }

    /// An index into ``Drawing/colors``.
    var color: Int { rawValue }
}
