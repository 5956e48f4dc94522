import CouponStore
import FlatStorage
import StoreSupport
import Testing

@Suite struct `The usage table` {
    private struct Key: Hashable {
        var kind: CounterKind
        var coupon: String
        var detail: String
    }

    private func find(_ key: Key, in table: borrowing UsageTable) -> CounterID? {
        let coupon = bytes(key.coupon), detail = bytes(key.detail)
        return table.find(
            key.kind, couponKey: coupon.span,
            couponHash: UsageTable.couponHash(of: coupon.span), detail: detail.span)
    }

    private func insert(_ key: Key, into table: inout UsageTable, from start: UInt64) -> CounterID {
        let coupon = bytes(key.coupon), detail = bytes(key.detail)
        return table.createIfAbsent(
            key.kind, couponKey: coupon.span,
            couponHash: UsageTable.couponHash(of: coupon.span), detail: detail.span,
            startingAt: start)
    }

    @Test func `behaves like a dictionary`() {
        var generator = SeededGenerator(for: "usage table")
        var table = UsageTable(seed: HashSeed(generator.next()))
        var model: [Key: (id: CounterID, used: UInt64, held: UInt64)] = [:]
        for _ in 0..<20_000 {
            let key = Key(
                kind: CounterKind.allCases.randomElement(using: &generator) ?? .total,
                coupon: "store\(Int.random(in: 0..<2, using: &generator))\0"
                    + "cou\(Int.random(in: 0..<300, using: &generator))",
                detail: ["", "A", "B", "a"].randomElement(using: &generator) ?? "")
            #expect(find(key, in: table) == model[key]?.id)
            let number = generator.next() >> 20
            if var known = model[key] {
                #expect(insert(key, into: &table, from: number) == known.id)
                if number % 2 == 0 {
                    known.used = number
                    table.setUsed(known.id, to: number)
                } else {
                    known.held = number
                    table.setHeld(known.id, to: number)
                }
                model[key] = known
            } else if number % 3 == 0 {
                model[key] = (insert(key, into: &table, from: number), number, 0)
            }
        }
        for (key, expected) in model {
            let (used, held) = (table.used(expected.id), table.held(expected.id))
            #expect(used == expected.used && held == expected.held)
            let kind = table.kind(expected.id)
            let coupon = text(table.couponKey(expected.id))
            let detail = text(table.detail(expected.id))
            #expect(Key(kind: kind, coupon: coupon, detail: detail) == key)
        }
        let (count, couponCount) = (table.count, table.couponCount)
        #expect(count == model.count && couponCount == Set(model.keys.map(\.coupon)).count)
    }

    @Test func `distinguishes keys that read alike when joined`() {
        var table = UsageTable(seed: HashSeed(1))
        let keys = [
            Key(kind: .total, coupon: "ab", detail: "c"),
            Key(kind: .total, coupon: "a", detail: "bc"),
            Key(kind: .code, coupon: "ab", detail: "c"),
            Key(kind: .code, coupon: "abc", detail: ""),
        ]
        let ids = Set(keys.map { insert($0, into: &table, from: 0) })
        #expect(ids.count == keys.count)
    }

    @Test func `ignores the starting count of a counter that exists`() {
        var table = UsageTable(seed: HashSeed(1))
        let key = Key(kind: .total, coupon: "default\0cou", detail: "")
        let id = insert(key, into: &table, from: 16)
        #expect(insert(key, into: &table, from: 99) == id)
        let used = table.used(id)
        #expect(used == 16)
    }
}

@Suite struct `The order table` {
    private func copy(of image: Span<UInt8>?) -> [UInt8]? {
        guard let image else { return nil }
        return array(image)
    }

