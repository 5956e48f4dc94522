import Definitions
import CouponRules
import FlatStorage

// # The catalog's image, version 3
//
// A compiled catalog as a file that can be read back without compiling anything. Integers of the
// header are little-endian; a *varint* is LEB128, a *text* a varint length and its bytes, a *table*
// the memory of a table.
//
// ```
// offset size
//      0    8  "CPNDCTLG"
//      8    4  version, 3
//     12    4  0
//     16    8  fingerprint of the rows' layout
//     24    8  length of the content in bytes
//     32    8  XXH3-64 of the content
//     40    8  XXH3-64 of the 40 bytes above
//     48       sources: text program; varint paths, each a text; 1 byte whether complete;
//                varint folders, each a text path, varint names, each a text;
//                varint files, each a text path, four times 8 bytes of its stamp, 1 byte flags (1:
//                young, 2: lacks its last line end), 8 bytes hash of its content; varint warnings
//              tables: stores, coupons, codes, gift cards, rules, reply facts, offer facts,
//                discount facts, automatic coupons
//              zones: varint zones after UTC, each varint transitions, each 8 bytes start and
//                8 bytes offset
// ```
//
// What comes from elsewhere, was cut off, changed, or written by a build with other rows is refused
// before anything of the content is looked at. What the checksum holds for is trusted as memory is:
// the daemon wrote it, for itself, into a folder that is its own.

enum CatalogImageFormat {
    /// "CPNDCTLG", as the little-endian integer of its bytes.
    static let magic: UInt64 = 0x474C_5443_444E_5043
    /// Raised when this layout changes, or anything in the tables that ``CatalogLayout`` cannot see.
    static let version: UInt32 = 3
    static let lengthOffset = 24
    static let contentChecksumOffset = 32
    static let headerChecksumOffset = 40
    static let headerLength = 48
}

/// Why bytes are not the image of a catalog that this program can use.
package enum CatalogImageProblem: Error, Equatable, Sendable {
    /// Something else, or nothing.
    case foreign
    /// Another version of the program wrote it, in another form.
    case otherFormat(UInt32)
    /// Another build of the program wrote it, whose rows lie differently in memory.
    case otherLayout
    /// `expected` is nil when not even the header is whole.
    case wrongLength(expected: UInt64?, found: Int)
    /// The header is not what was written.
    case headerDamaged
    /// The content is not what was written.
    case contentDamaged
    /// The checksums hold, but at this offset stands what cannot be there.
    case contradiction(offset: Int)
}

// MARK: Writing

extension Catalog {
    /// The catalog, made from `sources`, in the form that ``CatalogImage`` reads.
    package func image(madeFrom sources: CatalogSources) -> ByteBuffer {
        var image = ByteBuffer(capacity: CatalogImageFormat.headerLength + tablesByteCount + 65_536)
        image.appendLittleEndian(CatalogImageFormat.magic)
        image.appendLittleEndian(CatalogImageFormat.version)
        image.appendLittleEndian(UInt32(0))
        image.appendLittleEndian(CatalogLayout.fingerprint)
        for _ in 0..<3 { image.appendLittleEndian(UInt64(0)) }
        sources.append(to: &image)
        stores.appendImage(to: &image)
        couponTable.appendImage(to: &image)
        codes.appendImage(to: &image)
        giftCards.appendImage(to: &image)
        rules.appendImage(to: &image)
        replyFacts.appendImage(to: &image)
        offerFacts.appendImage(to: &image)
        discountFacts.appendImage(to: &image)
        autoCoupons.appendImage(to: &image)
        append(zones, to: &image)
        seal(&image)
        return image
    }

    /// What the tables take in the image: nearly all of it. Growing the buffer would copy it.
    private var tablesByteCount: Int {
        stores.imageByteCount + couponTable.imageByteCount + codes.imageByteCount
            + giftCards.imageByteCount + rules.imageByteCount + replyFacts.imageByteCount
            + offerFacts.imageByteCount + discountFacts.imageByteCount + autoCoupons.imageByteCount
    }

