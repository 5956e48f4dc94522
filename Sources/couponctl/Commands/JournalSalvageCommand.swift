import ArgumentParser
import CouponStore
import Posix
import StoreSalvage

struct JournalSalvageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "salvage",
        abstract: "Make a new state of the readable parts of a damaged one.",
        discussion: """
            Example: couponctl journal salvage --state /var/lib/coupond --into /var/lib/coupond.new

            For when coupond refuses to start (65) and no better backup exists. The old directory \
            is only read, while no daemon uses it. The newest readable snapshot is taken and every \
            record after it is redone, up to the first damage; with --skip-damage also whole \
            records after it. Counted uses never sink, so that no limit is passed; those of lost \
            orders stay counted. It prints what was kept and what is lost.

            Then check the new state with coupond --verify, and start coupond with it.

            Exit status: 0 if nothing acknowledged was lost, 1 if something was, 2 if nothing was saved.
            """)

    @Option(help: ArgumentHelp("The damaged state directory.", valueName: "dir"))
    var state: String = defaultStateDirectory

    @Option(
        help: ArgumentHelp(
            "The directory for the new state: empty, or not there yet.", valueName: "newdir"))
    var into: String

    @Flag(help: "Redo whole records after damage, too.")
    var skipDamage = false

    @Flag(help: "Go on without a snapshot where none can be read; its content is lost.")
    var withoutSnapshot = false

    @Flag(help: "Print the account as one line of JSON.")
    var json = false

    func run() throws {
        let target = try SalvageTarget(into, outside: state)
        let lock = try lockOutDaemons()
        defer { withExtendedLifetime(lock) {} }
        var choices = Salvage.Choices()
        choices.skipsDamage = skipDamage
        choices.goesWithoutSnapshot = withoutSnapshot
        let saved = try save(choices)
        try target.write(saved)
        let account = SalvageAccount(
            saved.report, saved.ledger.totals, lastRedemption: saved.ledger.redemptions.last,
            from: state, into: into)
        if json {
            print(account.json.line)
        } else {
            for line in account.lines(.ofStandardOutput) { print(line) }
        }
        if !account.report.isComplete { throw ExitStatus.refused }
    }

    private func save(_ choices: Salvage.Choices) throws(JournalToolFault) -> SalvagedState {
        do throws(SalvageFault) {
            return try Salvage.read(from: PosixDisk(), directory: state, choices, seed: .random())
        } catch {
            throw JournalToolFault(error, directory: state)
        }
    }

    /// A daemon that was killed a moment ago may still hold its lock.
    private static let lockPatienceMilliseconds: Int64 = 1_000

    /// Keeps daemons out.
    private func lockOutDaemons() throws(JournalToolFault) -> DirectoryLock {
        let attempt: DirectoryLock.Attempt
        do throws(PosixFault) {
            attempt = try DirectoryLock.attempt(
                state, creatingFile: .never, forMilliseconds: Self.lockPatienceMilliseconds)
        } catch {
            throw JournalToolFault("\(state): \(error)")
        }
        switch attempt {
        case .acquired(let lock): return lock
        case .heldByAnother:
            throw JournalToolFault("\(state) is in use: stop the daemon that uses it first")
        }
    }
}
