// A catalog's image holds rows as they lie in memory, so it may be read only where they lie the same
// way. The layout is described here by reflection, so that it need not be remembered: each
// type of row with its size and stride, its members by name and type in their order, and the cases of
// each enum in theirs. A member that is renamed makes old images unreadable without need, which is fine
// for a cache.
//
// Not seen is what the bits of an option set mean, and what texts made by compiling look like:
// a change of those must raise `CatalogImageFormat.version`.

import CouponRules
import FlatStorage

/// How the rows of a compiled catalog lie in memory.
enum CatalogLayout {
    /// Equal where images may be exchanged.
    static let fingerprint: UInt64 = durableHash64(text.utf8.span)

    /// Everything that the fingerprint stands for.
    static let text: String = {
        var text = ""
        for row in samples { describe(row, in: &text) }
        return text
    }()

    /// One of each type that some table of a catalog has rows of, and of each that is reached only
    /// through something that is absent in it.
    private static var samples: [Any] {
        let day = CivilDate(daysSinceEpoch: 0)
        return [
            Coupon(), CouponEntry(store: StoreID(0)), CouponTable.Place(file: 0, line: 0),
            StoreTable.Traits(), CouponID(0), CodeOptions(),
            GiftCard(
                store: StoreID(0), amount: .zero, balance: .zero, currency: .none, isActive: true,
                expiresAt: .distantFuture),
            CurrencyAmount(currency: .none, amount: .zero), Run.empty,
            Clause(attribute: .product, values: .empty), Symbol.product, Tier(),
            DiscountClause(appliesTo: .empty, discount: .none), Percent.hundred,
            SetTerms(buyQuantity: 0, getQuantity: 0, buys: .empty, gets: .empty),
            DateRange(first: day, last: day), TimeWindow(), Offer(),
            UInt16.max, UInt32.max, UInt64.max, Int.max,
        ]
    }

    private static func describe(_ value: Any, in text: inout String) {
        func describe<Value>(_ value: Value) {
            let layout = MemoryLayout<Value>.self
            text += "\(Value.self) \(layout.size) \(layout.stride) \(layout.alignment)"
            if let type = Value.self as? any CaseIterable.Type { text += " \(names(of: type))" }
        }
        _openExistential(value, do: describe)
        text += " {"
        for member in Mirror(reflecting: value).children {
            text += "\(member.label ?? ""): "
            self.describe(member.value, in: &text)
        }
        text += "}\n"
    }

    private static func names<Cases: CaseIterable>(of type: Cases.Type) -> [String] {
        type.allCases.map { "\($0)" }
    }
}
