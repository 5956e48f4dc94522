import Logging

/// Writes each event as one JSON object on one line.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let output: LogOutput

    init(output: LogOutput, logLevel: Logger.Level) {
        self.output = output
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = metadata.merging(event.metadata ?? [:]) { _, ofEvent in ofEvent }
        output.write(
            LogLine(
                level: event.level, message: event.message.description, metadata: metadata,
                time: .present))
    }
}

extension Logger {
    /// The daemon's log.
    init(to output: LogOutput, level: Logger.Level) {
        self.init(label: "coupond") { _ in JSONLogHandler(output: output, logLevel: level) }
    }
}