    @Test(arguments: [4_096, 1 << 20])
    func `behaves like a dictionary of images`(slabByteCount: Int) {
        var generator = SeededGenerator(for: "order table")
        var table = OrderTable(
            seed: HashSeed(generator.next()), limit: 1_000_000, slabByteCount: slabByteCount)
        var model: [[String]: [UInt8]] = [:]
        for step in 0..<30_000 {
            let names = [
                "store\(Int.random(in: 0..<3, using: &generator))",
                "order\(Int.random(in: 0..<2_000, using: &generator))",
            ]
            let store = bytes(names[0]), order = bytes(names[1])
            let found = table.find(store: store.span, order: order.span)
            #expect((found != nil) == (model[names] != nil))
            // Towards the end more go than come, so that slabs empty.
            if let found, Int.random(in: 0..<30_000, using: &generator) < step {
                table.remove(found)
                model[names] = nil
            } else {
                let length = Int.random(in: 0..<400, using: &generator)
                let image = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                if let found {
                    let next = table.replaceImage(of: found, with: image.span)
                    let isThere = array(table.image(next)) == image
                    #expect(isThere)
                } else {
                    _ = table.insert(store: store.span, order: order.span, image: image.span)
                }
                model[names] = image
            }
            if step % 7 == 0 { _ = table.gatherNext() }
        }
        check(table, model)
        while table.gatherNext() != nil {}
        check(table, model)
        let unused = table.allocatedBytes - table.contentBytes
        #expect(unused < 2 * slabByteCount + table.allocatedBytes / 7 + 400_000)
    }

    private func check(_ table: borrowing OrderTable, _ model: [[String]: [UInt8]]) {
        for (names, image) in model {
            let store = bytes(names[0]), order = bytes(names[1])
            let found = copy(of: table.lookup(store: store.span, order: order.span))
            #expect(found == image)
        }
        let count = table.count
        #expect(count == model.count)
        var walked: Set<[String]> = []
        var next = table.next(after: nil)
        while let id = next {
            walked.insert([text(table.store(id)), text(table.order(id))])
            next = table.next(after: id)
        }
        #expect(walked == Set(model.keys))
    }

    @Test func `gives its memory back when orders go`() {
        let slabByteCount = 1 << 16
        var table = OrderTable(
            seed: HashSeed(1), limit: 1_000_000, slabByteCount: slabByteCount)
        var generator = SeededGenerator(for: "memory of orders")
        let store = bytes("default")
        let image = [UInt8](repeating: 7, count: 200)
        for number in 0..<100_000 {
            _ = table.insert(store: store.span, order: bytes("o\(number)").span, image: image.span)
        }
        // Nine of ten go, wherever they are.
        for number in 0..<100_000 where Int.random(in: 0..<10, using: &generator) > 0 {
            if let id = table.find(store: store.span, order: bytes("o\(number)").span) {
                table.remove(id)
            }
            if number % 4 == 0 { _ = table.gatherNext() }
        }
        while table.gatherNext() != nil {}
        var fresh = OrderTable(
            seed: HashSeed(1), limit: 1_000_000, slabByteCount: slabByteCount)
        var next = table.next(after: nil)
        while let id = next {
            _ = fresh.insert(store: store.span, order: table.order(id), image: table.image(id))
            next = table.next(after: id)
        }
        let (left, new) = (table.allocatedBytes, fresh.allocatedBytes)
        #expect(Double(left) <= 1.3 * Double(new), "\(left) bytes against \(new)")
    }

    @Test func `distinguishes orders that read alike when joined`() {
        var table = OrderTable(seed: HashSeed(1), limit: 10)
        let names = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", ""), ("a\0b", "c")]
        for (store, order) in names {
            _ = table.insert(
                store: bytes(store).span, order: bytes(order).span, image: bytes(store).span)
        }
        for (store, order) in names {
            let image = copy(of: table.lookup(store: bytes(store).span, order: bytes(order).span))
            #expect(image == bytes(store))
        }
        let unknown = table.find(store: bytes("a\0").span, order: bytes("bc").span)
        #expect(unknown == nil)
    }

