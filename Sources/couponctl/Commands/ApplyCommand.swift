import ArgumentParser
import CouponClient

struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Use codes up for an order.",
        discussion: """
            Example: couponctl apply SUMMER20 --order o-1001 --line p1:2:2500

            The same command again is answered from the record and consumes nothing, so when the \
            reply is lost, repeat it.
            """)

    @OptionGroup(title: "Checkout") var options: CheckoutOptions

    @Option(help: ArgumentHelp("The order that the codes are used for.", valueName: "id"))
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
                throw ValidationError("--request replaces --order and --metadata.")
            }
        }
        if Set(metadata.map(\.name)).count < metadata.count {
            throw ValidationError("--metadata takes each name once.")
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
                throw ValidationError("--order is due: it is what makes a repeat safe.")
            }
        let reply = try connection.show(line, replyTo: ApplyRequest.self, as: CheckoutText.lines)
        if reply.applied != true { throw ExitStatus.refused }
    }

    private var notes: [String: String]? {
        let pairs = metadata.map { ($0.name, $0.value) }
        return pairs.isEmpty ? nil : Dictionary(pairs) { first, _ in first }
    }
}
