import SystemPackage

/// Plain messages for the operator on standard error: that the daemon is ready, or why it is not.
enum Console {
    /// Prints `coupond: ` and the text on standard error.
    static func say(_ text: String) {
        write("coupond: \(text)\n")
    }

    static func write(_ text: String) {
        do {
            try FileDescriptor.standardError.writeAll(text.utf8)
        } catch {
            // Standard error is closed or full; the daemon serves its clients all the same.
            return
        }
    }
}
