import ArgumentParser
import CouponClient

struct ReserveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reserve",
        abstract: "Hold codes for an order during payment.",
        discussion: """
            Example: couponctl reserve SUMMER20 --order o-1001 --line p1:2:2500 --ttl 600

            Other orders cannot take these uses until the hold lapses. A second reserve of the same \
            order replaces its hold and starts the time again. Applying the order uses the hold.
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
            throw ValidationError("Give --order and --ttl in the request, not beside --request.")
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
                throw ValidationError("Give --order ID, the order that the hold is for.")
            }
        let reply = try connection.show(line, replyTo: ReserveRequest.self, as: CheckoutText.lines)
        if reply.reserved != true { throw ExitStatus.refused }
    }
}
