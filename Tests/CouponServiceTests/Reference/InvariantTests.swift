import CouponRules
import Testing

// Rules that hold without the model: the same histories for the daemon alone, and its own `usage`,
// replies and snapshots compared with each other.

/// A daemon that is asked, and what is known of it from its replies.
private struct Witness {
    let shop: Shop
    let catalog: Reference.Catalog
    /// What a card pays for each order that stands, and what a coupon gives in each currency.
    private(set) var paid: [String: [String: Int64]] = [:]
    private(set) var given: [String: [String: Int64]] = [:]

    init(_ trial: Trial) throws {
        catalog = trial.catalog
        shop = try Shop(catalog.json.line)
        shop.now = Instant(millisecondsSinceEpoch: trial.start * 1_000)
    }

    func reply(_ ask: Reference.Ask) -> JSON { JSON(parsing: shop.ask(ask.line)) ?? .absent }

    /// The rows of `usage` for each code of each coupon, for some customers.
    func usage() -> [JSON] {
        var rows: [JSON] = []
        for coupon in catalog.coupons {
            for code in coupon.codes {
                for customer in ["cus_1", "cus_2", "cus_3"] {
                    var ask = Reference.Ask(op: "usage", customer: Reference.Customer(id: customer))
                    ask.codes = [Reference.CodeAsk(text: code.text, coupon: nil)]
                    rows.append(reply(ask)["result"]["limits"])
                }
            }
        }
        return rows
    }

    /// Notes what an apply or a release said.
    mutating func note(_ ask: Reference.Ask, _ reply: JSON) {
        guard let order = ask.order, reply["replayed"] != true else { return }
        guard case .list(let entries) = reply["codes"] else { return }
        let currency = reply["currency"].string
        if ask.op == "apply" && reply["applied"] == true {
            for entry in entries where entry["valid"] == true {
                if case .integer(let amount) = entry["amount"] {
                    paid[entry["gift_card"].string, default: [:]][order] = amount
                }
                let money = [entry["discount"], entry["shipping_discount"]].map { value -> Int64 in
                    if case .integer(let amount) = value { amount } else { 0 }
                }
                given[entry["coupon"].string + " " + currency, default: [:]][order] =
                    money.reduce(0, +)
            }
        } else if ask.op == "release" && reply["released"] == true {
            for entry in entries where entry["was"] == "applied" {
                paid[entry["gift_card"].string]?[order] = nil
                for key in given.keys where key.hasPrefix(entry["coupon"].string + " ") {
                    given[key]?[order] = nil
                }
            }
        }
    }
}

@Suite struct `Any history` {
    private static let subjects: [Subject] = [.counts, .offers, .orders, .cards]

    /// Enough histories for each subject to reach its cases with any seed.
    private static func trials(
        about subject: Subject, atLeast least: UInt64 = 10,
        _ body: (Trial, UInt64) throws -> Void
    ) rethrows {
        Extent.announce("Any history")
        // Each step is followed by many questions, so that these histories are fewer.
        let count = max(least, Extent.histories(of: subjects.count) / 20)
        for history in 0..<count {
            let seed = Extent.seed &+ history
            try body(Trial(seed: seed, subject: subject, requests: 60), seed)
        }
    }

    @Test(arguments: subjects)
    func `no limit is exceeded, and a repeat changes nothing`(about subject: Subject) throws {
        var (limitsReached, repeats) = (0, 0)
        try Self.trials(about: subject) { trial, seed in
            let witness = try Witness(trial)
            for (place, step) in trial.steps.enumerated() {
                guard case .ask(let ask) = step else {
                    if case .wait(let seconds) = step { witness.shop.advance(seconds: seconds) }
                    continue
                }
                _ = witness.reply(ask)
                for rows in witness.usage() {
                    guard case .list(let limits) = rows else { continue }
                    for row in limits {
                        let (limit, sum) = Self.sum(of: row)
                        try #require(sum <= limit, "seed \(seed), step \(place): \(row.line)")
                        if sum == limit { limitsReached += 1 }
                    }
                }
                // The same again: the reply may differ, the uses may not.
                guard ask.op == "apply" || ask.op == "release" else { continue }
                let before = witness.shop.snapshot()
                let again = witness.reply(ask)
                guard again["replayed"] == true else { continue }
                repeats += 1
                try #require(witness.shop.snapshot() == before, "seed \(seed), step \(place)")
            }
        }
        #expect(limitsReached > 0 || subject != .counts)
        #expect(repeats > 0)
    }

