import CouponWire

/// What a listening socket is for. Each socket has one role.
package enum Role: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// A shop: validates, reserves, applies and releases.
    case storefront
    /// A dashboard or a support desk: reads and changes nothing.
    case viewer
    /// An operator: everything.
    case admin

    /// Whether a peer on a socket of this role may ask for `operation`.
    package func allows(_ operation: Operation) -> Bool {
        switch operation {
        case .ping, .usage, .codeDiscounts: true
        case .validate, .reserve, .apply, .release: self != .viewer
        case .couponGet, .couponList, .codeGet, .codeList, .activity, .giftCardGet, .giftCardList,
            .serverStats, .serverMetrics:
            self != .storefront
        case .couponCreate, .couponUpdate, .couponReplace, .couponDisable, .couponEnable,
            .couponArchive, .couponDelete, .couponAssign, .codeCreate, .codeGenerate, .codeDelete,
            .giftCardCreate, .giftCardDisable, .giftCardEnable, .giftCardCredit, .serverReload,
            .serverSnapshot:
            self == .admin
        }
    }
}
