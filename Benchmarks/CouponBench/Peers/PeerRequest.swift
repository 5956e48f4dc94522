/// A request about one code, before it is put into the words of one peer. Its texts may hold the load
/// generator's placeholders.
struct PeerRequest {
    enum Operation: Equatable {
        case validate
        case apply(order: String)
    }

    var operation: Operation
    var code: String
    var customer: String
    var cart: Cart

    /// What is in the cart, in cents.
    struct Cart: Equatable {
        struct Line: Equatable {
            var product: String
            var quantity: Int
            var unitPrice: Int
            var category: String
        }

        var lines: [Line]

        /// As coupond's protocol writes it, which the peers read as well.
        var json: String {
            let lines = lines.map { line in
                #"{"product":"\#(line.product)","quantity":\#(line.quantity),"#
                    + #""unit_price":\#(line.unitPrice),"category":["\#(line.category)"]}"#
            }
            return #"{"currency":"USD","lines":[\#(lines.joined(separator: ","))]}"#
        }
    }

    /// The line that coupond is sent, without its end.
    var line: String {
        let (operation, order) =
            switch operation {
            case .validate: ("validate", "")
            case .apply(let order): ("apply", #""order":"\#(order)","#)
            }
        return #"{"id":1,"op":"\#(operation)","code":"\#(code)",\#(order)"#
            + #""customer":{"id":"\#(customer)"},"cart":\#(cart.json)}"#
    }
}

/// What a peer says to a request.
enum PeerAnswer: Equatable {
    /// In cents.
    case accepted(discount: Int)
    /// With the reason as coupond names it.
    case refused(reason: String)
    /// The order was applied to something else.
    case conflict
}

extension PeerRequest {
    /// How many customers the load comes from.
    static let customerCount = 1_000_000

    /// What the load asks, again and again: any of the coupons, any of the customers, a cart of so
    /// many lines, of which every second one is covered. `apply`: for an order of its own each time.
    static func load(applies: Bool, cartLineCount: Int) -> PeerRequest {
        PeerRequest(
            operation: applies ? .apply(order: "${run}-${n}") : .validate,
            code: PeerCoupon.loadedCodeTemplate, customer: "cus_${below:\(customerCount)}",
            cart: Cart(
                lines: (0..<cartLineCount).map { number in
                    Cart.Line(
                        product: "p\(number + 1)", quantity: 2, unitPrice: 2_500,
                        category: number.isMultiple(of: 2) ? "shoes" : "books")
                }))
    }
}
