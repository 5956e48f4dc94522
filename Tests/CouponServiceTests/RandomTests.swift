import CouponService
import Foundation
import Testing

/// SplitMix64 (S. Vigna): small, and the same everywhere.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// Starts from `COUPOND_SEED`, or from a new seed, and prints it so that a run can be repeated.
    init(for suite: String) {
        let given = ProcessInfo.processInfo.environment["COUPOND_SEED"].flatMap { UInt64($0) }
        state = given ?? .random(in: 0 ... .max)
        print("\(suite): COUPOND_SEED=\(state) swift test --filter '\(suite)' runs this again")
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &self)]
    }
}

// MARK: Splitting

private let dialogueDefinitions = """
    currency: USD
    code_scope: coupon
    coupons:
    - {id: ten, codes: [TEN, café], discount: {kind: percentage, percent: 10}, limits: {total: 700}}
    - {id: five, codes: [TEN, FIVE], discount: {kind: fixed_amount, amount: 500}, limits: {per_code: 300}}
    - {id: rich, codes: [RICH], discount: {kind: percentage, percent: 5}, requires: {min_subtotal: 3000}}
    """

private func dialogueLine(_ random: inout SeededGenerator) -> String {
    let code = random.pick(["TEN", "ten", "FIVE", "RICH", "CAFÉ", "none", ""])
    let price: Int64 = random.pick([0, 999, 4_000])
    let cart = cart(of: [price], shipping: random.pick([nil, 500]))
    let order = "o\(Int.random(in: 0..<400, using: &random))"
    return switch Int.random(in: 0..<8, using: &random) {
    case 0: request("ping", field("id", order))
    case 1: usage(code)
    case 2, 3: validate(code, random.pick([cart, "", field("order", order) + "," + cart]))
    case 4: request("nothing", field("id", order))
    default: apply(code, order: order, cart)
    }
}

private func damaged(_ line: String, _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = Array(line.utf8)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 0...9, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes.removeSubrange(at..<end)
        case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 3: bytes.insert(random.pick([0x00, 0x0A, 0x0D, 0x22, 0x5C, 0x7B, 0xFF]), at: at)
        case 4: bytes.removeSubrange(at...)
        default: bytes.insert(contentsOf: [UInt8](repeating: 0x20, count: 200), at: at)
        }
    }
    return bytes
}

