import FlatStorage

/// Reads an order's image where it lies.
///
/// Making one checks every field, so reading it afterwards cannot fail: damage is an
/// ``OrderImageFault`` once, at the border, and never a trap.
package struct OrderImageView: ~Escapable {
    /// The whole image.
    let bytes: Span<UInt8>
    private let version: UInt8
    package let facts: OrderFacts
    package let lineCount: Int
    package let metadataCount: Int
    package let codeCount: Int
    /// Empty when the request named no customer.
    package let customer: Span<UInt8>
    /// Empty when the request had no e-mail.
    package let email: Span<UInt8>
    private let linesOffset: Int
    private let metadataOffset: Int
    private let codesOffset: Int

    /// Checks `bytes`, which hold one image and nothing else.
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) throws(OrderImageFault) {
        try self.init(trusting: bytes)
        guard customer.isText && email.isText else {
            throw OrderImageFault(
                part: .customer, offset: OrderImageLayout.headerLength(in: version))
        }
        var pairs = metadata
        while let pair = pairs.next() {
            guard pair.name.isText && pair.value.isText else {
                throw OrderImageFault(part: .metadata, offset: metadataOffset)
            }
        }
        var reader = ByteReader(bytes.extracting(codesOffset..<bytes.count))
        for _ in 0..<codeCount {
            let start = codesOffset + reader.position
            let isText: Bool
            do {
                isText = try OrderImageCode(&reader, lineCount: lineCount, version: version).isText
            } catch {
                throw OrderImageFault(part: error.part, offset: codesOffset + error.offset)
            }
            guard isText else { throw OrderImageFault(part: .code, offset: start) }
        }
        guard reader.remaining == 0 else {
            throw OrderImageFault(part: .end, offset: codesOffset + reader.position)
        }
    }

    /// An image that the ledger holds, or that the writer has finished: it is whole.
    @_lifetime(copy image)
    package init(recorded image: Span<UInt8>) {
        do {
            try self.init(trusting: image)
        } catch {
            preconditionFailure("an image on record is whole: \(error)")
        }
    }

    /// Reads the header and finds the parts. It leaves out what only damage could make wrong: the
    /// codes and the encoding of the texts.
    @_lifetime(copy bytes)
    private init(trusting bytes: Span<UInt8>) throws(OrderImageFault) {
        self.bytes = bytes
        var header = OrderImageHeaderReader(bytes)
        facts = try header.facts()
        version = header.version
        lineCount = header.lineCount
        metadataCount = header.metadataCount
        codeCount = header.codeCount
        var reader = header.reader
        guard let customer = reader.counted(), let email = reader.counted() else {
            throw OrderImageFault(part: .customer, offset: reader.position)
        }
        self.customer = customer
        self.email = email
        linesOffset = reader.position
        for _ in 0..<lineCount where reader.varint63() == nil {
            throw OrderImageFault(part: .lineDiscount, offset: reader.position)
        }
        metadataOffset = reader.position
        for _ in 0..<metadataCount {
            guard reader.counted() != nil, reader.counted() != nil else {
                throw OrderImageFault(part: .metadata, offset: reader.position)
            }
        }
        codesOffset = reader.position
    }

    /// What is taken off each cart line.
    package var lineDiscounts: OrderImageAmounts {
        @_lifetime(copy self)
        get {
            OrderImageAmounts(
                ByteReader(bytes.extracting(linesOffset..<metadataOffset)), count: lineCount)
        }
    }

    /// What the shop had stored.
    package var metadata: OrderImageMetadata {
        @_lifetime(copy self)
        get {
            OrderImageMetadata(
                reader: ByteReader(bytes.extracting(metadataOffset..<codesOffset)),
                remaining: metadataCount)
        }
    }

    /// The codes, in the order of the reply.
    package var codes: OrderImageCodes {
        @_lifetime(copy self)
        get {
            OrderImageCodes(
                reader: ByteReader(bytes.extracting(codesOffset..<bytes.count)),
                remaining: codeCount, lineCount: lineCount, version: version)
        }
    }

    /// The bytes of line discounts and metadata, which are alike in all versions.
    var linesAndMetadata: Span<UInt8> {
        @_lifetime(copy self)
        get { bytes.extracting(linesOffset..<codesOffset) }
    }
}
