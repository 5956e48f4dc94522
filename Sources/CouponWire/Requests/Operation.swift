/// What a request asks for.
package enum Operation: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    case ping
    case validate
    case reserve
    case apply
    case release
    case usage
    case codeDiscounts

    case couponCreate
    case couponGet
    case couponList
    case couponUpdate
    case couponReplace
    case couponDisable
    case couponEnable
    case couponArchive
    case couponDelete
    case couponAssign
    case codeCreate
    case codeGenerate
    case codeGet
    case codeList
    case codeDelete
    case activity
    case giftCardCreate
    case giftCardGet
    case giftCardList
    case giftCardDisable
    case giftCardEnable
    case giftCardCredit

    case serverStats
    case serverMetrics
    case serverReload
    case serverSnapshot

    /// The value of `op` on the wire.
    package var name: StaticString {
        switch self {
        case .ping: "ping"
        case .validate: "validate"
        case .reserve: "reserve"
        case .apply: "apply"
        case .release: "release"
        case .usage: "usage"
        case .codeDiscounts: "code.discounts"
        case .couponCreate: "coupon.create"
        case .couponGet: "coupon.get"
        case .couponList: "coupon.list"
        case .couponUpdate: "coupon.update"
        case .couponReplace: "coupon.replace"
        case .couponDisable: "coupon.disable"
        case .couponEnable: "coupon.enable"
        case .couponArchive: "coupon.archive"
        case .couponDelete: "coupon.delete"
        case .couponAssign: "coupon.assign"
        case .codeCreate: "code.create"
        case .codeGenerate: "code.generate"
        case .codeGet: "code.get"
        case .codeList: "code.list"
        case .codeDelete: "code.delete"
        case .activity: "activity"
        case .giftCardCreate: "gift_card.create"
        case .giftCardGet: "gift_card.get"
        case .giftCardList: "gift_card.list"
        case .giftCardDisable: "gift_card.disable"
        case .giftCardEnable: "gift_card.enable"
        case .giftCardCredit: "gift_card.credit"
        case .serverStats: "server.stats"
        case .serverMetrics: "server.metrics"
        case .serverReload: "server.reload"
        case .serverSnapshot: "server.snapshot"
        }
    }
}
