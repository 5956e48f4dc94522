// By which counters a use of a code is counted. The same list is read when a code is judged and
// written when it is used up, so nothing can be counted by one and limited by another.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// One counter of an entry, save the texts of its key.
struct EntryCounter: BitwiseCopyable {
    let counter: CounterKind
    /// The limit that is judged by it.
    let limit: LimitKind
    /// What was counted before the daemon, as its first use records it.
    var start: Int64 = 0
    /// Where it is in the ledger, once it was looked for and found there.
    var id: CounterID?
}

extension Checkout {
    /// Fills the counts by which the candidate of an entry is judged. What own orders have is left out.
    mutating func readUses(
        of index: Int, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger
    ) {
        listCounters(of: index, catalog, parser)
        guard candidates[index].isJudgedByUses else { return }
        for place in entries[index].counters.range {
            let kind = counted[place].limit
            if kind != .budget && candidates[index].limit(of: kind) == 0 { continue }
            var item = counted[place]
            let count = uses(&item, of: index, purchase.currency, catalog, parser, ledger)
            counted[place] = item
            // A customer may have used it under the id or under the e-mail: the higher decides.
            if count.sum > candidates[index].uses[kind].sum {
                candidates[index].uses[kind] = count
            }
        }
    }

    /// Lists the counters of an entry's coupon. Those of the total, the code and the offer are always
    /// kept, so that a limit set later finds them; others from when they are limits.
    private mutating func listCounters(
        of index: Int, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser
    ) {
        // What a option before this one would have been counted by is forgotten.
        let before = entries[index].counters.range
        if before.upperBound == counted.count { counted.truncate(to: before.lowerBound) }
        let first = counted.count
        let limits = candidates[index].coupon.limits
        counted.append(
            EntryCounter(counter: .total, limit: .total, start: candidates[index].coupon.usesBefore)
        )
        if entries[index].code != nil {
            counted.append(
                EntryCounter(
                    counter: .code, limit: .code, start: candidates[index].terms.usesBefore))
        }
        if let offer = candidates[index].offer {
            let isShared = offer.counter != .unmentioned
            counted.append(EntryCounter(counter: isShared ? .sharedOffer : .offer, limit: .offer))
        }
        let customer = parser.request.customer
        if limits.perCustomer > 0 {
            if !customer.id.isEmpty {
                counted.append(EntryCounter(counter: .customer, limit: .customer))
            }
            if !customer.email.isEmpty {
                counted.append(EntryCounter(counter: .email, limit: .customer))
            }
        }
        if candidates[index].terms.isOncePerCustomer {
            if !customer.id.isEmpty {
                counted.append(EntryCounter(counter: .codeCustomer, limit: .codeCustomer))
            }
            if !customer.email.isEmpty {
                counted.append(EntryCounter(counter: .codeEmail, limit: .codeCustomer))
            }
        }
        if limits.perDay > 0 { counted.append(EntryCounter(counter: .day, limit: .day)) }
        if limits.perWeek > 0 { counted.append(EntryCounter(counter: .week, limit: .week)) }
        if limits.perMonth > 0 { counted.append(EntryCounter(counter: .month, limit: .month)) }
        if limits.perBookingDate > 0 {
            counted.append(EntryCounter(counter: .bookingDate, limit: .bookingDate))
        }
        if !limits.budget.isEmpty,
            catalog.tables.amount(in: limits.budget, for: purchase.currency) != nil
        {
            counted.append(budgetCounter(of: candidates[index].coupon, purchase.currency, catalog))
        }
        entries[index].counters = Run(first: first, count: counted.count - first)
    }

    func budgetCounter(
        of coupon: Coupon, _ currency: Currency, _ catalog: borrowing Catalog
    ) -> EntryCounter {
        let before = catalog.tables.amount(in: coupon.givenBefore, for: currency) ?? .zero
        return EntryCounter(counter: .budget, limit: .budget, start: before.minorUnits)
    }

