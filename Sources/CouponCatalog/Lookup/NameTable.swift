// Three things of a catalog are a set of texts that are found by their bytes and then known by a
// number: its vocabulary, its stores and its coupons. Texts lie end to end in one arena.

import CouponRules
import FlatStorage

/// What hashes of a catalog's own texts begin with. It is fixed, so that a catalog built twice is
/// the same twice; shoppers cannot put texts into a catalog, so none can aim at one bucket.
let catalogSeed: UInt64 = 0x636F_7570_6F6E_6421

/// Texts by number, in the order they were added.
struct TextTable: ~Copyable, Sendable {
    private var bytes = ByteBuffer()
    private var ends = FlatArray<Int>()

    var count: Int { ends.count }

    /// Memory in use, for statistics.
    var byteCount: Int { bytes.capacity + ends.capacity * 8 }

    subscript(number: Int) -> Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.bytes(in: (number == 0 ? 0 : ends[number - 1])..<ends[number]) }
    }

    mutating func add(_ text: Span<UInt8>) -> Int {
        bytes.append(text)
        ends.append(bytes.count)
        return ends.count - 1
    }

    mutating func shrinkToFit() {
        bytes.shrinkToFit()
        ends.shrinkToFit()
    }
}

/// Different texts by number, and numbers by text.
struct NameTable: ~Copyable, Sendable {
    private(set) var texts = TextTable()
    private var index = HashIndex()

    var count: Int { texts.count }

    static func hash(of text: Span<UInt8>) -> UInt64 { hash64(text, seed: catalogSeed) }

    func number(of text: Span<UInt8>) -> Int? {
        var probe = index.probe(NameTable.hash(of: text))
        while let number = index.next(&probe) {
            if texts[number].isEqual(to: text) { return number }
        }
        return nil
    }

    /// The number of `text`, which becomes the next one if it is new.
    mutating func numberAdding(_ text: Span<UInt8>) -> Int {
        if let known = number(of: text) { return known }
        if index.isFull { growIndex() }
        let number = texts.add(text)
        index.insert(row: number, hash: NameTable.hash(of: text))
        return number
    }

    private mutating func growIndex() {
        index = HashIndex(rowCount: texts.count * 2)
        for number in 0..<texts.count {
            index.insert(row: number, hash: NameTable.hash(of: texts[number]))
        }
    }
}

// MARK: Memory images

extension TextTable {
    func appendImage(to buffer: inout ByteBuffer) {
        bytes.appendImage(to: &buffer)
        ends.appendImage(to: &buffer)
    }

    var imageByteCount: Int { bytes.imageByteCount + ends.imageByteCount }

    init?(image reader: inout ByteReader) {
        guard let bytes = ByteBuffer(image: &reader), let ends = FlatArray<Int>(image: &reader)
        else { return nil }
        self.init(bytes: bytes, ends: ends)
    }
}

extension NameTable {
    func appendImage(to buffer: inout ByteBuffer) {
        texts.appendImage(to: &buffer)
        index.appendImage(to: &buffer)
    }

    var imageByteCount: Int { texts.imageByteCount + index.imageByteCount }

    init?(image reader: inout ByteReader) {
        guard let texts = TextTable(image: &reader), let index = HashIndex(image: &reader)
        else { return nil }
        self.init(texts: texts, index: index)
    }
}

/// The text of bytes that were checked to be UTF-8 when they were read.
func string(_ bytes: Span<UInt8>) -> String {
    String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
}
