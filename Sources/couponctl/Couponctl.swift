import ArgumentParser
import CouponClient
import Foundation

/// The command line of the coupon daemon.
@main
struct Couponctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "couponctl",
        abstract: "Send requests to the coupon daemon and inspect its files.",
        discussion: """
            Amounts are in the currency's minor unit: 2500 is 25.00 USD.

            Exit status: 0 for success (valid, reserved, applied, done), 1 for a refused code, 2 for an error.
            """,
        subcommands: [
            PingCommand.self, ValidateCommand.self, ReserveCommand.self, ApplyCommand.self,
            ReleaseCommand.self, UsageCommand.self, StatsCommand.self, ReloadCommand.self,
            SnapshotCommand.self, JournalCommand.self, DemoCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            end(with: error)
        }
    }

    /// Ends the program. A refusal has already been printed, and help is not an error. Everything
    /// else is printed on standard error and ends with the status for errors.
    private static func end(with error: any Error) -> Never {
        if let status = error as? ExitStatus { status.endProgram() }
        if exitCode(for: error) == .success { exit(withError: error) }
        let text =
            switch error {
            case let error as CouponClientError: ErrorText.lines(error).joined(separator: "\n")
            case let error as DemoFault: "couponctl: \(error)"
            case let error as JournalToolFault: "couponctl: \(error)"
            default: fullMessage(for: error)
            }
        FileHandle.standardError.write(Data("\(text)\n".utf8))
        ExitStatus.error.endProgram()
    }
}

/// The exit status, for scripts. It is thrown when all output has been printed.
enum ExitStatus: Int32, Error {
    case refused = 1
    case error = 2

    func endProgram() -> Never { exit(rawValue) }
}