    private func append(_ zones: ZoneTable, to image: inout ByteBuffer) {
        image.appendVarint(UInt64(zones.count - 1))
        for index in 1..<max(zones.count, 1) {
            let transitions = zones.transitions(of: ZoneID(index: UInt32(index)))
            image.appendVarint(UInt64(transitions.count))
            for transition in transitions {
                image.appendLittleEndian(transition.start.millisecondsSinceEpoch)
                image.appendLittleEndian(transition.offsetMilliseconds)
            }
        }
    }

    private func seal(_ image: inout ByteBuffer) {
        typealias Format = CatalogImageFormat
        let content = Format.headerLength..<image.count
        let contentChecksum = hash64(image.bytes(in: content), seed: 0)
        image.setLittleEndian(UInt64(content.count), at: Format.lengthOffset)
        image.setLittleEndian(contentChecksum, at: Format.contentChecksumOffset)
        let header = hash64(image.bytes(in: 0..<Format.headerChecksumOffset), seed: 0)
        image.setLittleEndian(header, at: Format.headerChecksumOffset)
    }
}

extension CatalogSources {
    fileprivate func append(to image: inout ByteBuffer) {
        image.appendCounted(program.utf8.span)
        image.append(texts: paths)
        image.append(isComplete ? 1 : 0)
        image.appendVarint(UInt64(folders.count))
        for folder in folders {
            image.appendCounted(folder.path.utf8.span)
            image.append(texts: folder.names)
        }
        image.appendVarint(UInt64(files.count))
        for file in files {
            image.appendCounted(file.path.utf8.span)
            image.appendLittleEndian(file.stamp.byteCount)
            image.appendLittleEndian(file.stamp.contentChangedAt)
            image.appendLittleEndian(file.stamp.inodeChangedAt)
            image.appendLittleEndian(file.stamp.inode)
            image.append((file.isYoung ? 1 : 0) | (file.lacksLineEnd ? 2 : 0))
            image.appendLittleEndian(file.contentHash)
        }
        image.appendVarint(UInt64(warningCount))
    }
}

extension ByteBuffer {
    fileprivate mutating func append(texts: [String]) {
        appendVarint(UInt64(texts.count))
        for text in texts { appendCounted(text.utf8.span) }
    }
}

// MARK: Reading

/// The bytes of a catalog's image, found to be whole and of this build.
package struct CatalogImage: ~Escapable {
    /// What the catalog was compiled from.
    package let sources: CatalogSources
    /// Where the tables begin.
    private let tables: ByteReader

    /// Takes the time of reading `bytes` once: their checksum is computed.
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) throws(CatalogImageProblem) {
        try CatalogImage.check(bytes)
        let headerLength = CatalogImageFormat.headerLength
        var reader = ByteReader(bytes.extracting(headerLength..<bytes.count))
        guard let sources = CatalogSources(from: &reader) else {
            throw .contradiction(offset: headerLength + reader.position)
        }
        self.sources = sources
        tables = reader
    }

    /// Finds out what kind of file it is first, then whether it is whole, then whether it is what was
    /// written.
    private static func check(_ bytes: Span<UInt8>) throws(CatalogImageProblem) {
        typealias Format = CatalogImageFormat
        if bytes.isEmpty { throw .foreign }
        for index in 0..<min(bytes.count, 8)
        where bytes[index] != UInt8(truncatingIfNeeded: Format.magic >> (8 * index)) {
            throw .foreign
        }
        var reader = ByteReader(bytes)
        guard reader.uint64() != nil, let version = reader.uint32() else {
            throw .wrongLength(expected: nil, found: bytes.count)
        }
        // Before anything else is judged: another version may look different from here on.
        guard version == Format.version else { throw .otherFormat(version) }
        guard let padding = reader.uint32(), let layout = reader.uint64(),
            let length = reader.uint64(), let contentChecksum = reader.uint64(),
            let headerChecksum = reader.uint64()
        else { throw .wrongLength(expected: nil, found: bytes.count) }
        let checked = bytes.extracting(0..<Format.headerChecksumOffset)
        guard padding == 0, hash64(checked, seed: 0) == headerChecksum else {
            throw .headerDamaged
        }
        guard layout == CatalogLayout.fingerprint else { throw .otherLayout }
        let content = bytes.extracting(Format.headerLength..<bytes.count)
        guard length == UInt64(content.count) else {
            let (expected, _) = length.addingReportingOverflow(UInt64(Format.headerLength))
            throw .wrongLength(expected: expected, found: bytes.count)
        }
        guard hash64(content, seed: 0) == contentChecksum else { throw .contentDamaged }
    }

    /// The catalog, in memory of its own.
    package func catalog() throws(CatalogImageProblem) -> Catalog {
        var reader = tables
        guard let stores = StoreTable(image: &reader),
            let coupons = CouponTable(image: &reader),
            let codes = CodeTable(image: &reader),
            let giftCards = GiftCardTable(image: &reader),
            let rules = RuleStorage(image: &reader),
            let replyFacts = TextTable(image: &reader),
            let offerFacts = TextTable(image: &reader),
            let discountFacts = TextTable(image: &reader),
            let autoCoupons = AutoCoupons(image: &reader),
            let zones = ZoneTable(from: &reader), reader.remaining == 0
        else {
            throw .contradiction(offset: CatalogImageFormat.headerLength + reader.position)
        }
        return Catalog(
            stores: stores, coupons: coupons, codes: codes, giftCards: giftCards, rules: rules,
            replyFacts: replyFacts, offerFacts: offerFacts, discountFacts: discountFacts,
            autoCoupons: autoCoupons, zones: zones)
    }
}

