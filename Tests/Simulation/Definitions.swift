import Definitions
import CouponCatalog
import CouponRules
import CouponService
import CouponStore

// A small shop in which everything that can be counted is scarce, so that orders compete: what a
// crash gives back or takes twice soon passes a limit. Reloads go between its editions: limits
// change, and one coupon goes and comes back.

/// What the shop's definitions say in one of their editions.
package enum Edition: Int, CaseIterable, Sendable {
    case first, changed, reduced

    private var total: Int { self == .first ? 9 : 6 }
    private var budget: Int { self == .first ? 4_000 : 5_000 }

    fileprivate var text: String {
        """
        currency: USD
        coupons:
        - {id: ten, codes: [TEN], discount: {kind: percentage, percent: 10}, limits: {total: \(total)}}
        - {id: own, codes: [OWN], discount: {kind: fixed_amount, amount: 300}, limits: {per_customer: 2}}
        - {id: once, discount: {kind: fixed_amount, amount: 200}, codes: [{code: ONCE1, max_uses: 1}, {code: ONCE2, max_uses: 1}, {code: ONCE3, max_uses: 1}]}
        - {id: rich, codes: [RICH], discount: {kind: fixed_amount, amount: 700}, limits: {budget: {USD: \(budget)}}}
        - {id: keep, codes: [KEEP], discount: {kind: fixed_amount, amount: 150}, limits: {total: 7}, used: 2, reusable_after_release: false}
        \(self == .reduced ? "" : "- {id: few, codes: [FEW], discount: {kind: percentage, percent: 5}, limits: {total: 3}}")
        gift_cards:
        - {id: gift1, code: GIFT1, amount: 5000, balance: 4000, currency: USD}
        - {id: gift2, code: GIFT2, amount: 2000, balance: 2000, currency: USD}
        """
    }

    /// What a counter may stand at while these definitions are in force; nil for no limit.
    func limit(of kind: CounterKind, coupon: String) -> UInt64? {
        switch (coupon, kind) {
        case ("ten", .total): UInt64(total)
        case ("own", .customer): 2
        case ("once", .code): 1
        case ("rich", .budget): UInt64(budget)
        case ("keep", .total): 7
        // While the coupon is gone it cannot be used, and nothing bounds what stays counted.
        case ("few", .total): 3
        case ("gift1", .giftCard): 5_000
        case ("gift2", .giftCard): 2_000
        default: nil
        }
    }

    /// Every edition, compiled once for all runs.
    static let catalogs: [SharedCatalog] = allCases.map { edition in
        do throws(CatalogFaults) {
            let (file, faults) = CatalogReader.read(
                text: edition.text, path: "shop.yaml", format: .yaml)
            return SharedCatalog(try Catalog.compile(file.map { [$0] } ?? [], faults: faults))
        } catch {
            preconditionFailure("the shop's definitions are valid: \(error.faults)")
        }
    }

    var catalog: SharedCatalog { Self.catalogs[rawValue] }
}
