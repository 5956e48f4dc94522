import ArgumentParser
import CouponClient

/// What a checkout command asks about: codes, customer and cart, one option for each part.
struct CheckoutOptions: ParsableArguments {
    @Argument(help: "The codes, as the shopper typed them.")
    var codes: [String] = []

    @Option(
        name: .customLong("line"),
        help: ArgumentHelp(
            "A line of the cart; may be repeated.",
            discussion: "For example p1:2:2500:category=shoes,on_sale=true.",
            valueName: "product:quantity:unit-price[:name=value,…]"),
        transform: { argument in try CartLine(argument: argument) })
    var lines: [CartLine] = []

    @Option(help: ArgumentHelp("The cart's currency (default: USD).", valueName: "code"))
    var currency: String?

    @Option(help: ArgumentHelp("What shipping costs, in minor units.", valueName: "amount"))
    var shipping: Int64?

    @Option(help: ArgumentHelp("The customer's id.", valueName: "id"))
    var customer: String?

    @Option(help: ArgumentHelp("The customer's e-mail address.", valueName: "address"))
    var email: String?

    @Option(
        name: .customLong("group"),
        help: ArgumentHelp("A group the customer is in; may be repeated.", valueName: "name"))
    var groups: [String] = []

    @Option(help: ArgumentHelp("How many orders the customer has placed.", valueName: "count"))
    var orders: Int64?

    @Option(
        help: ArgumentHelp(
            "An attribute of the whole request, such as channel=web; may be repeated.",
            valueName: "name=value"),
        transform: { argument in try NamedValue(argument: argument) })
    var context: [NamedValue] = []

    @Option(help: ArgumentHelp("The tenant.", valueName: "name"))
    var store: String?

    @Option(
        help: ArgumentHelp(
            "The date that blackout dates and weekday windows are judged on.", valueName: "date"))
    var bookingDate: String?

    @Flag(help: "Also consider coupons that need no code.")
    var auto = false

    @Flag(help: "Skip refused codes instead of refusing all.")
    var partial = false

    @Flag(help: "List every failing rule, not only the first.")
    var explain = false

    @Option(
        name: .customLong("request"),
        help: ArgumentHelp(
            "Read the whole request from a JSON file, or from standard input for \"-\".",
            valueName: "file"))
    var requestFile: String?

    func validate() throws {
        if requestFile != nil {
            guard isEmpty else {
                throw ValidationError("--request replaces codes and options about the checkout.")
            }
            return
        }
        if codes.isEmpty && !auto { throw ValidationError("A code is due, or --auto.") }
        if lines.isEmpty && (currency != nil || shipping != nil) {
            throw ValidationError("--currency and --shipping describe a cart: give a --line too.")
        }
    }

    /// The checkout that the options describe.
    var checkout: Checkout {
        Checkout(
            codes: codes.map { CodeRequest($0) }, cart: cart, customer: buyer, store: store,
            mode: partial ? .partial : nil, auto: auto ? true : nil, context: context.grouped,
            bookingDate: bookingDate, explain: explain ? true : nil)
    }

    private var cart: Cart? {
        if lines.isEmpty { return nil }
        return Cart(currency: currency ?? "USD", lines: lines, shipping: shipping)
    }

    private var buyer: Customer? {
        if customer == nil && email == nil && groups.isEmpty && orders == nil { return nil }
        return Customer(
            id: customer, email: email, groups: groups.isEmpty ? nil : groups, orders: orders)
    }

    private var isEmpty: Bool {
        checkout == Checkout(codes: []) && currency == nil && shipping == nil
    }
}