@Suite struct `A random dialogue` {
    @Test func `is answered alike line by line and in pieces of any size`() throws {
        var random = SeededGenerator(for: "A random dialogue")
        var limits = ResourceLimits()
        limits.lineBytesMax = 300
        limits.ordersMax = 350
        let whole = try Shop(dialogueDefinitions, limits: limits)
        limits.linesPerTurnMax = 3
        let split = try Shop(dialogueDefinitions, limits: limits)

        var kinds: [String: Int] = [:]
        for dialogue in 0..<2_000 {
            let (one, other) = (whole.connect(), split.connect())
            var bytes: [UInt8] = []
            var expected = ""
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let line = dialogueLine(&random)
                let isDamaged = Int.random(in: 0..<4, using: &random) == 0
                let sent =
                    (isDamaged ? damaged(line, &random) : Array(line.utf8))
                    + (random.pick([true, false]) ? [0x0A] : [0x0D, 0x0A])
                expected += whole.sendAll(sent, from: one)
                bytes += sent
            }
            var replies = ""
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 1...400, using: &random))
                replies += split.sendAll(Array(bytes[start..<end]), from: other)
                start = end
            }
            try #require(replies == expected, "dialogue \(dialogue)")
            #expect(one.unansweredByteCount == 0 && other.unansweredByteCount == 0)
            for reply in expected.split(separator: "\n") { kinds[kind(of: reply), default: 0] += 1 }
        }
        #expect(split.snapshot() == whole.snapshot())
        // The dialogues reached every case.
        for kind in [
            "applied", "refused", "replayed", "idempotency_conflict", "overloaded", "bad_json",
            "bad_request", "unknown_op", "line_too_long", "result",
        ] {
            #expect(kinds[kind, default: 0] > 0, "\(kind)")
        }
    }

    private func kind(of reply: Substring) -> String {
        if let code = reply.firstRange(of: #""error":{"code":""#) {
            return String(reply[code.upperBound...].prefix { $0 != "\"" })
        }
        if reply.contains(#""replayed":true"#) { return "replayed" }
        if reply.contains(#""applied":true"#) { return "applied" }
        if reply.contains(#""valid":false"#) { return "refused" }
        return reply.contains(#""valid":true"#) ? "valid" : "result"
    }
}

// MARK: Counting

/// The expected counts, in a dictionary.
private struct CounterModel {
    /// Limits by coupon, and limits of each of its codes.
    static let couponLimits: [String: Int64] = ["a": 40, "b": 25, "c": 0]
    static let codes: [(code: String, coupon: String, limit: Int64)] = [
        ("A1", "a", 5), ("A2", "a", 20), ("A3", "a", 0), ("A4", "a", 1),
        ("B1", "b", 0), ("B2", "b", 0), ("B3", "b", 12),
        ("C1", "c", 3), ("C2", "c", 30), ("C3", "c", 0),
    ]

    static var definitions: String {
        var text = "currency: USD\ncoupons:\n"
        for (coupon, limit) in couponLimits.sorted(by: { $0.key < $1.key }) {
            let own = codes.filter { $0.coupon == coupon }.map { code in
                code.limit == 0 ? code.code : "{code: \(code.code), max_uses: \(code.limit)}"
            }
            text += "- id: \(coupon)\n  codes: [\(own.joined(separator: ", "))]\n"
            text += "  discount: {kind: percentage, percent: 10}\n"
            if limit > 0 { text += "  limits: {total: \(limit)}\n" }
        }
        return text
    }

    var uses: [String: Int64] = [:]
    var orders: [String: (code: String, price: Int64)] = [:]

    enum Outcome: Equatable {
        case applied, replayed, conflict, refused(scope: String)
    }

    mutating func apply(
        _ code: (code: String, coupon: String, limit: Int64), order: String, price: Int64
    ) -> Outcome {
        if let known = orders[order] {
            return known.code == code.code && known.price == price ? .replayed : .conflict
        }
        let couponLimit = CounterModel.couponLimits[code.coupon, default: 0]
        if couponLimit > 0 && uses[code.coupon, default: 0] >= couponLimit {
            return .refused(scope: "coupon")
        }
        if code.limit > 0 && uses[code.code, default: 0] >= code.limit {
            return .refused(scope: "code")
        }
        uses[code.coupon, default: 0] += 1
        uses[code.code, default: 0] += 1
        orders[order] = (code.code, price)
        return .applied
    }

    /// The expected reply to `usage`.
    func limits(of code: (code: String, coupon: String, limit: Int64)) -> JSON {
        var entries: [JSON] = []
        let bounds = [
            ("total", code.coupon, CounterModel.couponLimits[code.coupon, default: 0]),
            ("code", code.code, code.limit),
        ]
        for (kind, key, limit) in bounds where limit > 0 {
            let used = uses[key, default: 0]
            entries.append([
                "kind": .text(kind), "limit": .integer(limit), "used": .integer(used), "held": 0,
                "remaining": .integer(limit - used),
            ])
        }
        return entries.isEmpty ? ["result": nil] : ["result": ["limits": .list(entries)]]
    }
}

@Suite struct `Counters under random applies` {
    @Test func `agree with a dictionary, and no limit is exceeded`() throws {
        var random = SeededGenerator(for: "Counters under random applies")
        let shop = try Shop(CounterModel.definitions)
        var model = CounterModel()
        var outcomes: [String: Int] = [:]
        for round in 0..<1_500 {
            let code = random.pick(CounterModel.codes)
            let order = "o\(Int.random(in: 0..<600, using: &random))"
            let price: Int64 = random.pick([1_000, 1_000, 2_000])
            let typed = random.pick([code.code, code.code.lowercased()])
            let expected = model.apply(code, order: order, price: price)
            let reply = try shop.reply(apply(typed, order: order, cart(price)))
            try #require(outcome(reply) == expected, "round \(round)")
            outcomes["\(expected)", default: 0] += 1

            let asked = random.pick(CounterModel.codes)
            try #require(
                try shop.reply(usage(asked.code)) == model.limits(of: asked), "round \(round)")
            if round % 250 == 249 { try shop.restart(CounterModel.definitions) }
            if round % 100 == 99 { #expect(shop.reload(CounterModel.definitions).isEmpty) }
        }
        for code in CounterModel.codes {
            #expect(try shop.reply(usage(code.code)) == model.limits(of: code))
        }
        // Both kinds of limits were reached, and orders repeated in both ways.
        #expect(outcomes.count == 5)
        #expect(model.uses["a"] == 40)
    }

    private func outcome(_ reply: JSON) -> CounterModel.Outcome? {
        if reply["error"]["code"] == "idempotency_conflict" { return .conflict }
        if reply["replayed"] == true { return .replayed }
        if reply["applied"] == true { return .applied }
        guard reply["reason"] == "usage_limit_reached" else { return nil }
        return .refused(scope: reply["codes"][0]["scope"].string)
    }
}
