import SystemPackage

/// What the person at the terminal, or the service manager, is told in plain words: that the daemon
/// is ready, or why it is not.
enum Console {
    /// Prints `coupond: ` and the text on standard error.
    static func say(_ text: String) {
        write("coupond: \(text)\n")
    }

    static func write(_ text: String) {
        do {
            try FileDescriptor.standardError.writeAll(text.utf8)
        } catch {
            // Standard error is closed or full: nobody is there to be told, and that is no reason
            // to serve nobody else.
            return
        }
    }
}
