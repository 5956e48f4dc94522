import ArgumentParser
import CouponClient

struct ReserveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reserve",
        abstract: "Hold codes for an order while its shopper pays.",
        discussion: """
            Example: couponctl reserve SUMMER20 --order o-1001 --line p1:2:2500 --ttl 600

            Until the hold lapses nobody else gets these uses. The same order may reserve again, \
            which replaces its hold and renews the time; applying the order takes it over.
            """)

    @OptionGroup(title: "Checkout") var options: CheckoutOptions

    @Option(help: ArgumentHelp("The order or session that the hold is for.", valueName: "id"))
    var order: String?

    @Option(
        help: ArgumentHelp(
            "How long the hold lasts, at most a week (default: 900).", valueName: "seconds"))
    var ttl: Int64?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        if options.requestFile != nil, order != nil || ttl != nil {
            throw ValidationError("--request replaces --order and --ttl.")
        }
    }

    func run() throws {
        let client = connection.client(for: .storefront)
        let line =
            if let path = options.requestFile {
                try client.send(line: RequestFile(path: path, for: ReserveRequest.operation).line)
            } else if let order {
                try client.replyLine(
                    to: ReserveRequest(options.checkout, order: order, ttlSeconds: ttl))
            } else {
                throw ValidationError("--order is due: it is whose hold this becomes.")
            }
        let reply = try connection.show(line, replyTo: ReserveRequest.self, as: CheckoutText.lines)
        if reply.reserved != true { throw ExitStatus.refused }
    }
}
