// release: give back what an order holds or has used, all of it or one code's, exactly as its image
// says. Definitions may have changed since; what was taken has not.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// What a release finds of the codes that it is about.
private struct Findings {
    /// Some code of the order is meant.
    var hasMatch = false
    /// Some of those is still held or used.
    var hasPending = false
}

extension Checkout {
    mutating func release(
        _ parser: borrowing RequestParser, _ ledger: inout Ledger, at now: Instant,
        _ reply: inout JSONWriter
    ) -> CheckoutOutcome {
        let order = parser.bytes(of: parser.request.order)
        guard let id = ledger.orders.find(store: storeName.bytes, order: order),
            !ledger.image(of: id).isEmptied
        else {
            reply.error(
                .notFound, field: "order", "This order holds and uses no code.", to: parser)
            return .faulted
        }
        let findings = chooseCodes(of: ledger.image(of: id), parser)
        guard findings.hasMatch else {
            reply.error(
                .notFound, field: parser.request.codes.count > 0 ? "code" : "coupon",
                "This order has no such code.", to: parser)
            return .faulted
        }
        if findings.hasPending {
            guard ledger.hasRoom(toRecord: Span(), id) else {
                reply.error(
                    .storageUnavailable,
                    "There is no space to record this at the moment; nothing was changed.",
                    to: parser)
                return .faulted
            }
            ledger.release(id, codes: chosen, at: now.millisecondsSinceEpoch)
        }
        reply.release(
            ledger.image(of: id), isReplayed: !findings.hasPending,
            to: parser.bytes(of: parser.request.id))
        return findings.hasPending ? .accepted : .replayed
    }

    /// Notes in `chosen` which codes of the image are to be given back.
    private mutating func chooseCodes(
        of image: borrowing OrderImageView, _ parser: borrowing RequestParser
    ) -> Findings {
        chosen.removeAll()
        var findings = Findings()
        var codes = image.codes
        // An order that was applied without any code has nothing to give back, and is released.
        if image.codeCount == 0 {
            let isWhole = parser.request.codes.count == 0 && parser.request.coupon.isEmpty
            return Findings(
                hasMatch: isWhole, hasPending: isWhole && image.facts.state != .released)
        }
        while let code = codes.next() {
            let isMeant = code.facts.flags.contains(.valid) && isMeant(code, parser)
            let isPending = isMeant && !code.facts.flags.contains(.released)
            findings.hasMatch = findings.hasMatch || isMeant
            findings.hasPending = findings.hasPending || isPending
            chosen.append(isPending)
        }
        return findings
    }

    /// Whether the request means this code of the order: it names none, or this one.
    private mutating func isMeant(
        _ code: borrowing OrderImageCode, _ parser: borrowing RequestParser
    ) -> Bool {
        let coupon = parser.request.coupon
        if !coupon.isEmpty && !code.coupon.isEqual(to: parser.bytes(of: coupon)) { return false }
        guard parser.request.codes.count > 0 else { return true }
        guard !code.code.isEmpty,
            (try? codeText.read(parser.bytes(of: parser.request.codes[0].code))) != nil
        else { return false }
        if code.facts.flags.contains(.caseSensitive) {
            return codeText.exact.isEqual(to: code.code)
        }
        return (try? recordedText.read(code.code)) != nil
            && recordedText.folded.isEqual(to: codeText.folded)
    }
}

extension OrderImageView {
    /// Whether nothing of the order is on record but that it once was: its holds lapsed, or another
    /// order took them over. (One without codes that was released has said so.)
    fileprivate var isEmptied: Bool {
        facts.state == .released && codeCount == 0 && (facts.isLapsed || facts.releasedAt == 0)
    }
}

extension JSONWriter {
    /// What the latest release gave back.
    fileprivate mutating func release(
        _ image: borrowing OrderImageView, isReplayed: Bool, to id: Span<UInt8>
    ) {
        ReplyEnvelope.begin(to: id, &self)
        key("released")
        boolean(true)
        if isReplayed {
            key("replayed")
            boolean(true)
        }
        key("codes")
        beginArray()
        var codes = image.codes
        while let code = codes.next() {
            let flags = code.facts.flags
            guard flags.contains(.lastRelease) else { continue }
            beginObject()
            key("code")
            if code.code.isEmpty { null() } else { string(code.code) }
            if flags.contains(.giftCard) { key("gift_card") } else { key("coupon") }
            string(code.coupon)
            key("was")
            string(flags.contains(.wasHeld) ? "reserved" : "applied")
            if flags.contains(.keepsUse) && !flags.contains(.wasHeld) {
                key("use_returned")
                boolean(false)
            }
            endObject()
        }
        endArray()
        ReplyEnvelope.end(&self)
    }
}
