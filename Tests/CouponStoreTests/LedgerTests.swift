import CouponStore
import FlatStorage
import Testing

extension UsageTable {
    /// The counter with this key, created if it does not exist.
    mutating func createdIfAbsent(
        _ kind: CounterKind, _ couponKey: String, _ detail: String, startingAt start: UInt64 = 0
    ) -> CounterID {
        let key = Array(couponKey.utf8), detail = Array(detail.utf8)
        return createIfAbsent(
            kind, couponKey: key.span, couponHash: UsageTable.couponHash(of: key.span),
            detail: detail.span, startingAt: start)
    }
}

extension Ledger {
    /// Looks the order up and records its image.
    @discardableResult
    mutating func record(
        store: Span<UInt8>, order: Span<UInt8>, _ image: borrowing OrderImageWriter,
        takingOver session: OrderID? = nil
    ) -> OrderID {
        let slot = orders.slot(store: store, order: order)
        return record(at: slot, store: store, order: order, image, takingOver: session)
    }
}

/// Records sketches, as the service would: every counter is created before it is consumed from.
struct SketchLedger: ~Copyable {
    var ledger: Ledger
    var writer = OrderImageWriter()

    init(seed: UInt64 = 1, orderLimit: Int = 1_000_000) {
        ledger = Ledger(seed: HashSeed(seed), orderLimit: orderLimit)
    }

    mutating func counter(
        _ kind: CounterKind, _ couponKey: String, _ detail: String = "",
        startingAt start: UInt64 = 0
    ) -> CounterID {
        ledger.usage.createdIfAbsent(kind, couponKey, detail, startingAt: start)
    }

    /// `session` is a reserved order of the default store that this one takes over.
    mutating func record(
        _ sketch: ImageSketch, store: String = "default", order: String,
        takingOver session: OrderID? = nil
    ) {
        sketch.write(with: &writer, &ledger.usage)
        ledger.record(
            store: bytes(store).span, order: bytes(order).span, writer, takingOver: session)
    }

    /// Gives back the codes that `isGiven` names.
    mutating func release(_ order: String, _ isGiven: [Bool], at now: Int64 = 7) throws {
        var codes = FlatArray<Bool>()
        for isGiven in isGiven { codes.append(isGiven) }
        ledger.release(try id(of: order), codes: codes, at: now)
    }

    /// Lets those lapse whose time is over, so many at most, and returns how many did.
    mutating func lapse(until now: Int64, atMost limit: Int = .max) -> Int {
        var count = 0
        while count < limit && ledger.lapseNext(until: now) { count += 1 }
        return count
    }

    /// Checks that the first hold lapses then and not before, by letting it; nil for no hold at all.
    mutating func expectLapse(at time: Int64?, _ comment: Comment? = nil) {
        guard let time else {
            let lapsed = ledger.lapseNext(until: .max)
            #expect(!lapsed, comment)
            return
        }
        let early = ledger.lapseNext(until: time - 1)
        let due = ledger.lapseNext(until: time)
        #expect(!early && due, comment)
    }

    func id(of order: String) throws -> OrderID {
        let id = ledger.orders.find(store: bytes("default").span, order: bytes(order).span)
        return try #require(id)
    }

    /// Uses and holds of a counter; none where it was never created.
    func counts(_ kind: CounterKind, _ couponKey: String, _ detail: String = "") -> [UInt64] {
        let key = bytes(couponKey), detail = bytes(detail)
        let found = ledger.usage.find(
            kind, couponKey: key.span, couponHash: UsageTable.couponHash(of: key.span),
            detail: detail.span)
        guard let found else { return [0, 0] }
        return [ledger.usage.used(found), ledger.usage.held(found)]
    }

    /// Goes through a snapshot, under another seed.
    mutating func reload() throws {
        let encoded = ledger.encodeSnapshot()
        ledger = try Ledger.decoded(from: encoded.bytes, seed: HashSeed(99), orderLimit: 1_000)
    }

    func sketch(of order: String, store: String = "default") throws -> ImageSketch? {
        guard let id = ledger.orders.find(store: bytes(store).span, order: bytes(order).span)
        else { return nil }
        return try ImageSketch(reading: ledger.orders.image(id))
    }
}

extension ImageSketch {
    /// An order with one code of one coupon, which counts once for the coupon and once for the code.
    static func order(
        _ state: OrderState, coupon: String = "cou", code: String = "C", amount: UInt64 = 1
    ) -> ImageSketch {
        var sketch = ImageSketch(state: state)
        var entry = Code(code: code, coupon: coupon, usageKey: "default\0\(coupon)")
        entry.consumptions = [
            Consumption(amount: amount), Consumption(kind: .code, detail: code, amount: amount),
        ]
        sketch.codes = [entry]
        return sketch
    }

