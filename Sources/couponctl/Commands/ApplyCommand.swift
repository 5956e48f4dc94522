import ArgumentParser
import CouponClient

struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Apply codes to an order.",
        discussion: """
            Example: couponctl apply SUMMER20 --order o-1001 --line p1:2:2500

            If the reply is lost, repeat the command: the daemon answers a repeat from its record \
            and consumes nothing.
            """)

    @OptionGroup(title: "Checkout") var options: CheckoutOptions

    @Option(help: ArgumentHelp("The order.", valueName: "id"))
    var order: String?

    @Option(
        help: ArgumentHelp(
            "Stored with the redemption; may be repeated.", valueName: "name=value"),
        transform: { argument in try NamedValue(argument: argument) })
    var metadata: [NamedValue] = []

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        if options.requestFile != nil {
            if order != nil || !metadata.isEmpty {
                throw ValidationError(
                    "Give --order and --metadata in the request, not beside --request.")
            }
        }
        if Set(metadata.map(\.name)).count < metadata.count {
            throw ValidationError("Give each name in --metadata once.")
        }
    }

    func run() throws {
        let client = connection.client(for: .storefront)
        let line =
            if let path = options.requestFile {
                try client.send(line: RequestFile(path: path, for: ApplyRequest.operation).line)
            } else if let order {
                try client.replyLine(
                    to: ApplyRequest(options.checkout, order: order, metadata: notes))
            } else {
                throw ValidationError("Give --order ID: it makes a repeat safe.")
            }
        let reply = try connection.show(line, replyTo: ApplyRequest.self, as: CheckoutText.lines)
        if reply.applied != true { throw ExitStatus.refused }
    }

    private var notes: [String: String]? {
        let pairs = metadata.map { ($0.name, $0.value) }
        return pairs.isEmpty ? nil : Dictionary(pairs) { first, _ in first }
    }
}
