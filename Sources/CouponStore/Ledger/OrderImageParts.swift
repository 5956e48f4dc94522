import FlatStorage

// The pieces that a view hands out. Each reads the image again as it goes: the bytes are few and
// near, and nothing has to be set aside for them.

/// One code's entry.
package struct OrderImageCode: ~Escapable {
    package let facts: CodeFacts
    /// The code as stored; empty for an automatic coupon.
    package let code: Span<UInt8>
    package let coupon: Span<UInt8>
    /// The coupon part of its counters' keys.
    package let usageKey: Span<UInt8>
    /// The members of the reply's entry, as they were said.
    package let fragment: Span<UInt8>
    /// What it takes off each cart line; empty when it has no line discounts of its own.
    package let lineDiscounts: OrderImageAmounts
    /// What it consumes.
    package let consumptions: OrderImageConsumptions

    @_lifetime(copy reader)
    init(_ reader: inout ByteReader, lineCount: Int, version: UInt8) throws(OrderImageFault) {
        guard let flags = reader.codeFlags(in: version),
            flags.isSubset(of: CodeFlags.known(in: version)),
            let reason = reader.byte(), !flags.contains(.valid) || reason == 0,
            let redemption = reader.uint64()
        else { throw OrderImageFault(part: .code, offset: reader.position) }
        var facts = CodeFacts(flags: flags)
        facts.reason = reason
        facts.redemption = redemption
        guard let discount = reader.varint63(), let shippingDiscount = reader.varint63() else {
            throw OrderImageFault(part: .money, offset: reader.position)
        }
        facts.discount = discount
        facts.shippingDiscount = shippingDiscount
        guard let code = reader.counted(), let coupon = reader.counted(),
            let usageKey = reader.counted()
        else { throw OrderImageFault(part: .code, offset: reader.position) }
        let amountCount = facts.flags.contains(.hasLineDiscounts) ? lineCount : 0
        let lineDiscounts = OrderImageAmounts(reader, count: amountCount)
        for _ in 0..<amountCount where reader.varint63() == nil {
            throw OrderImageFault(part: .lineDiscount, offset: reader.position)
        }
        guard let fragment = reader.counted() else {
            throw OrderImageFault(part: .code, offset: reader.position)
        }
        guard let consumptionCount = reader.byte() else {
            throw OrderImageFault(part: .consumption, offset: reader.position)
        }
        let consumptions = OrderImageConsumptions(
            reader: reader, remaining: Int(consumptionCount), usageKey: usageKey)
        for _ in 0..<consumptionCount {
            guard OrderImageConsumption(&reader, usageKey: usageKey) != nil else {
                throw OrderImageFault(part: .consumption, offset: reader.position)
            }
        }
        self.facts = facts
        self.code = code
        self.coupon = coupon
        self.usageKey = usageKey
        self.fragment = fragment
        self.lineDiscounts = lineDiscounts
        self.consumptions = consumptions
    }
}

/// The codes of an image, one after the other.
package struct OrderImageCodes: ~Escapable {
    private var reader: ByteReader
    private var remaining: Int
    private let lineCount: Int
    private let version: UInt8

    @_lifetime(copy reader)
    init(reader: ByteReader, remaining: Int, lineCount: Int, version: UInt8) {
        self.reader = reader
        self.remaining = remaining
        self.lineCount = lineCount
        self.version = version
    }

    @_lifetime(copy self)
    package mutating func next() -> OrderImageCode? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        do {
            return try OrderImageCode(&reader, lineCount: lineCount, version: version)
        } catch {
            preconditionFailure("a checked image reads the same twice")
        }
    }
}

extension OrderImageCode {
    /// Whether all its texts are UTF-8.
    var isText: Bool {
        guard code.isText && coupon.isText && usageKey.isText && fragment.isText else {
            return false
        }
        var consumptions = consumptions
        while let consumption = consumptions.next() {
            if !consumption.couponKey.isText || !consumption.detail.isText { return false }
        }
        return true
    }
}

/// What one counter gave, and how much of it.
package struct OrderImageConsumption: ~Escapable {
    package let kind: CounterKind
    /// The coupon part of the counter's key.
    package let couponKey: Span<UInt8>
    package let detail: Span<UInt8>
    package let amount: UInt64

    @_lifetime(copy reader, copy usageKey)
    init?(_ reader: inout ByteReader, usageKey: Span<UInt8>) {
        guard let kindCode = reader.byte(), let kind = CounterKind(rawValue: kindCode),
            let couponKey = reader.counted(), let detail = reader.counted(),
            let amount = reader.varint()
        else { return nil }
        self.kind = kind
        self.couponKey = couponKey.isEmpty ? usageKey : couponKey
        self.detail = detail
        self.amount = amount
    }
}

/// The consumptions of a code, one after the other.
package struct OrderImageConsumptions: ~Escapable {
    private var reader: ByteReader
    private var remaining: Int
    private let usageKey: Span<UInt8>

    @_lifetime(copy reader, copy usageKey)
    init(reader: ByteReader, remaining: Int, usageKey: Span<UInt8>) {
        self.reader = reader
        self.remaining = remaining
        self.usageKey = usageKey
    }

    /// Consumptions not yet read.
    package var count: Int { remaining }

    @_lifetime(copy self)
    package mutating func next() -> OrderImageConsumption? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        guard let consumption = OrderImageConsumption(&reader, usageKey: usageKey) else {
            preconditionFailure("a checked image reads the same twice")
        }
        return consumption
    }
}

