import ArgumentParser

struct JournalShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the journal as JSON, an object a line.",
        discussion: """
            Example: couponctl journal show --state /var/lib/coupond --from 120

            Only reads, so a daemon may be using the files, and goes on after damage. Each line has \
            a type: snapshot (its header), segment, batch, record or seal; damage is an acknowledged \
            record that is gone or cannot be trusted; a tail was being written and never \
            acknowledged; dead is what a newer segment has replaced.

            Exit status: 0 if all is in order, 1 if there is damage, 2 if the files cannot be read.
            """)

    @Option(
        help: ArgumentHelp(
            "A daemon's state directory (default: \(defaultStateDirectory)).", valueName: "dir"))
    var state: String?

    @Argument(
        help: ArgumentHelp(
            "Segments and snapshots, in place of a whole directory.", valueName: "file"))
    var files: [String] = []

    @Option(help: ArgumentHelp("Leave out the records before this one.", valueName: "sequence"))
    var from: UInt64 = 0

    @Flag(help: "Leave out batches and records.")
    var segments = false

    func validate() throws {
        if state != nil && !files.isEmpty {
            throw ValidationError("Give either --state or files, not both.")
        }
    }

    func run() throws {
        let journal =
            files.isEmpty
            ? try FoundJournal(directory: state ?? defaultStateDirectory)
            : try FoundJournal(files: files)
        var lines = JournalLines(journal, from: from, showsBatches: !segments) { print($0) }
        try lines.showAll()
        if lines.foundDamage { throw ExitStatus.refused }
    }
}
