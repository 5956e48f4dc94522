import CouponRules

// A trial is a catalog and a history, for the daemon and for the model.

struct Trial {
    var catalog: Reference.Catalog
    var steps: [Reference.Step]
    /// Seconds.
    var start: Int64

    init(seed: UInt64, subject: Subject, requests: Int) {
        var generator = Generator(seed: seed, subject: subject)
        catalog = generator.catalog()
        steps = generator.history(of: catalog, count: requests)
        start = generator.start
    }

    /// Where the daemon and the model part.
    struct Difference: CustomStringConvertible {
        let step: Int
        let line: String
        let expected: JSON
        let actual: JSON

        var description: String {
            "  asked:    \(line)\n  expected: \(expected.line)\n  actual:   \(actual.line)"
        }
    }

    /// The first difference; nil when they agree throughout. `tally` counts kinds of replies.
    func firstDifference(tally: inout [String: Int]) throws -> Difference? {
        let shop = try Shop(catalog.json.line)
        shop.now = Instant(millisecondsSinceEpoch: start * 1_000)
        var model = Reference.Model(catalog)
        var redemptions: [String: [JSON]] = [:]
        for (place, step) in steps.enumerated() {
            switch step {
            case .wait(let seconds): shop.advance(seconds: seconds)
            case .ask(let ask):
                let line = ask.line
                let expected = model.reply(to: ask, at: shop.now.millisecondsSinceEpoch)
                let given = JSON(parsing: shop.ask(line)) ?? .absent
                let actual = Trial.compared(given)
                tally[Trial.kind(of: actual, ask.op), default: 0] += 1
                if expected != actual {
                    return Difference(step: place, line: line, expected: expected, actual: actual)
                }
                // A repeat has the numbers of the first time.
                guard ask.op == "apply", let order = ask.order, given["applied"] == true else {
                    continue
                }
                let numbers = Trial.redemptions(in: given)
                if given["replayed"] == true && redemptions[order] != numbers {
                    return Difference(
                        step: place, line: line, expected: .list(redemptions[order] ?? []),
                        actual: .list(numbers))
                }
                redemptions[order] = numbers
            }
        }
        return nil
    }

    private static func redemptions(in reply: JSON) -> [JSON] {
        guard case .list(let entries) = reply["codes"] else { return [] }
        return entries.filter { $0["valid"] == true }.map { $0["redemption"] }
    }

    /// What is compared of a reply: no wording, no numbers by chance; of an error its code, and of
    /// a conflict what the order stands for.
    private static func compared(_ reply: JSON) -> JSON {
        switch reply {
        case .list(let elements): return .list(elements.map(compared))
        case .object(var members):
            if case .object(let error)? = members["error"] {
                var details = error["details"] ?? .absent
                if case .object(var facts) = details {
                    facts["redemptions"] = nil
                    details = .object(facts)
                }
                guard case .text(let code)? = error["code"] else { return .absent }
                return Reference.Books.error(code, details)
            }
            members["message"] = nil
            if members["redemption"] != nil { members["redemption"] = "some" }
            return .object(members.mapValues(compared))
        default: return reply
        }
    }

    /// What happened, in a word or two.
    private static func kind(of reply: JSON, _ op: String) -> String {
        if reply["error"] != .absent { return reply["error"]["code"].string }
        if reply["replayed"] == true { return "\(op) replayed" }
        if reply["valid"] == false { return reply["reason"].string }
        return op
    }
}
