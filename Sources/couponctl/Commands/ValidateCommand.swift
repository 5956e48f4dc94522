import ArgumentParser
import CouponClient

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check codes and show their discount. Changes nothing.",
        discussion: "Example: couponctl validate SUMMER20 --line p1:2:2500 --customer cus_7")

    @OptionGroup(title: "Checkout") var options: CheckoutOptions

    @Option(
        help: ArgumentHelp(
            "The order, whose own holds and uses do not count against it.", valueName: "id"))
    var order: String?

    @Option(
        help: ArgumentHelp(
            "Evaluate as of this instant: ISO 8601, or a date.", valueName: "instant"))
    var at: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        if options.requestFile != nil, order != nil || at != nil {
            throw ValidationError("Give --order and --at in the request, not beside --request.")
        }
    }

    func run() throws {
        let client = connection.client(for: .storefront)
        let line =
            if let path = options.requestFile {
                try client.send(line: RequestFile(path: path, for: ValidateRequest.operation).line)
            } else {
                try client.replyLine(to: ValidateRequest(options.checkout, order: order, at: at))
            }
        let reply = try connection.show(line, replyTo: ValidateRequest.self, as: CheckoutText.lines)
        if !reply.valid { throw ExitStatus.refused }
    }
}