    private static func sum(of row: JSON) -> (limit: Int64, sum: Int64) {
        guard case .integer(let limit) = row["limit"], case .integer(let used) = row["used"],
            case .integer(let held) = row["held"]
        else { return (0, 1) }
        return (limit, used + held)
    }

    @Test(arguments: subjects)
    func `a new order that is released changes nothing`(about subject: Subject) throws {
        var released = 0
        try Self.trials(about: subject) { trial, seed in
            var trial = trial
            // A use that is kept is not given back.
            for place in trial.catalog.coupons.indices {
                trial.catalog.coupons[place].isReusable = true
            }
            let witness = try Witness(trial)
            for (place, step) in trial.steps.enumerated() {
                guard case .ask(var ask) = step else {
                    if case .wait(let seconds) = step { witness.shop.advance(seconds: seconds) }
                    continue
                }
                _ = witness.reply(ask)
                guard ask.op == "reserve" || ask.op == "apply" else { continue }
                ask.order = "guest\(place)"
                ask.holdOf = nil
                let before = witness.usage()
                let reply = witness.reply(ask)
                guard reply["valid"] == true, reply["codes"].count > 0 else { continue }
                released += 1
                let answer = witness.reply(Reference.Ask(op: "release", order: ask.order))
                try #require(answer["released"] == true, "seed \(seed), step \(place)")
                try #require(witness.usage() == before, "seed \(seed), step \(place)")
            }
        }
        #expect(released > 0)
    }

    /// Gift cards and budgets, by adding up what replies said.
    @Test(arguments: [Subject.counts, .cards])
    func `money sums to the unit`(about subject: Subject) throws {
        var (cards, budgets) = (0, 0)
        try Self.trials(about: subject, atLeast: 30) { trial, seed in
            var witness = try Witness(trial)
            for step in trial.steps {
                switch step {
                case .ask(let ask): witness.note(ask, witness.reply(ask))
                case .wait(let seconds): witness.shop.advance(seconds: seconds)
                }
            }
            // All holds are gone by then, and now is in no window.
            witness.shop.advance(seconds: 1_000_000)
            for card in trial.catalog.cards where card.status == "active" && card.expiresAt == nil {
                var ask = Reference.Ask()
                ask.codes = [Reference.CodeAsk(text: card.code)]
                let rest = card.balance - (witness.paid[card.id] ?? [:]).values.reduce(0, +)
                let entry = witness.reply(ask)["codes"][0]
                let isTold =
                    rest == 0
                    ? entry["reason"] == "gift_card_empty" : entry["balance"] == .integer(rest)
                try #require(isTold, "seed \(seed), \(card.id): \(rest), \(entry.line)")
                cards += 1
            }
            for coupon in trial.catalog.coupons where !trial.catalog.sharesCodes {
                guard let code = coupon.codes.first else { continue }
                let ask = Reference.Ask(op: "usage", codes: [Reference.CodeAsk(text: code.text)])
                guard case .list(let rows) = witness.reply(ask)["result"]["limits"] else {
                    continue
                }
                for row in rows where row["kind"] == "budget" {
                    let currency = row["currency"].string
                    let sum = (witness.given[coupon.id + " " + currency] ?? [:]).values.reduce(0, +)
                    let expected = sum + (coupon.given[currency] ?? 0)
                    try #require(
                        row["used"] == .integer(expected),
                        "seed \(seed), \(coupon.id): \(expected), \(row.line)")
                    budgets += 1
                }
            }
        }
        #expect(subject == .cards ? cards > 0 : budgets > 0)
    }
}
