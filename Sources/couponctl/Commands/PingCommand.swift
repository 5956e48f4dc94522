import ArgumentParser
import CouponClient

struct PingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ping", abstract: "Check that the daemon runs and is ready.")

    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let line = try connection.client(for: .storefront).replyLine(to: PingRequest())
        let reply = try connection.show(line, replyTo: PingRequest.self) { reply, _ in
            let state = reply.ready ? "ready" : "not ready yet"
            return ["\(reply.name) \(reply.version), protocol \(reply.protocol), \(state)"]
        }
        if !reply.ready { throw ExitStatus.error }
    }
}
