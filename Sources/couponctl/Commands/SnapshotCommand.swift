import ArgumentParser
import CouponClient

struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Write a snapshot now.")

    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let line = try connection.client(for: .admin).replyLine(to: SnapshotRequest())
        try connection.show(line, replyTo: SnapshotRequest.self, as: ResultText.lines)
    }
}
