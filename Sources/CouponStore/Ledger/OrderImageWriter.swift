import FlatStorage

/// What a code of an order takes from one counter.
struct Consumption: BitwiseCopyable {
    let counter: CounterID
    let amount: UInt64
}

/// Writes one order's image after another into memory that it keeps.
///
/// The parts come in the order of the layout: ``begin(_:customer:email:)``, line discounts,
/// metadata, then each code with its line discounts, its fragment and its consumptions, and at last
/// ``finish()``. Nothing is allocated once the buffer has grown to the largest image.
package struct OrderImageWriter: ~Copyable, Sendable {
    private enum Stage {
        case idle, lines, metadata, codeLines, consumptions
    }

    private var buffer: ByteBuffer
    private var stage = Stage.idle
    private var lineCount = 0
    private var metadataCount = 0
    private var codeCount = 0
    /// Line discounts of the code that is being written: how many, and whether it has any.
    private var codeLineCount = 0
    private var expectsCodeLines = false
    private var consumptionCount = 0
    private var consumptionCountOffset = 0

    /// The facts about the order as a whole.
    private(set) var facts = OrderFacts(
        state: .released, decidedAt: 0, request: Fingerprint(low: 0, high: 0))
    /// What all its codes consume.
    private(set) var consumptions = FlatArray<Consumption>(capacity: 64)
    /// Codes that passed and were not given back.
    private(set) var codesLeft = 0

    package init(capacity: Int = 1_024) { buffer = ByteBuffer(capacity: capacity) }

    /// Whether there is a whole image.
    var isFinished: Bool { stage == .idle && buffer.count > 0 }

    /// The image, whole after ``finish()``.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { buffer.bytes }
    }

    /// Starts an image and forgets the one before. An empty text is "none".
    package mutating func begin(_ facts: OrderFacts, customer: Span<UInt8>, email: Span<UInt8>) {
        precondition(
            facts.decidedAt >= 0 && facts.reservedAt >= 0 && facts.expiresAt >= 0
                && facts.releasedAt >= 0 && facts.bookedFor >= 0 && facts.keptFrom >= 0
                && facts.subtotal >= 0 && facts.shipping >= 0 && facts.discount >= 0
                && facts.shippingDiscount >= 0 && facts.total >= 0,
            "an order's times and money are not negative")
        precondition(
            facts.state != .reserved || facts.expiresAt > 0, "a reserve says when it lapses")
        buffer.removeAll()
        self.facts = facts
        consumptions.removeAll()
        codesLeft = 0
        stage = .lines
        lineCount = 0
        metadataCount = 0
        codeCount = 0
        var modes = facts.modes
        if facts.bookedFor > 0 { modes.insert(.isBooked) }
        if facts.keptFrom > 0 { modes.insert(.isDated) }
        let isDated = modes != facts.modes
        buffer.append(isDated ? OrderImageLayout.datedVersion : OrderImageLayout.version)
        buffer.append(facts.state.rawValue)
        buffer.appendLittleEndian(modes.rawValue)
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(facts.decidedAt)
        buffer.appendLittleEndian(facts.reservedAt)
        buffer.appendLittleEndian(facts.expiresAt)
        buffer.appendLittleEndian(facts.request.low)
        buffer.appendLittleEndian(facts.request.high)
        buffer.appendLittleEndian(facts.currency)
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(facts.subtotal)
        buffer.appendLittleEndian(facts.shipping)
        buffer.appendLittleEndian(facts.discount)
        buffer.appendLittleEndian(facts.shippingDiscount)
        buffer.appendLittleEndian(facts.total)
        buffer.appendLittleEndian(UInt16(0))
        buffer.appendLittleEndian(UInt16(0))
        buffer.appendLittleEndian(facts.releasedAt)
        if facts.bookedFor > 0 { buffer.appendLittleEndian(facts.bookedFor) }
        if facts.keptFrom > 0 { buffer.appendLittleEndian(facts.keptFrom) }
        buffer.appendCounted(customer)
        buffer.appendCounted(email)
    }

    /// The discount of the next cart line.
    package mutating func appendLineDiscount(_ amount: Int64) {
        precondition(stage == .lines, "line discounts follow the customer")
        appendMoney(amount)
        lineCount += 1
    }

    /// One pair of what the shop wants stored.
    package mutating func appendMetadata(name: Span<UInt8>, value: Span<UInt8>) {
        precondition(stage == .lines || stage == .metadata, "metadata follows the line discounts")
        stage = .metadata
        buffer.appendCounted(name)
        buffer.appendCounted(value)
        metadataCount += 1
    }

    /// Starts the entry of the next code. `usageKey` is the coupon part of its counters' keys.
    package mutating func beginCode(
        _ facts: CodeFacts, code: Span<UInt8>, coupon: Span<UInt8>, usageKey: Span<UInt8>
    ) {
        precondition(
            stage == .lines || stage == .metadata || stage == .consumptions,
            "a code follows the metadata or a code that has its fragment")
        precondition(
            !facts.flags.contains(.valid) || facts.reason == 0, "a valid code has no reason")
        endConsumptions()
        buffer.appendLittleEndian(facts.flags.rawValue)
        buffer.append(facts.reason)
        buffer.appendLittleEndian(facts.redemption)
        appendMoney(facts.discount)
        appendMoney(facts.shippingDiscount)
        buffer.appendCounted(code)
        buffer.appendCounted(coupon)
        buffer.appendCounted(usageKey)
        codeCount += 1
        if facts.isLeft { codesLeft += 1 }
        codeLineCount = 0
        expectsCodeLines = facts.flags.contains(.hasLineDiscounts)
        stage = .codeLines
    }

    /// What the current code takes off the next cart line.
    package mutating func appendCodeLineDiscount(_ amount: Int64) {
        precondition(
            stage == .codeLines && expectsCodeLines, "a code said to have line discounts has them")
        appendMoney(amount)
        codeLineCount += 1
    }

    /// The members of the reply's entry that a replay repeats: JSON, as it was said.
    package mutating func writeFragment(_ fragment: Span<UInt8>) {
        precondition(stage == .codeLines, "a code has one fragment")
        precondition(
            codeLineCount == (expectsCodeLines ? lineCount : 0),
            "a code has a line discount for each cart line")
        buffer.appendCounted(fragment)
        consumptionCount = 0
        consumptionCountOffset = buffer.count
        buffer.append(0)
        stage = .consumptions
    }

    /// What the current code consumes from `counter`, which is under the code's own usage key or, by
    /// its kind, shared by the offers of a store.
    package mutating func appendConsumption(
        of counter: CounterID, in usage: borrowing UsageTable, amount: UInt64
    ) {
        let kind = usage.kind(counter)
        appendConsumption(
            of: counter, kind,
            couponKey: kind == .sharedOffer ? usage.couponKey(counter) : Span(),
            detail: usage.detail(counter), amount: amount)
    }

    /// What the current code consumes from `counter`, whose key is the kind, the coupon's part and the
    /// detail. An empty `couponKey` is the code's own usage key.
    package mutating func appendConsumption(
        of counter: CounterID, _ kind: CounterKind, couponKey: Span<UInt8>, detail: Span<UInt8>,
        amount: UInt64
    ) {
        precondition(
            stage == .consumptions && consumptionCount < 255,
            "at most 255 consumptions follow a code's fragment")
        // A counter of uses goes when it counts nothing, though an order might still name it.
        precondition(kind.isMoney || amount > 0, "a use counts once at least")
        buffer.append(kind.rawValue)
        buffer.appendCounted(couponKey)
        buffer.appendCounted(detail)
        buffer.appendVarint(amount)
        consumptions.append(Consumption(counter: counter, amount: amount))
        consumptionCount += 1
    }

    /// Completes the image.
    package mutating func finish() {
        precondition(
            stage == .lines || stage == .metadata || stage == .consumptions,
            "an image is finished once, after its last code's fragment")
        endConsumptions()
        buffer.setLittleEndian(UInt32(buffer.count), at: OrderImageLayout.lengthOffset)
        buffer.setLittleEndian(UInt32(lineCount), at: OrderImageLayout.lineCountOffset)
        buffer.setLittleEndian(UInt16(metadataCount), at: OrderImageLayout.metadataCountOffset)
        buffer.setLittleEndian(UInt16(codeCount), at: OrderImageLayout.codeCountOffset)
        stage = .idle
    }

    // MARK: - Rewriting

    /// Starts an image that repeats another one up to its codes, with other `facts`.
    mutating func begin(_ facts: OrderFacts, repeating image: borrowing OrderImageView) {
        begin(facts, customer: image.customer, email: image.email)
        buffer.append(image.linesAndMetadata)
        lineCount = image.lineCount
        metadataCount = image.metadataCount
        stage = .metadata
    }

    /// Which of a code's consumptions an entry repeats.
    enum Kept {
        case all, counts, none

        func includes(_ kind: CounterKind) -> Bool {
            switch self {
            case .all: true
            case .counts: !kind.isMoney
            case .none: false
            }
        }
    }

    /// Repeats a code of another image with other `flags`, and with what of its consumptions is
    /// kept. All of them have their counters in `usage`.
    mutating func appendCode(
        repeating code: borrowing OrderImageCode, flags: CodeFlags, keeping kept: Kept,
        _ usage: borrowing UsageTable
    ) {
        var facts = code.facts
        facts.flags = flags
        beginCode(facts, code: code.code, coupon: code.coupon, usageKey: code.usageKey)
        var amounts = code.lineDiscounts
        while let amount = amounts.next() { appendCodeLineDiscount(amount) }
        writeFragment(code.fragment)
        var consumptions = code.consumptions
        while let consumption = consumptions.next() {
            guard kept.includes(consumption.kind) else { continue }
            let isOwn = consumption.couponKey.isEqual(to: code.usageKey)
            appendConsumption(
                of: usage.counter(of: consumption), consumption.kind,
                couponKey: isOwn ? consumption.couponKey.extracting(0..<0) : consumption.couponKey,
                detail: consumption.detail, amount: consumption.amount)
        }
    }

    private mutating func endConsumptions() {
        if stage == .consumptions { buffer[consumptionCountOffset] = UInt8(consumptionCount) }
    }

    private mutating func appendMoney(_ amount: Int64) {
        precondition(amount >= 0, "money in an image is not negative")
        buffer.appendVarint(UInt64(amount))
    }
}
