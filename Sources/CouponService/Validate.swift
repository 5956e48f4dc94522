// validate: judge and tell; nothing changes.

import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Service {
    mutating func validate(at now: Instant) {
        guard isServed() else { return }
        let entry = parser.request.codes[0]
        switch find(entry) {
        case .unserved(let features): writeUnserved(features)
        case .unknown:
            guard takeInCart([]) else { return }
            writeUnknownCode(.validate)
        case .owned(let needs):
            guard takeInCart(needs) else { return }
            let owner = judgeOwners(of: entry, .validate, at: now)
            if judge.refusals.isEmpty {
                writeSuccess(owner, .validate, redemption: nil)
            } else {
                writeRefusal(owner, .validate)
            }
        }
    }

    /// Whether this version judges what the request asks for; otherwise an error is written.
    func isServed() -> Bool {
        if parser.request.considersAutoCoupons {
            writeUnprocessable(field: "auto", "Automatic coupons are not served yet.")
        } else if parser.request.codes.count > 1 {
            writeUnprocessable(
                field: "codes", "Several codes in one request are not served yet.")
        } else if !parser.request.codes[0].context.isEmpty {
            writeUnprocessable(
                field: "codes[0].context", "The context of a code is not served yet.")
        } else {
            return true
        }
        return false
    }

    /// Takes the request in; writes an error and returns false when its money cannot be counted.
    mutating func takeInCart(_ needs: IntakeNeeds) -> Bool {
        guard let index = takeIn(needs) else { return true }
        let field = index < parser.request.lines.count ? "cart.lines[\(index)]" : "cart.shipping"
        writeFault(
            RequestFault(
                code: .badRequest, field: field,
                message: "The sum passes 9007199254740991 minor units or items.",
                operation: parser.request.operation))
        return false
    }

    /// An image that the ledger holds, and therefore whole.
    @_lifetime(copy image)
    func recorded(_ image: Span<UInt8>) -> OrderImageView {
        do {
            return try OrderImageView(image)
        } catch {
            preconditionFailure("an image on record is whole: \(error)")
        }
    }
}