    /// The same order with everything given back.
    var released: ImageSketch {
        var released = self
        released.facts.state = .released
        for index in codes.indices {
            released.codes[index].facts.flags.insert(.released)
            released.codes[index].consumptions = []
        }
        return released
    }
}

@Suite struct `The ledger` {
    @Test func `shows an applied order and its uses in one step`() throws {
        var state = SketchLedger()
        let total = state.counter(.total, "default\0cou", startingAt: 16)
        state.record(.order(.applied), order: "o1")
        let used = state.ledger.usage.used(total), totals = state.ledger.totals
        #expect(used == 17)
        #expect(
            totals.orders == 1 && totals.counters == 2 && totals.couponsUsed == 1
                && totals.usesInForce == 1 && totals.byState.applied == 1)
        let found = try state.sketch(of: "o1"), other = try state.sketch(of: "o1", store: "other")
        #expect(found == .order(.applied) && other == nil)
    }

    @Test func `turns holds into uses, and gives both back`() {
        var state = SketchLedger()
        let steps: [(ImageSketch, used: UInt64, held: UInt64, inForce: Int)] = [
            (.order(.reserved), 0, 1, 0),
            (.order(.reserved, amount: 3), 0, 3, 0),
            (.order(.applied), 1, 0, 1),
            (ImageSketch.order(.applied).released, 0, 0, 0),
            (.order(.applied, amount: 2), 2, 0, 1),
        ]
        for (sketch, used, held, inForce) in steps {
            state.record(sketch, order: "o1")
            #expect(state.counts(.total, "default\0cou") == [used, held])
            #expect(state.counts(.code, "default\0cou", "C") == [used, held])
            let totals = state.ledger.totals
            #expect(totals.usesInForce == inForce && totals.orders == 1)
        }
    }

    @Test func `keeps what a released coupon does not give back`() {
        var state = SketchLedger()
        let total = state.counter(.total, "default\0cou")
        state.record(.order(.applied), order: "o1")
        var released = ImageSketch.order(.applied).released
        released.codes[0].consumptions = [.init()]
        state.record(released, order: "o1")
        let used = state.ledger.usage.used(total), inForce = state.ledger.usesInForce
        #expect(used == 1 && inForce == 0)
    }

    @Test func `traps where the caller did not look first`() async {
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            state.record(.order(.applied), order: "o1")
            state.record(.order(.applied), order: "o1")
        }
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger(orderLimit: 1)
            state.record(.order(.applied), order: "o1")
            state.record(.order(.applied), order: "o2")
        }
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            var others = UsageTable(seed: HashSeed(1))
            ImageSketch.order(.applied).write(with: &state.writer, &others)
            state.ledger.record(store: bytes("s").span, order: bytes("o").span, state.writer)
        }
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            ImageSketch.order(.applied).write(with: &state.writer, &state.ledger.usage)
            state.writer.begin(
                ImageSketch.order(.applied).facts, customer: Span(), email: Span())
            state.ledger.record(store: bytes("s").span, order: bytes("o").span, state.writer)
        }
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            state.record(.order(.released), order: "o1")
        }
    }

    @Test func `says how fast it records and how much an order takes`() {
        #if DEBUG
            let orderCount = 5_000
        #else
            let orderCount = 1_000_000
        #endif
        var state = SketchLedger(orderLimit: orderCount)
        var sketch = ImageSketch.full
        sketch.facts.state = .applied
        sketch.metadata = []
        sketch.codes.removeLast(3)
        sketch.write(with: &state.writer, &state.ledger.usage)
        let store = bytes("default")
        let clock = ContinuousClock()
        var longest = Duration.zero
        let elapsed = clock.measure {
            for number in 0..<orderCount {
                let order = bytes("order-\(number)")
                let start = clock.now
                state.ledger.record(store: store.span, order: order.span, state.writer)
                longest = max(longest, clock.now - start)
            }
        }
        let perOrder = state.ledger.orders.allocatedBytes / orderCount
        let content = state.ledger.orders.contentBytes / orderCount
        var encoded = ByteBuffer()
        let encoding = clock.measure { encoded = state.ledger.encodeSnapshot() }
        var decodedOrders = 0
        let decoding = clock.measure {
            do {
                decodedOrders = try Ledger.decoded(
                    from: encoded.bytes, seed: HashSeed(2), orderLimit: orderCount
                ).orders.count
            } catch {
                Issue.record("the snapshot does not load: \(error)")
            }
        }
        print("ledger: \(orderCount) orders in \(elapsed), longest \(longest),")
        print("  \(perOrder) bytes per order, \(content) of them names and image")
        print("  snapshot of \(encoded.count) bytes in \(encoding), loaded in \(decoding)")
        // 64 bytes of row and index per order, beside what the empty tables take.
        #expect(perOrder <= content + 64 + (1 << 20) / orderCount)
        #expect(decodedOrders == orderCount)
    }
}
