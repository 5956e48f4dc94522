import ArgumentParser

struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Look into what a daemon keeps on disk, and save what is left of it.",
        subcommands: [JournalShowCommand.self, JournalSalvageCommand.self])
}

/// Where a daemon keeps its state unless it is told otherwise.
let defaultStateDirectory = "/var/lib/coupond"
