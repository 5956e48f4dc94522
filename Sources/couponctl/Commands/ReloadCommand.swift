import ArgumentParser
import CouponClient

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Reload the catalog. If it has errors, the old one stays.")

    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let line = try connection.client(for: .admin).replyLine(to: ReloadRequest())
        try connection.show(line, replyTo: ReloadRequest.self, as: ResultText.lines)
    }
}
