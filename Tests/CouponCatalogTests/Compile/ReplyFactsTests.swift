import Foundation
import Testing

@testable import CouponCatalog

@Suite struct `What a reply says anyway` {
    private func facts(of code: String, _ definition: String) throws -> String {
        let catalog = try compiled("coupons: [{\(definition)}]")
        let found = catalog.matches(code).first
        let match = try #require(found)
        return string(catalog.replyFacts(of: match))
    }

    @Test(arguments: [
        ("id: a, codes: [A], discount: {kind: percentage, percent: 5}", ""),
        ("id: a, codes: [A], type: comp", #","type":"comp""#),
        (
            "id: a, codes: [A], type: presale, applies_to: {event: [\"1\", \"2\"]}",
            #","type":"presale","unlocks":{"event":["1","2"]}"#
        ),
        (
            "id: a, codes: [A], type: access, applies_to: [{event: [e]}, {page: [p], site: [s]}]",
            #","type":"access","unlocks":[{"event":["e"]},{"page":["p"],"site":["s"]}]"#
        ),
        (
            "id: a, codes: [A], discount: {kind: percentage, percent: 5}, duration: forever",
            #","duration":"forever""#
        ),
        (
            """
            id: a, codes: [A], discount: {kind: percentage, percent: 5}, duration: repeating, \
            duration_in_months: 3
            """, #","duration":"repeating","duration_in_months":3"#
        ),
        (
            "id: a, codes: [A], discount: {kind: gift_item, product: mug, quantity: 2}",
            #","gift_items":[{"product":"mug","quantity":2}]"#
        ),
        (
            """
            id: a, discount: {kind: percentage, percent: 5}, revenue: 900, \
            metadata: {campaign: "42", note: "say \\"hi\\" \\\\ \\t\\u0001"}, codes: [A]
            """,
            #","revenue":900,"metadata":{"campaign":"42","note":"say \"hi\" \\ \t\u0001"}"#
        ),
        (
            """
            id: a, discount: {kind: percentage, percent: 5}, revenue: 900, \
            codes: [{code: A, revenue: 100, customer: c, customer_credit: cc_1}]
            """, #","revenue":100,"customer_credit":"cc_1""#
        ),
    ])
    func `is put into JSON when it is compiled`(definition: String, expected: String) throws {
        let facts = try facts(of: "A", definition)
        #expect(facts == expected)
        let object = Data("{\"valid\":true\(facts)}".utf8)
        let read = try JSONSerialization.jsonObject(with: object) as? [String: Any]
        #expect(read?["valid"] as? Bool == true)
    }

    @Test func `differs between codes of one coupon only where they say so`() throws {
        let catalog = try compiled(
            tenPercent("id: a, revenue: 900, codes: [A, {code: B, revenue: 100}]"))
        let facts = ["A", "B"].map { string(catalog.replyFacts(of: catalog.matches($0)[0])) }
        #expect(facts == [#","revenue":900"#, #","revenue":100"#])
        let own = string(catalog.replyFacts(of: CouponID(0)))
        #expect(own == #","revenue":900"#)
    }
}
