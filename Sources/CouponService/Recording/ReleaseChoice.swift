// What a release gives back: all of an order, or one of its codes, exactly as its image says. The
// definitions may have changed since; what the order has has not.

import CouponCatalog
import CouponRules
import CouponStore
import FlatStorage

/// Chooses the codes of an order that a release request means.
struct ReleaseChoice: ~Copyable {
    /// Which codes of the order's image are given back.
    private(set) var codes = FlatArray<Bool>(capacity: 16)
    /// Whether the request means some code of the order.
    private(set) var hasMatch = false
    /// Whether some code that it means is still held or used.
    private(set) var hasPending = false

    private var codeText = CodeText()
    private var recordedText = CodeText()

    /// Chooses among the codes of an order's image.
    mutating func choose(in image: borrowing OrderImageView, _ request: borrowing IncomingRequest) {
        codes.removeAll()
        hasMatch = false
        hasPending = false
        // An order that was applied without any code has nothing to give back, and is released.
        if image.codeCount == 0 {
            hasMatch = request.fields.codes.count == 0 && request.fields.coupon.isEmpty
            hasPending = hasMatch && image.facts.state != .released
            return
        }
        var remaining = image.codes
        while let code = remaining.next() {
            let isMeant = code.facts.flags.contains(.valid) && isMeant(code, by: request)
            let isPending = isMeant && !code.facts.flags.contains(.released)
            hasMatch = hasMatch || isMeant
            hasPending = hasPending || isPending
            codes.append(isPending)
        }
    }

    /// Whether the request means this code of the order: it names none, or this one.
    private mutating func isMeant(
        _ code: borrowing OrderImageCode, by request: borrowing IncomingRequest
    ) -> Bool {
        let coupon = request.fields.coupon
        if !coupon.isEmpty && !code.coupon.isEqual(to: request.bytes(of: coupon)) { return false }
        guard request.fields.codes.count > 0 else { return true }
        guard !code.code.isEmpty,
            (try? codeText.read(request.bytes(of: request.fields.codes[0].code))) != nil
        else { return false }
        if code.facts.flags.contains(.caseSensitive) {
            return codeText.exact.isEqual(to: code.code)
        }
        return (try? recordedText.read(code.code)) != nil
            && recordedText.folded.isEqual(to: codeText.folded)
    }
}

extension OrderImageView {
    /// Whether nothing of the order is on record but that it existed: its holds lapsed, or another
    /// order took them over. (One that was applied without codes and released is not meant.)
    var isEmptied: Bool {
        facts.state == .released && codeCount == 0 && (facts.isLapsed || facts.releasedAt == 0)
    }
}
