// A comparison is worth something only if all candidates did the same work. So before anything is measured
// every peer answers the same requests, one after the other, and has to say what coupond says.

/// A request and what every candidate has to answer. Cases build on each other: uses stay used.
struct AgreementCase {
    var name: String
    var request: PeerRequest
    var answer: PeerAnswer

    private init(
        _ name: String, _ operation: PeerRequest.Operation, _ code: String,
        by customer: String = "cus_1", _ lines: [PeerRequest.Cart.Line], _ answer: PeerAnswer
    ) {
        self.name = name
        request = PeerRequest(
            operation: operation, code: code, customer: customer, cart: .init(lines: lines))
        self.answer = answer
    }

    static let all = verdicts + uses

    private static let pair = [line("shoes", 2, 2_500)]
    private static let worth1000 = PeerAnswer.accepted(discount: 1_000)

    private static let verdicts = [
        AgreementCase("a covered line", .validate, "PLAIN", pair, worth1000),
        AgreementCase(
            "a line that is not covered", .validate, "PLAIN",
            [line("boots", 1, 1_999), line("books", 2, 2_500)], .accepted(discount: 400)),
        AgreementCase(
            "rounding down", .validate, "CHEAP", [line("shoes", 1, 12)], .accepted(discount: 2)),
        AgreementCase(
            "rounding up", .validate, "CHEAP", [line("shoes", 1, 13)], .accepted(discount: 3)),
        AgreementCase(
            "no effect", .validate, "CHEAP", [line("shoes", 1, 2)], .refused(reason: "no_effect")),
        AgreementCase(
            "at the minimum", .validate, "PLAIN", [line("shoes", 1, 5_000)], worth1000),
        AgreementCase(
            "below the minimum", .validate, "PLAIN", [line("shoes", 1, 4_999)],
            .refused(reason: "below_minimum_amount")),
        AgreementCase(
            "nothing covered", .validate, "PLAIN", [line("books", 1, 9_000)],
            .refused(reason: "no_eligible_items")),
        AgreementCase("too early", .validate, "FUTURE", pair, .refused(reason: "not_started")),
        AgreementCase("too late", .validate, "PAST", pair, .refused(reason: "expired")),
        AgreementCase(
            "used up before", .validate, "SPENT", pair, .refused(reason: "usage_limit_reached")),
        AgreementCase(
            "an unknown code", .validate, "NOSUCH", pair, .refused(reason: "code_unknown")),
    ]

    private static let uses = [
        AgreementCase("the last use", .apply(order: "a"), "LASTONE", pair, worth1000),
        AgreementCase("the same order again", .apply(order: "a"), "LASTONE", pair, worth1000),
        AgreementCase(
            "one use too many", .apply(order: "b"), "LASTONE", pair,
            .refused(reason: "usage_limit_reached")),
        AgreementCase(
            "used up meanwhile", .validate, "LASTONE", pair,
            .refused(reason: "usage_limit_reached")),
        AgreementCase("a customer's only use", .apply(order: "c"), "ONCE", pair, worth1000),
        AgreementCase(
            "a customer's second use", .apply(order: "d"), "ONCE", pair,
            .refused(reason: "customer_limit_reached")),
        AgreementCase(
            "another customer's use", .apply(order: "d"), "ONCE", by: "cus_2", pair, worth1000),
        AgreementCase(
            "a refused order", .apply(order: "e"), "PLAIN", [line("shoes", 1, 1)],
            .refused(reason: "below_minimum_amount")),
        AgreementCase("that order with more in it", .apply(order: "e"), "PLAIN", pair, worth1000),
        AgreementCase(
            "that order with something else in it", .apply(order: "e"), "PLAIN",
            [line("boots", 2, 5_000)], .conflict),
    ]

    private static func line(
        _ category: String, _ quantity: Int, _ unitPrice: Int
    ) -> PeerRequest.Cart.Line {
        .init(product: "p1", quantity: quantity, unitPrice: unitPrice, category: category)
    }
}

/// A peer that does not do the work it is compared in.
struct Disagreement: Error, CustomStringConvertible {
    var peer: String
    var name: String
    var expected: PeerAnswer
    var answer: PeerAnswer

    var description: String {
        "\(peer) does other work than coupond: \(name) is \(answer), not \(expected)."
    }
}

extension AnsweringPeer {
    /// Asks everything in ``AgreementCase``, once in the life of the server's data.
    func checkAgreement() throws {
        for one in AgreementCase.all {
            let answer = try answer(to: one.request)
            guard answer == one.answer else {
                throw Disagreement(
                    peer: name, name: one.name, expected: one.answer, answer: answer)
            }
        }
    }
}
