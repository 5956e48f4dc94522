import CouponStore
import FlatStorage
import Testing

@Suite struct `An order's image` {
    @Test func `gives back all that was written`() throws {
        for sketch in [ImageSketch(), .full] {
            #expect(try ImageSketch(reading: sketch.encoded.span) == sketch)
        }
    }

    @Test func `is the bytes that the layout says`() {
        var sketch = ImageSketch()
        sketch.facts.decidedAt = 0x0102
        sketch.facts.modes = .hasCart
        sketch.facts.currency = 0x55_53_44
        sketch.facts.subtotal = 300
        sketch.lineDiscounts = [300]
        var code = ImageSketch.Code(code: "C", coupon: "i", usageKey: "s\0i")
        code.fragment = "{"
        code.facts.redemption = 5
        code.facts.discount = 300
        code.consumptions = [.init(kind: .code, detail: "C", amount: 1)]
        sketch.codes = [code]
        #expect(sketch.encoded == smallImage(version: 2, flags: [1, 0]))
        sketch.facts.releasedAt = 9
        sketch.codes[0].facts.flags = [.valid, .automatic, .lastRelease, .giftCard]
        #expect(sketch.encoded == smallImage(version: 2, flags: [41, 1], releasedAt: 9))
    }

    /// As the daemon wrote them before it knew of releases. The difference: a shorter header, and
    /// one byte of flags.
    @Test func `is read as the version before wrote it`() throws {
        let image = smallImage(version: 1, flags: [17])
        let sketch = try ImageSketch(reading: image.span)
        #expect(sketch.encoded == smallImage(version: 2, flags: [17, 0]))
        for length in 0..<image.count {
            #expect(throws: OrderImageFault.self) {
                try ImageSketch(reading: Array(image[..<length]).span)
            }
        }
        // Bit 5 came with version 2.
        #expect(damagedPart(of: smallImage(version: 1, flags: [49])) == .code)
    }

    @Test func `holds the largest order that a line can ask for`() throws {
        var sketch = ImageSketch()
        sketch.facts.decidedAt = .max
        sketch.facts.total = .max
        sketch.lineDiscounts = [Int64](repeating: .max, count: 65_536)
        sketch.customer = String(repeating: "c", count: 65_536)
        sketch.metadata = (0..<1_024).map { [String($0), ""] }
        var code = ImageSketch.Code(fragment: String(repeating: "f", count: 1 << 20))
        code.facts.flags = [.valid, .hasLineDiscounts]
        code.facts.redemption = .max
        code.lineDiscounts = [Int64](repeating: 1, count: 65_536)
        code.consumptions = (0..<255).map {
            .init(kind: .code, detail: String($0), amount: .max)
        }
        sketch.codes = [ImageSketch.Code](repeating: code, count: 16)
        #expect(try ImageSketch(reading: sketch.encoded.span) == sketch)
    }

    @Test func `of a reserve is refused when it says no time to lapse`() {
        var image = ImageSketch().encoded
        image[1] = OrderState.reserved.rawValue
        #expect(damagedPart(of: image) == .time)
    }

    @Test func `is written again into the same memory`() throws {
        var writer = OrderImageWriter()
        var usage = UsageTable(seed: HashSeed(1))
        for sketch in [ImageSketch.full, ImageSketch(), .full] {
            sketch.write(with: &writer, &usage)
            #expect(try ImageSketch(reading: writer.bytes) == sketch)
        }
    }

    @Test func `is refused at every length but its own`() {
        let whole = ImageSketch.full.encoded
        for length in 0..<whole.count {
            #expect(throws: OrderImageFault.self) {
                try ImageSketch(reading: Array(whole[..<length]).span)
            }
        }
        #expect(throws: OrderImageFault.self) { try ImageSketch(reading: (whole + [0]).span) }
    }

    /// An image alone carries no checksum (the file around it does), so a damaged one may be read
    /// as another order; but it is read or refused, and never traps.
    @Test func `never causes a trap, also with any byte damaged`() {
        let whole = ImageSketch.full.encoded
        var refused = 0
        for offset in whole.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF, whole[offset] ^ 1, whole[offset] &+ 1]
            where value != whole[offset] {
                var damaged = whole
                damaged[offset] = value
                do {
                    let sketch = try ImageSketch(reading: damaged.span)
                    #expect(sketch != .full || sketch.encoded == whole)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > whole.count)
    }

    @Test(
        arguments: [
            (0, 0, .version), (0, 4, .version), (1, 0, .state), (1, 5, .state), (2, 8, .modes),
            (3, 1, .modes),
            (4, 0, .length), (15, 0x80, .time), (48, 0x20, .currency), (51, 1, .currency),
            (63, 0x80, .money), (107, 0x80, .time), (108, 0xFF, .customer),
            (109, 0xFF, .customer),
        ] as [(Int, UInt8, OrderImageFault.Part)])
    func `says which field is damaged`(offset: Int, value: UInt8, part: OrderImageFault.Part) {
        var damaged = ImageSketch.full.encoded
        damaged[offset] = value
        #expect(damagedPart(of: damaged) == part)
    }

    /// The part that could not be read, or nil when the whole image could.
    private func damagedPart(of image: [UInt8]) -> OrderImageFault.Part? {
        do {
            _ = try ImageSketch(reading: image.span)
            return nil
        } catch {
            return error.part
        }
    }

    @Test func `traps when its parts come out of order`() async {
        await #expect(processExitsWith: .failure) {
            var writer = OrderImageWriter()
            writer.appendLineDiscount(1)
        }
        await #expect(processExitsWith: .failure) {
            var sketch = ImageSketch.full
            sketch.codes[0].lineDiscounts.removeLast()
            _ = sketch.encoded
        }
        await #expect(processExitsWith: .failure) {
            var sketch = ImageSketch()
            sketch.facts.total = -1
            _ = sketch.encoded
        }
        await #expect(processExitsWith: .failure) {
            var sketch = ImageSketch(state: .reserved)
            sketch.facts.expiresAt = 0
            _ = sketch.encoded
        }
    }
}

@Suite struct `An order's state` {
    @Test func `follows only what the list of transitions allows`() {
        let legal: [OrderState: [OrderState]] = [
            .reserved: [.reserved, .applied, .released],
            .applied: [.partlyApplied, .released],
            .partlyApplied: [.partlyApplied, .released],
            .released: [.reserved, .applied],
        ]
        for (from, followers) in legal {
            for to in OrderState.allCases {
                #expect(from.mayBecome(to) == followers.contains(to), "\(from) → \(to)")
            }
        }
        #expect(OrderState.allCases.filter(\.mayBegin) == [.reserved, .applied])
    }
}
