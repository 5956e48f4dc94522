import ArgumentParser
import CouponClient

/// The checkout of a command: codes, customer and cart, one option for each part.
struct CheckoutOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The codes, as the shopper typed them.", valueName: "codes"))
    var plainCodes: [String] = []

    @Option(
        name: .customLong("code"),
        help: ArgumentHelp(
            "A code with restrictions; may be repeated.",
            discussion: """
                For example GC-2025-001:amount=2000 for at most 20.00 of that gift card. coupon \
                selects one of several coupons that own the code. Any other name is an attribute \
                that lines must have.
                """,
            valueName: "code[:name=value,…]"),
        transform: { argument in try CodeRequest(argument: argument) })
    var restrictedCodes: [CodeRequest] = []

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

    @Option(help: ArgumentHelp("The price of shipping, in minor units.", valueName: "amount"))
    var shipping: Int64?

    @Option(help: ArgumentHelp("The customer's id.", valueName: "id"))
    var customer: String?

    @Option(help: ArgumentHelp("The customer's e-mail address.", valueName: "address"))
    var email: String?

    @Option(
        name: .customLong("group"),
        help: ArgumentHelp("A group the customer is in; may be repeated.", valueName: "name"))
    var groups: [String] = []

    @Option(help: ArgumentHelp("The number of the customer's previous orders.", valueName: "count"))
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
            "The date for blackout dates, weekday windows and limits per booking date.",
            valueName: "date"))
    var bookingDate: String?

    @Option(
        help: ArgumentHelp(
            "Another order, such as a session, whose holds this one takes over.",
            valueName: "id"))
    var holdOf: String?

    @Flag(help: "Also consider automatic coupons, which need no code.")
    var auto = false

    @Option(help: "Whether one refused code refuses all codes or only itself (default: all).")
    var mode: Checkout.Mode?

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
                throw ValidationError("Give --request alone, without codes or checkout options.")
            }
            return
        }
        if checkout.codes.isEmpty && !auto { throw ValidationError("Give a code, or --auto.") }
        if lines.isEmpty && (currency != nil || shipping != nil) {
            throw ValidationError("--currency and --shipping describe a cart: give a --line too.")
        }
    }

    /// The checkout that the options describe.
    var checkout: Checkout {
        Checkout(
            codes: plainCodes.map { CodeRequest($0) } + restrictedCodes, cart: cart,
            customer: buyer, store: store, mode: mode, auto: auto ? true : nil,
            context: context.grouped, holdOf: holdOf, bookingDate: bookingDate,
            explain: explain ? true : nil)
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

extension Checkout.Mode: ExpressibleByArgument {}
