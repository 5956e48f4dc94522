import ArgumentParser
import CouponClient
import Foundation

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a shop's day against a new daemon, and print each request and reply.",
        discussion: """
            The daemon uses a temporary folder, which is removed at the end. Exit status: 0 if \
            every reply is as expected, else 2.
            """)

    @Option(
        help: ArgumentHelp(
            "The daemon's executable (default: coupond beside this program).", valueName: "path"))
    var coupond: String?

    @Option(
        help: ArgumentHelp(
            "The sample catalog (default: config/coupons.yaml here or above).", valueName: "path"))
    var catalog: String?

    func run() throws {
        let executable = try DemoInputs.daemon(coupond)
        let sampleCatalog = try DemoInputs.catalog(catalog)
        let folder = try DemoFolder()
        let daemon = DemoDaemon(
            executable: executable, sampleCatalog: sampleCatalog, folder: folder)
        let interruption = Self.onInterruption { daemon.interrupt() }
        defer { interruption.cancel() }

        var day = ShopDay(folder: folder, daemon: daemon, transcript: Transcript(.ofStandardOutput))
        let differences: [String]
        do {
            differences = try day.run()
        } catch {
            daemon.end()
            let log = daemon.logText
            try folder.remove()
            throw DemoFault("The demo stopped: \(error)\nThe daemon's log ends with:\n\(log)")
        }
        daemon.end()
        try folder.remove()
        day.transcript.printSummary()
        if !differences.isEmpty { throw ExitStatus.error }
    }

    /// Acts when the user presses ^C. The signal reaches only this process: the daemon runs in a group of
    /// its own.
    private static func onInterruption(
        _ act: @escaping @Sendable () -> Void
    ) -> any DispatchSourceSignal {
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler(handler: act)
        source.resume()
        return source
    }
}
