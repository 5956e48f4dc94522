import CouponService
import CouponWire

/// The places for connections. Storefronts and their floods may take all of the general ones; the
/// reserve lets administrators and viewers in all the same.
struct ConnectionPlaces {
    /// Where a connection counts, until it gives the place back.
    enum Place: Equatable {
        case general
        case reserve
    }

    enum Answer: Equatable {
        case admitted(Place)
        /// `isNews` at the first refusal since many places were free.
        case refused(isNews: Bool)
    }

    private let generalMax: Int
    private let reserveMax: Int
    private var generalCount = 0
    private var reserveCount = 0
    private var hasReported = false

    init(_ limits: ResourceLimits) {
        generalMax = limits.connectionsMax
        reserveMax = limits.adminConnectionsMax
    }

    /// A client wants to connect.
    mutating func take(for role: Role) -> Answer {
        if generalCount < generalMax {
            generalCount += 1
            return .admitted(.general)
        }
        if role != .storefront && reserveCount < reserveMax {
            reserveCount += 1
            return .admitted(.reserve)
        }
        defer { hasReported = true }
        return .refused(isNews: !hasReported)
    }

    /// A connection ended.
    mutating func giveBack(_ place: Place) {
        switch place {
        case .general:
            generalCount -= 1
            // At the limit places are taken as soon as they are free. That is not reported again.
            if generalMax - generalCount >= max(1, generalMax / 10) { hasReported = false }
        case .reserve: reserveCount -= 1
        }
    }
}
