// The coupon, its offers and each code may all restrict who uses a code and when. If two of them
// have nothing in common the code can never be used, and its author would learn that from the first
// customer. So it is a fault.

import Definitions
import CouponRules

/// Compiles the terms of a coupon's codes, prepared so that a million of them can be checked
/// against those of the coupon.
struct CodeTermsCompiler {
    let definition: CouponDefinition
    private let coupon: Coupon
    /// Of each offer; empty where the offers do not bound a code's window.
    private let offerWindows: [Window]
    /// Those of `requires.customers`.
    private let customers: Set<String>
    private let namesIDs: Bool
    private let namesEmails: Bool
    private let zones: ZoneCompiler
    private let faults: FaultList

    init(
        _ definition: CouponDefinition, _ coupon: Coupon, windowsOfOffers: [Window],
        zones: ZoneCompiler, faults: FaultList
    ) {
        self.definition = definition
        self.coupon = coupon
        // An empty one has been reported.
        offerWindows = windowsOfOffers.contains(where: \.isEmpty) ? [] : windowsOfOffers
        customers = Set(definition.requirements.customers)
        namesEmails = customers.contains(where: \.isEmail)
        namesIDs = customers.contains { !$0.isEmail }
        self.zones = zones
        self.faults = faults
    }

    /// The terms that a code adds to its coupon's. Without a number of uses it is single-use, or
    /// only the coupon limits its uses.
    func terms(
        of code: CodeDefinition, at place: SourcePlace, isSingleUse: Bool,
        rules: inout RuleCompiler
    ) -> CodeTerms {
        var terms = CodeTerms()
        let isOnce = code.maxUses == nil && (code.isMultiUse.map { !$0 } ?? isSingleUse)
        terms.usesLimit = isOnce ? 1 : code.maxUses ?? 0
        terms.usesBefore = code.used
        terms.isOncePerCustomer = code.isMultiUse ?? false
        if let customer = code.customer {
            checkCustomer(customer, of: code, at: place)
            terms.customer = rules.symbol(for: customer)
            terms.isBoundToCustomer = true
        }
        if code.startsAt != nil || code.endsAt != nil {
            let own = zones.window(from: code.startsAt, to: code.endsAt, in: coupon.zone)
            let place = place.atLine(code.windowLine)
            own.check(in: coupon, at: place, path: code.path, faults)
            let window = own.cut(to: coupon)
            checkOffers(window, at: place, path: code.path)
            terms.startsAt = window.startsAt
            terms.endsAt = window.endsAt
        }
        return terms
    }

    /// A customer may have both an id and an e-mail address. So a list of ids alone says nothing
    /// about an address, and the other way round.
    private func checkCustomer(_ customer: String, of code: CodeDefinition, at place: SourcePlace) {
        let isOfOneSort = customer.isEmail ? !namesIDs : !namesEmails
        if customers.isEmpty || !isOfOneSort || customers.contains(customer) { return }
        faults.refuse(
            place.atLine(code.customerLine), code.path.appendingKey("customer"),
            "The coupon's `requires.customers` does not name `\(customer.shortened)`: no customer could "
                + "ever use this code.")
    }

    /// A code's window, already cut to its coupon's, must meet that of an offer.
    private func checkOffers(_ window: Window, at place: SourcePlace, path: String) {
        if window.isEmpty || offerWindows.isEmpty { return }
        if offerWindows.contains(where: { $0.meets(window) }) { return }
        let (startField, endField) = (path.appendingKey("starts_at"), path.appendingKey("ends_at"))
        if offerWindows.allSatisfy({ $0.endsAt <= window.startsAt }) {
            faults.refuse(place, startField, "All offers of the coupon have ended by then.")
        } else if offerWindows.allSatisfy({ window.endsAt <= $0.startsAt }) {
            faults.refuse(place, endField, "No offer of the coupon has started by then.")
        } else {
            faults.refuse(
                place, startField,
                "No offer of the coupon holds at any time between this and `ends_at`.")
        }
    }
}

extension String {
    /// A customer with an `@` is an e-mail address.
    fileprivate var isEmail: Bool { contains("@") }
}
