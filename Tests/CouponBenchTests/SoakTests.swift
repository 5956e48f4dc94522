import Foundation
import Testing

@testable import coupon_bench

/// A shop's requests to a model, each with the reply that a daemon might give.
private struct ModelledShop {
    var model = SoakModel(.init(forgetUnused: 5, retention: 10))
    private var requestCount = 0

    /// Checks a reply given as its members behind the id.
    mutating func check(
        _ request: SoakRequest, _ members: String, at moment: Double
    ) throws(SoakDisagreement) {
        requestCount += 1
        try model.check(
            request, "{\"id\":\(requestCount),\(members)}", id: requestCount,
            during: moment...(moment + 0.01))
    }

    /// Whether the model objects to this reply.
    func objects(to members: String, _ request: SoakRequest, at moment: Double) -> Bool {
        var copy = self
        do throws(SoakDisagreement) {
            try copy.check(request, members, at: moment)
            return false
        } catch {
            return true
        }
    }
}

/// Replies as the daemon writes them, to purchases of two for 50.00.
private enum Replies {
    static func valid(
        _ code: SoakCode, percent: Int, remaining: Int? = nil, flag: String = "",
        redemption: String? = nil
    ) -> String {
        let discount = 5_000 * percent / 100
        let left = remaining.map { ",\"remaining\":\($0)" } ?? ""
        let redemption = redemption.map { ",\"redemption\":\"\($0)\"" } ?? ""
        return #""valid":true,\#(flag)"subtotal":5000,"discount":\#(discount),"#
            + #""total":\#(5_000 - discount),"codes":[{"code":"\#(code.text)","#
            + #""discount":\#(discount)\#(left)\#(redemption)}]"#
    }

    static func reserved(_ code: SoakCode, percent: Int, remaining: Int? = nil) -> String {
        valid(code, percent: percent, remaining: remaining, flag: #""reserved":true,"#)
    }

    static func applied(
        _ code: SoakCode, percent: Int, remaining: Int? = nil, _ redemption: String = "red_1",
        isReplay: Bool = false
    ) -> String {
        valid(
            code, percent: percent, remaining: remaining,
            flag: #""applied":true,"# + (isReplay ? #""replayed":true,"# : ""),
            redemption: redemption)
    }

    static func refused(
        _ code: SoakCode, _ reason: String, limit: Int, actual: Int, held: Int? = nil
    ) -> String {
        let held = held.map { ",\"held\":\($0)" } ?? ""
        return #""valid":false,"reason":"\#(reason)","subtotal":5000,"discount":0,"total":5000,"#
            + #""codes":[{"code":"\#(code.text)","reason":"\#(reason)","limit":\#(limit),"#
            + #""actual":\#(actual)\#(held)}]"#
    }

    static func released(was: String, isReplay: Bool = false) -> String {
        #""released":true,"# + (isReplay ? #""replayed":true,"# : "")
            + #""codes":[{"code":"PLAIN","was":"\#(was)"}]"#
    }

    static let notFound = #""error":{"code":"not_found"}"#
    static let conflict = #""error":{"code":"idempotency_conflict"}"#

    static func usage(_ kind: String, limit: Int, used: Int, held: Int) -> String {
        #""result":{"limits":[{"kind":"\#(kind)","limit":\#(limit),"used":\#(used),"#
            + #""held":\#(held),"remaining":\#(max(0, limit - used - held))}]}"#
    }
}

@Suite struct `The model of a soak` {
    private var shop = ModelledShop()
    private let plain = SoakPurchase(code: .plain, customer: 1, quantity: 2)
    private let single = SoakPurchase(code: .single(7), customer: 1, quantity: 2)

