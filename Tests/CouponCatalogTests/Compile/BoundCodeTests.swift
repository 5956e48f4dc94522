import CouponRules
import Foundation
import Testing

@testable import CouponCatalog

@Suite struct `A code that could never be used` {
    private static let offers =
        "offers: [{id: o1, starts_at: 2026-06-01, ends_at: 2026-06-10}, "
        + "{id: o2, starts_at: 2026-06-21, ends_at: 2026-06-30}]"

    private func faults(codes: String, _ rules: String) -> [String] {
        faultsCompiling(tenPercent("id: a, \(rules),\n  codes: [\(codes)]"))
    }

    @Test(arguments: [
        ("starts_at: 2026-07-01", "starts_at: All offers of the coupon have ended by then."),
        ("ends_at: 2026-05-31", "ends_at: No offer of the coupon has started by then."),
        (
            "starts_at: 2026-06-11, ends_at: 2026-06-20",
            "starts_at: No offer of the coupon holds at any time between this and `ends_at`."
        ),
    ])
    func `by its window and those of all offers is refused`(window: String, fault: String) {
        #expect(
            faults(codes: "OK, {code: X, \(window)}", Self.offers)
                == ["1.yaml:4: coupons[0].codes[1].\(fault)"])
    }

    @Test(arguments: [
        "starts_at: 2026-06-30", "ends_at: 2026-06-01",
        "starts_at: 2026-06-10, ends_at: 2026-06-10",
        "starts_at: 2026-06-01",
    ])
    func `is not one whose window meets an offer's`(window: String) {
        #expect(faults(codes: "{code: X, \(window)}", Self.offers) == [])
    }

    @Test func `is none beside an offer that always holds`() {
        let offers = "offers: [{id: o1, ends_at: 2026-06-10}, {id: o2}]"
        #expect(faults(codes: "{code: X, starts_at: 2026-07-01}", offers) == [])
    }

    @Test(arguments: [
        ("cus_9", "[cus_7, cus_8]"), ("bob@example.com", "[Ann@example.com]"),
    ])
    func `by its customer and the coupon's is refused`(customer: String, customers: String) {
        #expect(
            faults(
                codes: "{code: X,\n  customer: \(customer)}", "requires: {customers: \(customers)}")
                == [
                    "1.yaml:5: coupons[0].codes[0].customer: The coupon's `requires.customers` does "
                        + "not name `\(customer)`: no customer could ever use this code."
                ])
    }

    @Test(arguments: [
        ("cus_7", "[cus_7, cus_8]"), ("ANN@example.com", "[ann@Example.com]"),
        // A customer may have an id and an e-mail address.
        ("cus_9", "[ann@example.com]"), ("cus_9", "[cus_7, ann@example.com]"),
        ("ann@example.com", "[cus_7]"), ("cus_9", "[]"),
    ])
    func `is not one whose customer may be meant`(customer: String, customers: String) {
        #expect(
            faults(codes: "{code: X, customer: \(customer)}", "requires: {customers: \(customers)}")
                == [])
    }

    @Test func `is reported in a codes file with its row and column`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(
            "codes.csv",
            "code,customer,starts_at\nA,,\nB,cus_9,\nC,cus_7,2026-07-01\nD,cus_7,2026-06-30\n")
        let path = try folder.write(
            "coupons.yaml",
            tenPercent(
                "id: a, requires: {customers: [cus_7]}, codes_file: codes.csv, \(Self.offers)"))
        let thrown = #expect(throws: CatalogFaults.self) { _ = try Catalog.load(paths: [path]) }
        let faults = thrown?.faults ?? []
        #expect(faults.map(\.place.file) == Array(repeating: folder.path + "/codes.csv", count: 2))
        #expect(faults.map(\.place.line) == [3, 4])
        #expect(faults.map(\.field) == ["customer", "starts_at"])
    }
}