    /// Looks for a counter, and tells the uses recorded by others, and held by others.
    mutating func uses(
        _ item: inout EntryCounter, of index: Int, _ currency: Currency,
        _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: borrowing Ledger
    ) -> UseCount {
        writeDetail(of: item.counter, index, currency, catalog, parser)
        guard let coupon = entries[index].coupon else { return UseCount() }
        if item.counter == .sharedOffer {
            let store = catalog.store(of: coupon)
            return uses(
                &item, catalog.sharedCounterKey(of: store),
                catalog.sharedCounterKeyHash(of: store), ledger)
        }
        return uses(&item, catalog.usageKey(of: coupon), catalog.usageKeyHash(of: coupon), ledger)
    }

    /// As above, of the counter with this key and the detail in `detail`.
    func uses(
        _ item: inout EntryCounter, _ key: Span<UInt8>, _ keyHash: UInt64,
        _ ledger: borrowing Ledger
    ) -> UseCount {
        item.id = ledger.usage.find(
            item.counter, couponKey: key, couponHash: keyHash, detail: detail.bytes)
        guard let counter = item.id else { return UseCount(used: item.start) }
        let own = ownUses(of: item.counter, key, ledger)
        return UseCount(
            used: Int64(clamping: ledger.usage.used(counter)) - own.used,
            held: Int64(clamping: ledger.usage.held(counter)) - own.held)
    }

    /// Writes into `detail` what tells one counter of a kind from another of the same coupon.
    mutating func writeDetail(
        of kind: CounterKind, _ index: Int, _ currency: Currency, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser
    ) {
        detail.removeAll()
        let customer = parser.request.customer
        switch kind {
        case .total, .giftCard: break
        case .code: appendKey(of: index, catalog)
        case .offer:
            if let offer = candidates[index].offer { detail.append(catalog.text(of: offer.id)) }
        case .sharedOffer:
            if let offer = candidates[index].offer {
                detail.append(catalog.text(of: offer.counter))
            }
        case .customer: detail.append(parser.bytes(of: customer.id))
        case .email: detail.append(parser.bytes(of: customer.email))
        case .codeCustomer:
            appendKey(of: index, catalog)
            detail.append(0)
            detail.append(parser.bytes(of: customer.id))
        case .codeEmail:
            appendKey(of: index, catalog)
            detail.append(0)
            detail.append(parser.bytes(of: customer.email))
        case .day: detail.append(today(of: index, catalog))
        case .week: detail.append(today(of: index, catalog).startOfWeek)
        case .month: detail.append(today(of: index, catalog).startOfMonth)
        case .bookingDate:
            if let time = entries[index].evaluation.bookingTime { detail.append(time.date) }
        case .budget:
            for place in 0..<3 { detail.append(currency.letter(place)) }
        }
    }

    private mutating func appendKey(of index: Int, _ catalog: borrowing Catalog) {
        if let code = entries[index].code { catalog.appendKeyText(of: code, to: &detail) }
    }

    /// The day of the entry's evaluation in its coupon's zone.
    private func today(of index: Int, _ catalog: borrowing Catalog) -> CivilDate {
        catalog.zones.civilTime(
            of: entries[index].evaluation.instant, in: candidates[index].coupon.zone
        ).date
    }
}

extension CivilDate {
    /// The Monday of its ISO week.
    fileprivate var startOfWeek: CivilDate {
        CivilDate(daysSinceEpoch: daysSinceEpoch - Int32(weekday - 1))
    }

    fileprivate var startOfMonth: CivilDate {
        CivilDate(daysSinceEpoch: daysSinceEpoch - Int32(yearMonthDay.day - 1))
    }
}

extension ByteBuffer {
    /// Appends a date as `2026-07-01`.
    fileprivate mutating func append(_ date: CivilDate) {
        let (year, month, day) = date.yearMonthDay
        append(digits: UInt64(year.magnitude), width: 4)
        append(UInt8(ascii: "-"))
        append(digits: UInt64(month), width: 2)
        append(UInt8(ascii: "-"))
        append(digits: UInt64(day), width: 2)
    }
}