    @Test func `says when it is full, and still replaces`() {
        var table = OrderTable(seed: HashSeed(1), limit: 2)
        let first = table.insert(store: bytes("s").span, order: bytes("1").span, image: [1].span)
        let before = table.isFull
        _ = table.insert(store: bytes("s").span, order: bytes("2").span, image: [2].span)
        _ = table.replaceImage(of: first, with: [3, 4, 5].span)
        let (after, image) = (table.isFull, array(table.image(first)))
        #expect(!before && after && image == [3, 4, 5])
    }

    @Test func `wastes a bounded part on an order that changes for ever`() {
        var table = OrderTable(seed: HashSeed(1), limit: 2)
        var id = table.insert(store: bytes("s").span, order: bytes("1").span, image: [0].span)
        for length in 0..<4_000 {
            id = table.replaceImage(of: id, with: [UInt8](repeating: 1, count: length % 1_000).span)
        }
        let content = table.contentBytes
        #expect(content <= 5 * 1_000)
    }

    @Test func `traps on an order added twice`() async {
        await #expect(processExitsWith: .failure) {
            var table = OrderTable(seed: HashSeed(1), limit: 10)
            for _ in 0..<2 {
                _ = table.insert(store: bytes("s").span, order: bytes("1").span, image: [9].span)
            }
        }
    }

    @Test func `traps on a place that was looked up before another order was added`() async {
        await #expect(processExitsWith: .failure) {
            var table = OrderTable(seed: HashSeed(1), limit: 10)
            let slot = table.slot(store: bytes("s").span, order: bytes("1").span)
            for _ in 0..<2 {
                _ = table.insert(
                    slot, store: bytes("s").span, order: bytes("1").span, image: [9].span)
            }
        }
    }
}

extension OrderTable {
    /// Looks the order up and adds it.
    fileprivate mutating func insert(
        store: Span<UInt8>, order: Span<UInt8>, image: Span<UInt8>
    ) -> OrderID {
        insert(slot(store: store, order: order), store: store, order: order, image: image)
    }

    /// The order's image, or nil when it was never added.
    @_lifetime(borrow self)
    fileprivate func lookup(store: Span<UInt8>, order: Span<UInt8>) -> Span<UInt8>? {
        guard let id = find(store: store, order: order) else { return nil }
        return image(id)
    }
}

@Suite struct `Redemption numbers` {
    @Test func `rise with the clock, without it and against it`() {
        var numbers = RedemptionNumbers()
        var last: UInt64 = 0
        for now in [5, 5, 6, 4, -1, 0, .min, 1_780_000_000_000, 1, .max, .max] as [Int64] {
            let number = numbers.next(nowMilliseconds: now)
            #expect(number > last)
            last = number
        }
        #expect(numbers.last == last)
    }

    @Test func `start at the time, above what was given`() {
        var numbers = RedemptionNumbers(last: 7 << 20)
        #expect(numbers.upcoming(nowMilliseconds: 8) == 8 << 20)
        #expect(numbers.next(nowMilliseconds: 7) == 7 << 20 | 1)
        #expect(numbers.next(nowMilliseconds: 8) == 8 << 20)
    }

    @Test(
        arguments: [
            (0, "red_0000000000000"), (31, "red_000000000000z"), (32, "red_0000000000010"),
            (0x0123_4567_89AB_CDEF, "red_028t5cy4tqkff"), (UInt64.max, "red_fzzzzzzzzzzzz"),
        ] as [(UInt64, String)])
    func `are shown in base 32`(number: UInt64, expected: String) {
        var buffer = ByteBuffer()
        RedemptionNumbers.append(number, to: &buffer)
        let shown = text(buffer.bytes)
        #expect(shown == expected)
    }

    @Test func `use each of 32 characters once, in ascending order`() {
        var buffer = ByteBuffer()
        for digit in 0..<32 as Range<UInt64> { RedemptionNumbers.append(digit, to: &buffer) }
        let shown = text(buffer.bytes)
        let last = stride(from: 16, to: 32 * 17, by: 17).map { Array(shown)[$0] }
        #expect(String(last) == "0123456789abcdefghjkmnpqrstvwxyz")
    }
}
