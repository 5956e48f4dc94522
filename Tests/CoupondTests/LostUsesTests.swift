import Definitions
import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import FlatStorage
import ServerSupport
import Testing

private let seed = HashSeed(7)

private func catalog(_ yaml: String) throws -> Catalog {
    let (file, faults) = CatalogReader.read(text: yaml, path: "c.yaml", format: .yaml)
    return try Catalog.compile(file.map { [$0] } ?? [], faults: faults)
}

private func definitions(codes: String, id: String = "") -> String {
    """
    currency: USD
    coupons:
    - codes: [\(codes)]
    \(id.isEmpty ? "" : "  id: \(id)")
      discount: {kind: percentage, percent: 10}
    """
}

/// The state after one order with `code`, as the next start finds it.
private func ledger(afterApplying code: String, of yaml: String) throws -> Ledger {
    let start = Instant(millisecondsSinceEpoch: 1_780_315_200_000)
    var server = PromptServer(
        catalog: SharedCatalog(try catalog(yaml)), ledger: Ledger(seed: seed, orderLimit: 10),
        facts: ServerFacts(version: "1", startedAt: start))
    var conversation = Conversation(
        id: ConversationID(rawValue: 1), terms: ListenerTerms(role: .storefront),
        limits: ResourceLimits())
    let line = """
        {"op":"apply","order":"o1","code":"\(code)","cart":{"currency":"USD","lines":\
        [{"product":"p","quantity":1,"unit_price":1000}]}}

        """
    let after = server.receive(Array(line.utf8).span, on: &conversation, at: start)
    #expect(after == .keepReading)
    let ledger = try Ledger.decoded(
        from: server.server.encodedState().bytes, seed: seed, orderLimit: 10)
    #expect(ledger.totals.orders == 1)
    return ledger
}

@Suite struct `A catalog that is started with recorded uses` {
    @Test func `is refused if another first code hides them`() throws {
        let before = definitions(codes: "FIRST, SECOND")
        let ledger = try ledger(afterApplying: "FIRST", of: before)
        let faults = try catalog(definitions(codes: "NEW, FIRST")).lostUses(of: ledger)
        let fault = try #require(faults.first)
        #expect(faults.count == 1)
        #expect(fault.place == SourcePlace(file: "c.yaml", line: 3))
        #expect(fault.message.contains("write `id: cou_"))
    }

    @Test func `is taken if the advised id is written`() throws {
        let before = definitions(codes: "FIRST")
        let ledger = try ledger(afterApplying: "FIRST", of: before)
        let refused = try catalog(definitions(codes: "NEW, FIRST")).lostUses(of: ledger)
        let message = try #require(refused.first?.message)
        let id = try #require(message.split(separator: "`").first { $0.hasPrefix("id: ") })
        let mended = definitions(codes: "NEW, FIRST", id: String(id.dropFirst("id: ".count)))
        #expect(try catalog(mended).lostUses(of: ledger).isEmpty)
    }

    @Test(arguments: ["FIRST, SECOND", "FIRST", "FIRST, NEW"])
    func `is taken if the first code stays`(codes: String) throws {
        let ledger = try ledger(afterApplying: "FIRST", of: definitions(codes: "FIRST, SECOND"))
        #expect(try catalog(definitions(codes: codes)).lostUses(of: ledger).isEmpty)
    }

    @Test func `is taken if nothing was used`() throws {
        let ledger = Ledger(seed: seed, orderLimit: 10)
        #expect(try catalog(definitions(codes: "NEW, FIRST")).lostUses(of: ledger).isEmpty)
    }

    @Test func `is taken if the coupon was removed with its codes`() throws {
        let ledger = try ledger(afterApplying: "FIRST", of: definitions(codes: "FIRST"))
        #expect(try catalog(definitions(codes: "OTHER")).lostUses(of: ledger).isEmpty)
    }
}