extension CatalogSources {
    fileprivate init?(from reader: inout ByteReader) {
        guard let program = reader.text(), let paths = reader.texts(),
            let complete = reader.byte(), let folderCount = reader.varint()
        else { return nil }
        self.init(program: program, paths: paths)
        isComplete = complete == 1
        for _ in 0..<folderCount {
            guard let path = reader.text(), let names = reader.texts() else { return nil }
            folders.append(Folder(path: path, names: names))
        }
        guard let fileCount = reader.varint() else { return nil }
        for _ in 0..<fileCount {
            guard let path = reader.text(), let stamp = FileStamp(from: &reader),
                let flags = reader.byte(), let contentHash = reader.uint64()
            else { return nil }
            files.append(
                File(
                    path: path, stamp: stamp, isYoung: flags & 1 != 0, contentHash: contentHash,
                    lacksLineEnd: flags & 2 != 0))
        }
        guard let warnings = reader.varint() else { return nil }
        warningCount = Int(clamping: warnings)
    }
}

extension FileStamp {
    fileprivate init?(from reader: inout ByteReader) {
        guard let byteCount = reader.int64(), let contentChangedAt = reader.int64(),
            let inodeChangedAt = reader.int64(), let inode = reader.uint64()
        else { return nil }
        self.init(
            byteCount: byteCount, contentChangedAt: contentChangedAt,
            inodeChangedAt: inodeChangedAt, inode: inode)
    }
}

extension ZoneTable {
    fileprivate init?(from reader: inout ByteReader) {
        self.init()
        guard let zoneCount = reader.varint() else { return nil }
        for _ in 0..<zoneCount {
            guard let transitionCount = reader.varint() else { return nil }
            var zone: [ZoneTransition] = []
            for _ in 0..<transitionCount {
                guard let start = reader.int64(), let offset = reader.int64() else { return nil }
                zone.append(
                    ZoneTransition(
                        start: Instant(millisecondsSinceEpoch: start), offsetMilliseconds: offset))
            }
            guard zone.first?.start == .distantPast else { return nil }
            _ = add(zone)
        }
    }
}

extension ByteReader {
    fileprivate mutating func int64() -> Int64? { uint64().map(Int64.init(bitPattern:)) }

    fileprivate mutating func text() -> String? {
        guard let text = counted() else { return nil }
        return string(text)
    }

    fileprivate mutating func texts() -> [String]? {
        guard let count = varint() else { return nil }
        var texts: [String] = []
        for _ in 0..<count {
            guard let text = text() else { return nil }
            texts.append(text)
        }
        return texts
    }
}