    @Test mutating func `knows the discount, and objects to another`() throws {
        try shop.check(.validate(plain), Replies.valid(.plain, percent: 20), at: 0)
        #expect(
            shop.objects(to: Replies.valid(.plain, percent: 25), .validate(plain), at: 0))
        #expect(shop.objects(to: Replies.conflict, .validate(plain), at: 0))
        #expect(
            shop.objects(
                to: Replies.refused(.plain, "usage_limit_reached", limit: 1, actual: 1),
                .validate(plain), at: 0))
        let other = SoakReply(line: "{\"id\":8,\(Replies.valid(.plain, percent: 20))}")
        #expect(other?.id == 8)
        #expect(throws: SoakDisagreement.self) {
            try shop.model.check(
                .validate(plain), "{\"id\":8,\(Replies.valid(.plain, percent: 20))}", id: 7,
                during: 0...1)
        }
    }

    @Test mutating func `allows both editions during a reload, and never goes back`() throws {
        let (old, new) = (
            Replies.valid(.plain, percent: 20), Replies.valid(.plain, percent: 25)
        )
        #expect(shop.model.beginReload() == 1)
        try shop.check(.validate(plain), old, at: 0)
        try shop.check(.validate(plain), new, at: 1)
        #expect(shop.objects(to: old, .validate(plain), at: 2))

        #expect(shop.model.beginReload() == 2)
        #expect(!shop.objects(to: new, .validate(plain), at: 3))
        shop.model.endReload()
        #expect(shop.objects(to: new, .validate(plain), at: 4))
        try shop.check(.validate(plain), old, at: 4)
    }

    @Test mutating func `counts a hold for all others until it lapses`() throws {
        try shop.check(
            .reserve(order: 1, single, seconds: 2),
            Replies.reserved(.single(7), percent: 30, remaining: 0), at: 0)
        let refused = Replies.refused(
            .single(7), "usage_limit_reached", limit: 1, actual: 1, held: 1)
        let valid = Replies.valid(.single(7), percent: 30, remaining: 0)
        #expect(!shop.objects(to: refused, .validate(single), at: 1))
        #expect(shop.objects(to: valid, .validate(single), at: 1))
        // Around its end both are right; then only one is.
        #expect(!shop.objects(to: refused, .validate(single), at: 2))
        #expect(!shop.objects(to: valid, .validate(single), at: 2))
        #expect(shop.objects(to: refused, .validate(single), at: 6))
        #expect(!shop.objects(to: valid, .validate(single), at: 6))
        #expect(
            shop.objects(
                to: Replies.usage("code", limit: 1, used: 0, held: 1),
                .usage(.single(7), customer: 1), at: 6))
        // A lapsed hold is not there to be released.
        #expect(!shop.objects(to: Replies.notFound, .release(order: 1), at: 6))
        #expect(shop.objects(to: Replies.released(was: "reserved"), .release(order: 1), at: 6))
        // Its own order is not in its way.
        try shop.check(
            .apply(order: 1, single), Replies.applied(.single(7), percent: 30, remaining: 0), at: 1)
    }

    @Test mutating func `expects replays and conflicts of an applied order until it is archived`()
        throws
    {
        try shop.check(.apply(order: 1, plain), Replies.applied(.plain, percent: 20), at: 0)
        let replay = Replies.applied(.plain, percent: 20, isReplay: true)
        let again = Replies.applied(.plain, percent: 20, "red_2")
        var changed = plain
        changed.quantity = 3
        #expect(!shop.objects(to: replay, .apply(order: 1, plain), at: 9))
        #expect(shop.objects(to: again, .apply(order: 1, plain), at: 9))
        #expect(
            shop.objects(
                to: Replies.applied(.plain, percent: 20, "red_9", isReplay: true),
                .apply(order: 1, plain), at: 9))
        #expect(!shop.objects(to: Replies.conflict, .apply(order: 1, changed), at: 9))
        #expect(!shop.objects(to: Replies.conflict, .reserve(order: 1, plain, seconds: 2), at: 9))
        #expect(
            shop.objects(
                to: Replies.reserved(.plain, percent: 20), .reserve(order: 1, plain, seconds: 2),
                at: 9))
        // Then its id is free, and a replay would be of an order that should have gone.
        #expect(shop.objects(to: replay, .apply(order: 1, plain), at: 16))
        try shop.check(.apply(order: 1, plain), again, at: 16)
        #expect(
            shop.model.archived == [
                "red_1": ArchivedSoakOrder(order: "o-1", code: "PLAIN", discount: 1_000)
            ])
    }

    @Test
    mutating func `counts the use of an archived order for ever, and of a released one never`()
        throws
    {
        try shop.check(
            .apply(order: 1, single), Replies.applied(.single(7), percent: 30, remaining: 0), at: 0)
        shop.model.sweep(at: 100)
        #expect(shop.model.orderCount == 0)
        let used = Replies.usage("code", limit: 1, used: 1, held: 0)
        #expect(!shop.objects(to: used, .usage(.single(7), customer: 1), at: 100))
        let unused = Replies.usage("code", limit: 1, used: 0, held: 0)
        #expect(shop.objects(to: unused, .usage(.single(7), customer: 1), at: 100))

        var other = single
        other.code = .single(8)
        try shop.check(
            .apply(order: 2, other), Replies.applied(.single(8), percent: 30, remaining: 0), at: 200
        )
        try shop.check(.release(order: 2), Replies.released(was: "applied"), at: 201)
        #expect(!shop.objects(to: unused, .usage(.single(8), customer: 1), at: 202))
        #expect(
            !shop.objects(
                to: Replies.released(was: "applied", isReplay: true), .release(order: 2), at: 202))
        #expect(shop.objects(to: Replies.released(was: "applied"), .release(order: 2), at: 202))
        // Forgotten.
        #expect(!shop.objects(to: Replies.notFound, .release(order: 2), at: 209))
        #expect(
            shop.objects(
                to: Replies.released(was: "applied", isReplay: true), .release(order: 2), at: 209))
        shop.model.sweep(at: 300)
        #expect(shop.model.archived.count == 1)
        #expect(shop.model.releasedLate.isEmpty)

        // Its line may have been written before the release came.
        other.code = .single(9)
        try shop.check(
            .apply(order: 3, other), Replies.applied(.single(9), percent: 30, remaining: 0), at: 400
        )
        try shop.check(.release(order: 3), Replies.released(was: "applied"), at: 411)
        #expect(shop.model.releasedLate.values.map(\.order) == ["o-3"])
    }
}

