import ArgumentParser
import CouponClient

struct UsageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "Show how much of a code's limits is used and left.")

    @Argument(help: "The code, as the shopper typed it.")
    var code: String

    @Option(help: ArgumentHelp("The id of the customer whose own limit to show.", valueName: "id"))
    var customer: String?

    @Option(
        help: ArgumentHelp(
            "The e-mail address of the customer whose own limit to show.", valueName: "address"))
    var email: String?

    @Option(
        help: ArgumentHelp(
            "The site, event … in question; may be repeated.", valueName: "name=value"),
        transform: { argument in try NamedValue(argument: argument) })
    var context: [NamedValue] = []

    @Option(help: ArgumentHelp("The booking date whose limit to show.", valueName: "date"))
    var bookingDate: String?

    @Option(help: ArgumentHelp("The tenant.", valueName: "name"))
    var store: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() throws {
        let request = UsageRequest(
            code: code, customer: buyer, context: context.isEmpty ? nil : context.grouped,
            bookingDate: bookingDate,
            store: store)
        let line = try connection.client(for: .storefront).replyLine(to: request)
        try connection.show(line, replyTo: UsageRequest.self) { reply, style in
            UsageText.lines(reply, code: code, style)
        }
    }

    private var buyer: Customer? {
        customer == nil && email == nil ? nil : Customer(id: customer, email: email)
    }
}
