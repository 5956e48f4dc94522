import ArgumentParser
import CouponClient

struct StatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show the daemon's statistics.")

    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let line = try connection.client(for: .admin).replyLine(to: StatisticsRequest())
        try connection.show(line, replyTo: StatisticsRequest.self, as: ResultText.lines)
    }
}