@Suite struct `The archive of a soak` {
    private static let expected = [
        "red_1": ArchivedSoakOrder(order: "o-1", code: "PLAIN", discount: 1_000),
        "red_2": ArchivedSoakOrder(order: "o-2", code: "PLAIN", discount: 1_000),
    ]

    private static func line(_ number: Int, discount: Int = 1_000) -> String {
        #"{"store":"default","order":"o-\#(number)","state":"applied","codes":[{"code":"PLAIN","#
            + #""discount":\#(discount),"redemption":"red_\#(number)"}]}"# + "\n"
    }

    @Test(arguments: [
        (line(1) + line(2), []),
        (line(2), ["o-1 (red_1) is missing"]),
        (line(1) + line(2) + line(1), ["o-1 (red_1) is there 2 times"]),
        (line(1) + line(2) + line(3), ["o-3 (red_3) was not applied at its end"]),
    ])
    func `has each order exactly once`(lines: String, differences: [String]) throws {
        #expect(
            try SoakArchive(lines: lines).differences(from: Self.expected, possibly: [:])
                == differences)
    }

    @Test func `may have an order once that was given back while its line was written`() throws {
        let late = ["red_3": ArchivedSoakOrder(order: "o-3", code: "PLAIN", discount: 1_000)]
        let all = Self.line(1) + Self.line(2)
        for (lines, count) in [
            (all, 0), (all + Self.line(3), 0), (all + Self.line(3) + Self.line(3), 1),
        ] {
            let archive = try SoakArchive(lines: lines)
            #expect(archive.differences(from: Self.expected, possibly: late).count == count)
        }
    }

    @Test func `has the facts of each order in whole lines`() throws {
        let archive = try SoakArchive(lines: Self.line(1, discount: 999) + Self.line(2))
        #expect(archive.differences(from: Self.expected, possibly: [:]).count == 1)
        #expect(throws: ProcessFault.self) {
            try SoakArchive(lines: Self.line(1) + Self.line(2).prefix(30))
        }
    }
}

@Suite struct `The memory of a soak` {
    private func report(endingAt lastBytes: Int, isJudged: Bool = true) -> SoakReport {
        var report = SoakReport(
            seconds: 100, seed: 1, keeping: .init(forgetUnused: 5, retention: 10),
            isJudged: isJudged)
        for second in 0...100 {
            // Low at first, and high for the moment of a snapshot.
            let bytes = second < 20 ? 10 : second > 80 ? lastBytes : 100
            report.memory.add(
                .init(
                    seconds: Double(second), bytes: (second % 10 == 5 ? 300 : bytes) << 20,
                    orders: second))
        }
        return report
    }

    @Test func `may not be more than a tenth above its level after the first fifth`() {
        #expect(report(endingAt: 110).problem == nil)
        #expect(report(endingAt: 111).problem?.contains("100.0 MiB, then 111.0 MiB") == true)
        #expect(report(endingAt: 90).problem == nil)
        #expect(report(endingAt: 111, isJudged: false).problem == nil)
        let text = report(endingAt: 105).report.text
        #expect(text.contains("after the first fifth  100.0"))
        #expect(text.contains("at the end             105.0"))
        #expect(text.contains("at most                300.0"))
    }
}

@Suite(.serialized, .timeLimit(.minutes(2))) struct `A soak` {
    @Test func `agrees with the daemon, before a restart and after it`() throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let bench = try Workbench()
        defer { bench.clear() }
        let rig = SoakRig(
            bench: bench,
            executable: URL(filePath: own).deletingLastPathComponent().appending(path: "coupond")
                .path,
            seconds: 4, keeping: .init(forgetUnused: 1, retention: 1), perSecond: 500,
            durability: .no, seed: 1, isJudged: false)
        let report = try rig.measure()
        #expect(report.counts.applied > 0 && report.counts.released > 0)
        #expect(report.archivedOrders > 0 && report.counters > 0)
        #expect(report.reloads > 0 && report.snapshots > 0)
        #expect(report.verifications.count == 2)
        #expect(report.verifications.last?.contains("0 orders") == true)
        #expect(report.problem == nil)
    }
}
