// What a request comes to as a whole: whether it is good, and the sums of its entries.

import CouponRules
import CouponWire
import FlatStorage

/// The money of a reply as a whole.
struct Totals: BitwiseCopyable {
    var discount = Money.zero
    var shippingDiscount = Money.zero
    /// Subtotal and shipping, less both discounts.
    var total: Money
    /// What gift cards pay of `total`.
    var giftCardAmount = Money.zero
    /// Whether the request has a gift card, be it a refused one.
    var hasGiftCard = false

    /// As the good ones among `entries` make it.
    init(_ purchase: borrowing Purchase, _ entries: borrowing FlatArray<Entry>) {
        self.init(undiscounted: purchase, entries)
        for index in entries.indices where entries[index].isGood {
            discount += entries[index].discount
            shippingDiscount += entries[index].shippingDiscount
            giftCardAmount += entries[index].payment
        }
        total = total - discount - shippingDiscount
    }

    /// As if no code were given.
    init(undiscounted purchase: borrowing Purchase, _ entries: borrowing FlatArray<Entry>) {
        total = purchase.subtotal + (purchase.shipping ?? .zero)
        for index in entries.indices where entries[index].giftCard != nil { hasGiftCard = true }
    }
}

extension Checkout {
    /// Whether the request is good: in mode `all` when each requested code is, in mode `partial` when
    /// any is. Coupons that come by themselves make no request bad.
    func isGood(_ mode: Request.Mode) -> Bool {
        switch mode {
        case .all: return firstRefusal == nil
        case .partial:
            for index in entries.indices where entries[index].isGood { return true }
            return firstRefusal == nil
        }
    }

    /// Why the first refused code of the request is refused; nil when none is.
    var firstRefusal: Refusal? {
        for index in entries.indices where !entries[index].isAutomatic {
            if let refusal = entries[index].refusal { return refusal }
        }
        return nil
    }

    /// Entries that a reply lists: coupons that came by themselves and do not stand are left out,
    /// unless it is asked for an explanation.
    func isListed(_ entry: Entry) -> Bool {
        !entry.isAutomatic || entry.isGood || entry.evaluation.explains
    }

    /// Whether each entry tells its own part of each line. An explanation makes no difference.
    var hasSeveralEntries: Bool {
        var count = 0
        for index in entries.indices where !entries[index].isAutomatic || entries[index].isGood {
            count += 1
        }
        return count > 1
    }

    /// Sums what good entries take off each line; all zero where the request is refused.
    mutating func sumLines(areDiscounted: Bool) {
        lineTotals.removeAll()
        for _ in purchase.lines.indices { lineTotals.append(.zero) }
        guard areDiscounted else { return }
        for index in entries.indices where entries[index].isGood {
            let run = entries[index].shares
            for line in 0..<Int(run.count) {
                lineTotals[line] += shares[Int(run.first) + line]
            }
        }
    }
}
