import ArgumentParser
import CStart
import CouponService
import SystemPackage

/// The version of this build, as `ping` and `--version` show it.
let daemonVersion: StaticString = "0.1.0"

/// The daemon's command line.
@main
struct Coupond: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coupond",
        abstract: "Answers coupon validations for storefronts over Unix sockets.",
        discussion: """
            Settings come from the file of --config; the options below override it and can replace \
            it. Paths in a file are relative to the file's directory. By default, the daemon \
            listens on \(Configuration.defaultSocketPath) and keeps its \
            state in \(StateSettings().directory).

            Uses are written to a journal before they are acknowledged: an acknowledged use \
            survives the end of the process and, with --durability always (the default), a power \
            cut. Snapshots keep the journal short and the next start quick.

            Signals: HUP reloads configuration and catalog and keeps the old ones if the \
            new ones are invalid; USR1 reopens the log file; USR2 writes a snapshot; TERM and INT end \
            the daemon once pending requests are answered and durable. A signal during the start \
            is followed once the daemon serves; TERM and INT end a start at once, with 0. \
            kill -9 is always safe.

            Exit status: 0 done, 64 usage, 65 corrupt state, 66 missing file or directory, \
            70 defect, 71 refused by the operating system, 73 cannot create, 74 cannot read or \
            write, 75 another daemon runs, 77 permission, 78 invalid configuration or catalog.
            """,
        version: "\(daemonVersion)")

    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("Read settings from a YAML file.", valueName: "file"))
    var configurationPath: String?

    @Option(
        name: .customLong("socket"),
        help: ArgumentHelp("The socket for storefronts.", valueName: "path"))
    var socketPath: String?

    @Option(
        name: .customLong("admin-socket"),
        help: ArgumentHelp("The socket for administrators.", valueName: "path"))
    var adminSocketPath: String?

    @Option(
        name: .customLong("state"),
        help: ArgumentHelp("The directory that holds the uses.", valueName: "dir"))
    var stateDirectory: String?

    @Option(
        name: .customLong("durability"),
        help: ArgumentHelp(
            """
            When uses are on disk: always, before they are acknowledged; everysec, at most a \
            second later; or no, when the system decides.
            """, valueName: "mode"))
    var durability: DurabilityMode?

    @Option(
        name: .customLong("catalog"),
        help: ArgumentHelp(
            "A definition file, or a directory of them. May be repeated.", valueName: "path"))
    var catalogPaths: [String] = []

    @Flag(
        name: .customLong("check"),
        help: "Check configuration and catalog, print every mistake, and end as a start would.")
    var checksOnly = false

    @Flag(
        name: .customLong("verify"),
        help: "Prove that the state is whole while no daemon runs, change nothing, and end.")
    var verifiesOnly = false

    @Flag(
        name: .customLong("strict-catalog"),
        help: "Refuse to start on a broken catalog, instead of serving the last good one.")
    var isStrictCatalog = false

    @Flag(
        name: .customLong("trust-clock"),
        help: ArgumentHelp(
            """
            Archive orders by the present date, also when no daemon ran for a while: the clock is \
            known to be right.
            """))
    var isClockTrusted = false

    static func main() {
        // First: from here on a signal meets a daemon, or a program that was asked for one result.
        let isDaemon = !["--check", "--verify"].contains { CommandLine.arguments.contains($0) }
        if isDaemon { cstart_end_in_good_order() }
        cstart_separate_crashes()
        main(nil)
    }

    func validate() throws {
        if checksOnly && verifiesOnly {
            throw ValidationError("Give either --check or --verify, not both.")
        }
    }

    func run() throws {
        let overrides = Overrides(
            configurationPath: configurationPath, socketPath: socketPath,
            adminSocketPath: adminSocketPath, stateDirectory: stateDirectory,
            durability: durability, catalogPaths: catalogPaths, isStrictCatalog: isStrictCatalog,
            isClockTrusted: isClockTrusted)
        let reason: ExitReason
        do throws(StartFault) {
            reason =
                if checksOnly {
                    try check(overrides)
                } else if verifiesOnly {
                    try verify(overrides)
                } else {
                    try serve(overrides)
                }
        } catch {
            if checksOnly || verifiesOnly {
                Console.show(error.report)
            } else {
                Console.report(error.report)
            }
            reason = error.exitReason
        }
        throw ExitCode(reason.rawValue)
    }
}

extension DurabilityMode: ExpressibleByArgument {}
