import ArgumentParser
import CouponClient

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Reload the catalog. If it has errors, the old one stays.",
        discussion: """
            A reload is also refused if it looks as if a part of the definitions were missing: a \
            folder or file is empty, a file lost its last line end, or more of a store's coupons or \
            codes would go than reload.shrink_percent allows. If that is meant to be so, use --force.
            """)

    @Flag(help: "Reload even if a part of the definitions seems to be missing.")
    var force = false

    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let line = try connection.client(for: .admin).replyLine(
            to: ReloadRequest(force: force ? true : nil))
        try connection.show(line, replyTo: ReloadRequest.self, as: ResultText.lines)
    }
}