/// Amounts in minor units, one after the other.
package struct OrderImageAmounts: ~Escapable {
    private var reader: ByteReader
    private var remaining: Int

    @_lifetime(copy reader)
    init(_ reader: ByteReader, count: Int) {
        self.reader = reader
        remaining = count
    }

    /// Amounts not yet read.
    package var count: Int { remaining }

    package mutating func next() -> Int64? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        guard let amount = reader.varint63() else {
            preconditionFailure("a checked image reads the same twice")
        }
        return amount
    }
}

/// One pair of what the shop had stored.
package struct OrderImagePair: ~Escapable {
    package let name: Span<UInt8>
    package let value: Span<UInt8>

    @_lifetime(copy name, copy value)
    init(name: Span<UInt8>, value: Span<UInt8>) {
        self.name = name
        self.value = value
    }
}

/// The metadata of an image, one pair after the other.
package struct OrderImageMetadata: ~Escapable {
    private var reader: ByteReader
    private var remaining: Int

    @_lifetime(copy reader)
    init(reader: ByteReader, remaining: Int) {
        self.reader = reader
        self.remaining = remaining
    }

    @_lifetime(copy self)
    package mutating func next() -> OrderImagePair? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        guard let name = reader.counted(), let value = reader.counted() else {
            preconditionFailure("a checked image reads the same twice")
        }
        return OrderImagePair(name: name, value: value)
    }
}

/// Reads and checks the fixed part of an image.
struct OrderImageHeaderReader: ~Escapable {
    private(set) var reader: ByteReader
    private let length: Int
    private(set) var version: UInt8 = 0
    private(set) var lineCount = 0
    private(set) var metadataCount = 0
    private(set) var codeCount = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        reader = ByteReader(bytes)
        length = bytes.count
    }

    mutating func facts() throws(OrderImageFault) -> OrderFacts {
        guard let version = reader.byte(), OrderImageLayout.versions.contains(version) else {
            throw OrderImageFault(part: .version, offset: 0)
        }
        self.version = version
        guard length >= OrderImageLayout.headerLength(in: version) else {
            throw OrderImageFault(part: .length, offset: length)
        }
        guard let stateCode = reader.byte(), let state = OrderState(rawValue: stateCode) else {
            throw OrderImageFault(part: .state, offset: 1)
        }
        guard let modes = reader.uint16(),
            modes & ~OrderModes.known(in: version).rawValue == 0
        else { throw OrderImageFault(part: .modes, offset: 2) }
        guard reader.uint32() == UInt32(exactly: length) else {
            throw OrderImageFault(part: .length, offset: OrderImageLayout.lengthOffset)
        }
        let decidedAt = try number(.time)
        let reservedAt = try number(.time)
        let expiresAt = try number(.time)
        // Nothing else would ever give back what it holds.
        guard state != .reserved || expiresAt > 0 else {
            throw OrderImageFault(part: .time, offset: reader.position)
        }
        guard let low = reader.uint64(),
            let high = reader.uint64()
        else { throw OrderImageFault(part: .length, offset: reader.position) }
        var facts = OrderFacts(
            state: state, decidedAt: decidedAt, request: Fingerprint(low: low, high: high))
        facts.modes = OrderModes(rawValue: modes).subtracting([.isBooked, .isDated])
        facts.reservedAt = reservedAt
        facts.expiresAt = expiresAt
        facts.currency = try currency()
        guard let lineCount = reader.uint32() else {
            throw OrderImageFault(part: .length, offset: reader.position)
        }
        self.lineCount = Int(lineCount)
        facts.subtotal = try number(.money)
        facts.shipping = try number(.money)
        facts.discount = try number(.money)
        facts.shippingDiscount = try number(.money)
        facts.total = try number(.money)
        guard let metadataCount = reader.uint16(),
            let codeCount = reader.uint16()
        else { throw OrderImageFault(part: .length, offset: reader.position) }
        self.metadataCount = Int(metadataCount)
        self.codeCount = Int(codeCount)
        if version > 1 { facts.releasedAt = try number(.time) }
        if modes & OrderModes.isBooked.rawValue != 0 { facts.bookedFor = try number(.time) }
        if modes & OrderModes.isDated.rawValue != 0 { facts.keptFrom = try number(.time) }
        return facts
    }

    /// Eight bytes that stand for less than 2^63.
    private mutating func number(_ part: OrderImageFault.Part) throws(OrderImageFault) -> Int64 {
        guard let number = reader.int63() else {
            throw OrderImageFault(part: part, offset: reader.position)
        }
        return number
    }

    private mutating func currency() throws(OrderImageFault) -> UInt32 {
        guard let packed = reader.uint32() else {
            throw OrderImageFault(part: .length, offset: reader.position)
        }
        if packed == 0 { return 0 }
        guard packed >> 24 == 0 else {
            throw OrderImageFault(part: .currency, offset: reader.position)
        }
        for index in 0..<UInt32(3) {
            let letter = packed >> (8 * index) & 0xFF
            guard letter >= 0x41 && letter <= 0x5A else {
                throw OrderImageFault(part: .currency, offset: reader.position)
            }
        }
        return packed
    }
}

extension ByteReader {
    /// The flags of a code, as wide as the version has them.
    fileprivate mutating func codeFlags(in version: UInt8) -> CodeFlags? {
        let raw = version == 1 ? byte().map { UInt16($0) } : uint16()
        return raw.map { CodeFlags(rawValue: $0) }
    }
}
