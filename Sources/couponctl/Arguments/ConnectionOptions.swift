import ArgumentParser
import CouponClient
import Foundation

/// How to reach the daemon and how to show its reply: options of every command that sends a request.
struct ConnectionOptions: ParsableArguments {
    /// The daemon's socket that serves an operation.
    enum Role {
        case storefront
        case admin

        /// The default path of the socket.
        func defaultPath(in environment: [String: String]) -> String {
            switch self {
            case .storefront: environment["COUPOND_SOCKET"] ?? "/run/coupond/coupond.sock"
            case .admin: environment["COUPOND_ADMIN_SOCKET"] ?? "/run/coupond/admin.sock"
            }
        }
    }

    @Option(
        help: ArgumentHelp(
            "The daemon's socket.",
            discussion: """
                Default: $COUPOND_SOCKET or /run/coupond/coupond.sock; for stats, reload and \
                snapshot $COUPOND_ADMIN_SOCKET or /run/coupond/admin.sock.
                """,
            valueName: "path"))
    var socket: String?

    @Option(help: ArgumentHelp("How long to wait for the reply.", valueName: "seconds"))
    var timeout = 5.0

    @Flag(help: "Print the daemon's reply line as it is.")
    var json = false

    func validate() throws {
        // The upper bound keeps the sum with the clock representable.
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout must be more than 0 and at most 86400 seconds.")
        }
    }

    func client(for role: Role) -> CouponClient {
        CouponClient(
            socketPath: socket ?? role.defaultPath(in: ProcessInfo.processInfo.environment),
            timeout: .seconds(timeout))
    }

    /// Prints a reply, as received or as `text` shows it.
    ///
    /// - Returns: the reply, for the exit status.
    /// - Throws: the daemon's error, if the reply is one.
    @discardableResult
    func show<Request: CouponRequest>(
        _ line: String, replyTo request: Request.Type, as text: (Request.Reply, Style) -> [String]
    ) throws -> Request.Reply {
        if json { print(line) }
        let reply = try CouponClient.reply(to: request, in: line)
        if !json { text(reply, .ofStandardOutput).forEach { print($0) } }
        return reply
    }
}
