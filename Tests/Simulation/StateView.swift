import CouponStore
import FlatStorage
import StoreSupport

/// The whole state at one moment, as bytes: what a snapshot would hold.
final class StateCopy {
    let sequence: UInt64
    private let bytes: ByteBuffer

    init(_ bytes: consuming ByteBuffer) {
        // Where the layout of snapshots has the sequence.
        var sequence: UInt64 = 0
        for place in 0..<8 { sequence |= UInt64(bytes[16 + place]) << UInt64(8 * place) }
        self.sequence = sequence
        self.bytes = bytes
    }

    /// Whether both are the same state. Its parts may stand in another order.
    func isSame(as other: StateCopy) -> Bool {
        if Self.isEqual(bytes, other.bytes) { return true }
        guard let own = Self.canonical(bytes) else { return false }
        return own == Self.canonical(other.bytes)
    }

    /// The state, read. Nil when the ledger cannot read its bytes as a state.
    func read() -> StateView? { Self.read(bytes) }

    // A class lends its bytes to functions only.

    private static func isEqual(
        _ bytes: borrowing ByteBuffer, _ others: borrowing ByteBuffer
    ) -> Bool {
        bytes.bytes.isEqual(to: others.bytes)
    }

    private static func canonical(_ bytes: borrowing ByteBuffer) -> [UInt8]? {
        do {
            return canonicalBytes(
                of: try Ledger.decoded(
                    from: bytes.bytes, seed: HashSeed(1), orderLimit: OrderTable.countMax))
        } catch {
            return nil
        }
    }

    private static func read(_ bytes: borrowing ByteBuffer) -> StateView? {
        do {
            return StateView(
                try Ledger.decoded(
                    from: bytes.bytes, seed: HashSeed(1), orderLimit: OrderTable.countMax))
        } catch {
            return nil
        }
    }
}

/// A state, read: orders and counters by their names.
struct StateView {
    struct Counter: Hashable {
        var kind: CounterKind
        /// Without the store.
        var coupon: String
        var detail: [UInt8]
    }

    struct Count: Equatable {
        var used: UInt64
        var held: UInt64
        var carried: UInt64
    }

    struct Order: Equatable {
        var state: OrderState
        var expiresAt: Int64
        var discount: Int64
        var total: Int64
        /// Of the codes that passed, in order; 0 where nothing was redeemed.
        var redemptions: [UInt64]
        /// Uses of each coupon that count now.
        var uses: [String]
        var image: [UInt8]

        var isLapsed: Bool { state == .released && expiresAt > 0 }
    }

    private(set) var orders: [String: Order] = [:]
    private(set) var counters: [Counter: Count] = [:]
    /// Counters whose uses no order accounts for. Whether one is there makes no difference: it may be
    /// one that nothing was ever consumed from.
    private(set) var carriedOnly: [Counter: Count] = [:]

    init(_ ledger: borrowing Ledger) {
        var next = ledger.orders.next(after: nil)
        while let id = next {
            next = ledger.orders.next(after: id)
            orders[text(ledger.orders.order(id))] = Order(ledger.orders.image(id))
        }
        for row in 0..<ledger.usage.count {
            let id = CounterID(row: row)
            let count = Count(
                used: ledger.usage.used(id), held: ledger.usage.held(id),
                carried: ledger.usage.carried(id))
            let coupon = text(ledger.usage.couponKey(id)).split(separator: "\0").last ?? ""
            let counter = Counter(
                kind: ledger.usage.kind(id), coupon: String(coupon),
                detail: copy(ledger.usage.detail(id)))
            if count.held == 0 && count.used == count.carried {
                carriedOnly[counter] = count
            } else {
                counters[counter] = count
            }
        }
    }
}

extension StateView: Equatable {
    static func == (left: StateView, right: StateView) -> Bool {
        left.orders == right.orders && left.counters == right.counters
    }
}

extension StateView.Order {
    init(_ image: Span<UInt8>) {
        do {
            let view = try OrderImageView(image)
            state = view.facts.state
            expiresAt = view.facts.expiresAt
            discount = view.facts.discount
            total = view.facts.total
            redemptions = []
            uses = []
            self.image = copy(image)
            var codes = view.codes
            while let code = codes.next() {
                guard code.facts.flags.contains(.valid) else { continue }
                redemptions.append(code.facts.redemption)
                if code.facts.isLeft { uses.append(text(code.coupon)) }
            }
        } catch {
            preconditionFailure("a ledger holds whole images: \(error)")
        }
    }
}

/// A redemption's number as replies say it.
func redemptionText(_ number: UInt64) -> String {
    var buffer = ByteBuffer()
    RedemptionNumbers.append(number, to: &buffer)
    return text(buffer.bytes)
}
