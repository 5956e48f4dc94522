import CouponRules
import CouponStore
import CouponWire
import FlatStorage

// An order that leaves the records is written as one line of JSON: everything that the daemon knew of
// it, in the members of the replies where they are the same. A line that was written just before a
// crash may be written again by the next daemon.

/// Orders that are to be forgotten once their lines are in a file.
struct ArchiveBatch: ~Copyable {
    private var json = JSONWriter(appendingTo: ByteBuffer())
    private var orders: [Member] = []

    private struct Member {
        var store: [UInt8]
        var order: [UInt8]
        /// Of the image from which its line was written.
        var imageHash: UInt64
    }

    private static let countMax = 512
    private static let byteCountMax = 512 * 1_024

    /// Orders in the batch.
    var count: Int { orders.count }

    /// Whether the batch should be written before more orders are added.
    var isFull: Bool { orders.count >= Self.countMax || json.bytes.count >= Self.byteCountMax }

    /// One line for each order.
    var lines: [UInt8] {
        let bytes = json.bytes.bytes
        return bytes.indices.map { bytes[$0] }
    }

    mutating func removeAll() {
        json.bytes.removeAll()
        orders.removeAll()
    }

    mutating func add(_ order: OrderID, of ledger: borrowing Ledger, at now: Instant) {
        let store = ledger.orders.store(order), name = ledger.orders.order(order)
        orders.append(
            Member(
                store: store.indices.map { store[$0] }, order: name.indices.map { name[$0] },
                imageHash: hash64(ledger.orders.image(order), seed: 0)))
        ArchivedOrder.write(ledger.image(of: order), store: store, order: name, at: now, &json)
    }

    /// Forgets the orders of the batch that are still as their lines say. The others, and those for
    /// which the journal has no room, are found again.
    func forgetUnchanged(in ledger: inout Ledger) {
        for member in orders {
            let order = ledger.orders.find(store: member.store.span, order: member.order.span)
            guard let order,
                hash64(ledger.orders.image(order), seed: 0) == member.imageHash,
                ledger.hasRoom(toRecord: Span(), order)
            else { continue }
            ledger.forget(order)
        }
    }
}

/// The line of an order in an archive.
enum ArchivedOrder {
    static func write(
        _ image: borrowing OrderImageView, store: Span<UInt8>, order: Span<UInt8>,
        at now: Instant, _ json: inout JSONWriter
    ) {
        let facts = image.facts
        json.beginObject()
        json.key("store")
        json.string(store)
        json.key("order")
        json.string(order)
        json.key("state")
        json.string(facts.state.archiveName)
        writeTime("decided_at", facts.decidedAt, &json)
        writeTime("reserved_at", facts.reservedAt, &json)
        writeTime("released_at", facts.releasedAt, &json)
        writeTime("booked_for", facts.bookedFor, &json)
        json.key("archived_at")
        json.instant(now)
        writeCustomer(of: image, &json)
        let hasCart = facts.modes.contains(.hasCart)
        if hasCart {
            ReplayReply.writeMoney(of: image, &json)
            json.member("shipping", facts.shipping)
        }
        json.key("codes")
        json.beginArray()
        var codes = image.codes
        while let code = codes.next() {
            ReplayReply.beginEntry(of: code, hasCart: hasCart, &json)
            if code.facts.flags.contains(.released) {
                json.key("released")
                json.boolean(true)
            }
            json.endObject()
        }
        json.endArray()
        writeMetadata(of: image, &json)
        json.endObject()
        json.endLine()
    }

    private static func writeTime(
        _ name: StaticString, _ milliseconds: Int64, _ json: inout JSONWriter
    ) {
        if milliseconds == 0 { return }
        json.key(name)
        json.instant(Instant(millisecondsSinceEpoch: milliseconds))
    }

    private static func writeCustomer(
        of image: borrowing OrderImageView, _ json: inout JSONWriter
    ) {
        if image.customer.isEmpty && image.email.isEmpty { return }
        json.key("customer")
        json.beginObject()
        if !image.customer.isEmpty {
            json.key("id")
            json.string(image.customer)
        }
        if !image.email.isEmpty {
            json.key("email")
            json.string(image.email)
        }
        json.endObject()
    }

    private static func writeMetadata(
        of image: borrowing OrderImageView, _ json: inout JSONWriter
    ) {
        if image.metadataCount == 0 { return }
        json.key("metadata")
        json.beginObject()
        var pairs = image.metadata
        while let pair = pairs.next() {
            json.key(pair.name)
            json.string(pair.value)
        }
        json.endObject()
    }
}

extension OrderState {
    fileprivate var archiveName: StaticString {
        switch self {
        case .reserved: "reserved"
        case .applied: "applied"
        case .partlyApplied: "partly_released"
        case .released: "released"
        }
    }
}
