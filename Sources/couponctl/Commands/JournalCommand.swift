import ArgumentParser

struct JournalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Show the journal of a state directory, or salvage a damaged one.",
        subcommands: [JournalShowCommand.self, JournalSalvageCommand.self])
}

/// The state directory of a daemon by default.
let defaultStateDirectory = "/var/lib/coupond"
