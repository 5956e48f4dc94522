import ArgumentParser

struct JournalShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the journal as JSON, an object a line.",
        discussion: """
            Example: couponctl journal show --state /var/lib/coupond --from 120

            Only reads, so a daemon may be using the files, and goes on behind damage. Lines have a \
            type: snapshot (its header), segment, batch, record, seal; damage is something promised \
            that is gone or not to be believed; a tail is what was being written, of which nobody \
            was told; dead is what a newer segment has replaced.

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

    @Option(
        help: ArgumentHelp("Leave out the records before this one.", valueName: "sequence"))
    var from: UInt64 = 0

    @Flag(help: "Leave out batches and records.")
    var segments = false

    func validate() throws {
        if state != nil && !files.isEmpty {
            throw ValidationError("Either --state or files are shown.")
        }
    }

    func run() throws {
        let journal =
            files.isEmpty
            ? try FoundJournal(directory: state ?? defaultStateDirectory)
            : try FoundJournal(files: files)
        var lines = JournalLines(journal, from: from, showsBatches: !segments) { print($0) }
        try lines.tellAll()
        if lines.foundDamage { throw ExitStatus.refused }
    }
}
