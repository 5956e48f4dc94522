// The counters that a use of a code adds to. The same list is read when a code is evaluated and
// written when it is used, so nothing is counted by one and limited by another.

import CouponCatalog
import CouponRules
import CouponStore
import FlatStorage

/// One counter of an entry, without the texts of its key.
struct EntryCounter: BitwiseCopyable {
    let kind: CounterKind
    /// The limit that it is read for.
    let limit: LimitKind
    /// The uses from before the daemon, with which the counter is created.
    var start: Int64 = 0
    /// Of a budget.
    var currency = Currency.none
    /// Where it is in the ledger, once it was looked up and found.
    var id: CounterID?
}

/// The counters of a request's entries.
struct EntryCounters: ~Copyable {
    private var counters = FlatArray<EntryCounter>(capacity: 16)
    /// What distinguishes the counter at hand from others of its kind and coupon.
    private var detail = ByteBuffer(capacity: CodeText.bytesMax)
    /// The orders whose uses are not counted.
    private var own = OwnOrders.none

    /// Begins with a request, for which the uses of `own` orders do not count.
    mutating func begin(_ own: OwnOrders) {
        counters.removeAll()
        self.own = own
    }

    var count: Int { counters.count }

    subscript(place: Int) -> EntryCounter { counters[place] }

    /// Forgets the counters from `count` on.
    mutating func truncate(to count: Int) { counters.truncate(to: count) }

    // MARK: Reading

    /// Lists the counters of an entry and fills the counts by which its candidate is limited.
    mutating func read(
        _ index: Int, _ entries: inout Entries,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest,
        _ ledger: borrowing Ledger
    ) {
        list(index, &entries, catalog, request)
        guard entries.candidates[index].isJudgedByUses else { return }
        for place in entries.rows[index].counters.range {
            let kind = counters[place].limit
            if kind != .budget && entries.candidates[index].limit(of: kind) == 0 { continue }
            var counter = counters[place]
            let count = uses(&counter, of: index, entries, catalog, request, ledger)
            counters[place] = counter
            // A customer may have used it under the id or under the e-mail: the higher count decides.
            if count.sum > entries.candidates[index].uses[kind].sum {
                entries.candidates[index].uses[kind] = count
            }
        }
    }

    /// Lists the counters of an entry's coupon. Those of the total, the code and the offer are always
    /// kept, so that a limit set later finds them; the others from when they are limits.
    private mutating func list(
        _ index: Int, _ entries: inout Entries,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest
    ) {
        let first = counters.count
        let limits = entries.candidates[index].coupon.limits
        append(.total, .total, startingAt: entries.candidates[index].coupon.usesBefore)
        if entries.rows[index].code != nil {
            append(.code, .code, startingAt: entries.candidates[index].terms.usesBefore)
        }
        if let offer = entries.candidates[index].offer {
            append(offer.counter != .unmentioned ? .sharedOffer : .offer, .offer)
        }
        let customer = request.fields.customer
        if limits.perCustomer > 0 {
            if !customer.id.isEmpty { append(.customer, .customer) }
            if !customer.email.isEmpty { append(.email, .customer) }
        }
        if entries.candidates[index].terms.isOncePerCustomer {
            if !customer.id.isEmpty { append(.codeCustomer, .codeCustomer) }
            if !customer.email.isEmpty { append(.codeEmail, .codeCustomer) }
        }
        if limits.perDay > 0 { append(.day, .day) }
        if limits.perWeek > 0 { append(.week, .week) }
        if limits.perMonth > 0 { append(.month, .month) }
        if limits.perBookingDate > 0 { append(.bookingDate, .bookingDate) }
        if !limits.budget.isEmpty,
            catalog.tables.amount(in: limits.budget, for: request.purchase.currency) != nil
        {
            counters.append(
                Self.budget(
                    of: entries.candidates[index].coupon, in: request.purchase.currency, catalog))
        }
        entries.rows[index].counters = Run(first: first, count: counters.count - first)
    }

    private mutating func append(
        _ kind: CounterKind, _ limit: LimitKind, startingAt start: Int64 = 0
    ) {
        counters.append(EntryCounter(kind: kind, limit: limit, start: start))
    }

    private static func budget(
        of coupon: Coupon, in currency: Currency, _ catalog: borrowing Catalog
    ) -> EntryCounter {
        let before = catalog.tables.amount(in: coupon.givenBefore, for: currency) ?? .zero
        return EntryCounter(
            kind: .budget, limit: .budget, start: before.minorUnits, currency: currency)
    }

    /// What a coupon's entry has given away in a currency, and what is held.
    mutating func budgetUses(
        of index: Int, _ entries: borrowing Entries, in currency: Currency,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest,
        _ ledger: borrowing Ledger
    ) -> UseCount {
        var counter = Self.budget(of: entries.candidates[index].coupon, in: currency, catalog)
        return uses(&counter, of: index, entries, catalog, request, ledger)
    }

    /// What other orders paid with a card, and what they hold of it.
    mutating func uses(
        ofCard card: GiftCardID, _ catalog: borrowing Catalog, _ ledger: borrowing Ledger
    ) -> UseCount {
        detail.removeAll()
        let definition = catalog.giftCard(card)
        let before = definition.amount - definition.balance
        var counter = EntryCounter(kind: .giftCard, limit: .total, start: before.minorUnits)
        return uses(&counter, catalog.usageKey(of: card), catalog.usageKeyHash(of: card), ledger)
    }

