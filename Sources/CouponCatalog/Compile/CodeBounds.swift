// Who may use a coupon, and when, is said in several places: by the coupon, by its offers, and by a
// code for itself. Where two of them have nothing in common the code could never be used, and its
// author would hear of it from the first customer. So it is a fault.

import Definitions
import CouponRules
import FlatStorage

/// What a coupon asks of all its codes, put so that a million of them can be compared with it.
struct CodeBounds {
    /// Of each offer, cut to the coupon's; empty where the offers do not bound a code's window.
    fileprivate var offerWindows: [Window] = []
    /// Whom `requires.customers` lets in.
    fileprivate let customers: Set<String>
    fileprivate let namesIDs: Bool
    fileprivate let namesEmails: Bool

    init(
        _ definition: CouponDefinition, _ coupon: Coupon, offers: borrowing FlatArray<Offer>
    ) {
        for index in coupon.offers.range {
            let offer = offers[index]
            let window = Window(
                startsAt: max(offer.startsAt, coupon.startsAt),
                endsAt: min(offer.endsAt, coupon.endsAt))
            // An empty one has been told by itself.
            if !window.isEmpty { offerWindows.append(window) }
        }
        if offerWindows.count < coupon.offers.count { offerWindows = [] }
        customers = Set(definition.requirements.customers)
        namesEmails = customers.contains(where: \.isEmail)
        namesIDs = customers.contains { !$0.isEmail }
    }

    /// Whether `customer` is not one of those that the coupon is for. A customer may have both an id
    /// and an e-mail address; so a list of the one sort says nothing about a customer of the other.
    fileprivate func rulesOut(_ customer: String) -> Bool {
        let isOfOneSort = customer.isEmail ? !namesIDs : !namesEmails
        return !customers.isEmpty && isOfOneSort && !customers.contains(customer)
    }
}

extension CatalogBuilder {
    /// Tells when a code is bound to a customer whom its coupon is not for.
    mutating func refuseStrange(
        _ customer: String, of code: CodeDefinition, _ bounds: CodeBounds, place: SourcePlace
    ) {
        guard bounds.rulesOut(customer) else { return }
        refuse(
            place.atLine(code.customerLine),
            code.path.isEmpty ? "customer" : code.path + ".customer",
            "The coupon's `requires.customers` does not name `\(customer.shortened)`: no customer could "
                + "ever use this code.")
    }

    /// Tells when a code's window, already cut to its coupon's, meets no offer's.
    mutating func refuseIfOutsideOffers(
        _ window: Window, _ bounds: CodeBounds, place: SourcePlace, path: String
    ) {
        if window.isEmpty || bounds.offerWindows.isEmpty { return }
        if bounds.offerWindows.contains(where: { $0.meets(window) }) { return }
        let prefix = path.isEmpty ? "" : path + "."
        if bounds.offerWindows.allSatisfy({ $0.endsAt <= window.startsAt }) {
            refuse(place, prefix + "starts_at", "All offers of the coupon have ended by then.")
        } else if bounds.offerWindows.allSatisfy({ window.endsAt <= $0.startsAt }) {
            refuse(place, prefix + "ends_at", "No offer of the coupon has started by then.")
        } else {
            refuse(
                place, prefix + "starts_at",
                "No offer of the coupon holds at any time between this and `ends_at`.")
        }
    }
}

extension Window {
    fileprivate var isEmpty: Bool { startsAt >= endsAt }

    fileprivate func meets(_ other: Window) -> Bool {
        max(startsAt, other.startsAt) < min(endsAt, other.endsAt)
    }
}

extension String {
    /// As customers are told apart: whatever has an `@` is an e-mail address.
    fileprivate var isEmail: Bool { contains("@") }
}