    /// Looks a counter up, and returns the uses recorded by others, and held by others.
    private mutating func uses(
        _ counter: inout EntryCounter, of index: Int, _ entries: borrowing Entries,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest,
        _ ledger: borrowing Ledger
    ) -> UseCount {
        writeDetail(of: counter, index, entries, catalog, request)
        guard let coupon = entries.rows[index].coupon else { return UseCount() }
        if counter.kind == .sharedOffer {
            let store = catalog.store(of: coupon)
            return uses(
                &counter, catalog.sharedCounterKey(of: store),
                catalog.sharedCounterKeyHash(of: store), ledger)
        }
        return uses(
            &counter, catalog.usageKey(of: coupon), catalog.usageKeyHash(of: coupon), ledger)
    }

    /// As above, of the counter with this key and the detail at hand.
    private func uses(
        _ counter: inout EntryCounter, _ key: Span<UInt8>, _ keyHash: UInt64,
        _ ledger: borrowing Ledger
    ) -> UseCount {
        counter.id = ledger.usage.find(
            counter.kind, couponKey: key, couponHash: keyHash, detail: detail.bytes)
        guard let id = counter.id else { return UseCount(used: counter.start) }
        let own = own.uses(of: counter.kind, key, detail.bytes, ledger)
        return UseCount(
            used: Int64(clamping: ledger.usage.used(id)) - own.used,
            held: Int64(clamping: ledger.usage.held(id)) - own.held)
    }

    // MARK: Creating

    /// The ledger's counter at `place`, created with its uses from before the daemon when it was not
    /// found, or not looked up.
    mutating func createIfAbsent(
        at place: Int, of index: Int, _ entries: borrowing Entries,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest, _ ledger: inout Ledger
    ) -> CounterID {
        let counter = counters[place]
        if let id = counter.id { return id }
        guard let coupon = entries.rows[index].coupon else {
            preconditionFailure("only a coupon's entry has counters")
        }
        writeDetail(of: counter, index, entries, catalog, request)
        let start = UInt64(max(0, counter.start))
        if counter.kind == .sharedOffer {
            let store = catalog.store(of: coupon)
            return ledger.usage.createIfAbsent(
                counter.kind, couponKey: catalog.sharedCounterKey(of: store),
                couponHash: catalog.sharedCounterKeyHash(of: store), detail: detail.bytes,
                startingAt: start)
        }
        return ledger.usage.createIfAbsent(
            counter.kind, couponKey: catalog.usageKey(of: coupon),
            couponHash: catalog.usageKeyHash(of: coupon), detail: detail.bytes, startingAt: start)
    }

    /// The counter of what a card pays, created with what was paid before the daemon.
    mutating func createIfAbsent(
        ofCard card: GiftCardID, _ catalog: borrowing Catalog, _ ledger: inout Ledger
    ) -> CounterID {
        detail.removeAll()
        let definition = catalog.giftCard(card)
        let before = definition.amount - definition.balance
        return ledger.usage.createIfAbsent(
            .giftCard, couponKey: catalog.usageKey(of: card),
            couponHash: catalog.usageKeyHash(of: card), detail: detail.bytes,
            startingAt: UInt64(max(0, before.minorUnits)))
    }

    // MARK: Keys

    /// Writes into `detail` what distinguishes one counter of a kind from another of the same coupon.
    private mutating func writeDetail(
        of counter: EntryCounter, _ index: Int, _ entries: borrowing Entries,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest
    ) {
        detail.removeAll()
        let customer = request.fields.customer
        switch counter.kind {
        case .total, .giftCard: break
        case .code: appendCode(of: index, entries, catalog)
        case .offer:
            if let offer = entries.candidates[index].offer {
                detail.append(catalog.text(of: offer.id))
            }
        case .sharedOffer:
            if let offer = entries.candidates[index].offer {
                detail.append(catalog.text(of: offer.counter))
            }
        case .customer: detail.append(request.bytes(of: customer.id))
        case .email: detail.append(request.bytes(of: customer.email))
        case .codeCustomer:
            appendCode(of: index, entries, catalog)
            detail.append(0)
            detail.append(request.bytes(of: customer.id))
        case .codeEmail:
            appendCode(of: index, entries, catalog)
            detail.append(0)
            detail.append(request.bytes(of: customer.email))
        case .day: detail.append(entries.today(of: index, catalog))
        case .week: detail.append(entries.today(of: index, catalog).startOfWeek)
        case .month: detail.append(entries.today(of: index, catalog).startOfMonth)
        case .bookingDate:
            if let time = entries.rows[index].evaluation.bookingTime { detail.append(time.date) }
        case .budget:
            for place in 0..<3 { detail.append(counter.currency.letter(place)) }
        }
    }

    private mutating func appendCode(
        of index: Int, _ entries: borrowing Entries, _ catalog: borrowing Catalog
    ) {
        if let code = entries.rows[index].code { catalog.appendKeyText(of: code, to: &detail) }
    }
}

extension Entries {
    /// The day, in the coupon's zone, as of which the entry is evaluated.
    fileprivate borrowing func today(of index: Int, _ catalog: borrowing Catalog) -> CivilDate {
        catalog.zones.civilTime(
            of: rows[index].evaluation.instant, in: candidates[index].coupon.zone
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
