// Codes come by the million, so a row is eight bytes beside its text: where the text starts and who
// owns it. Starts count from the start of a block of 65,536 rows, which at 255 bytes a text fits
// three bytes; the fourth holds flags. What only some codes have lies in side tables, sorted by
// row because rows are only ever appended: options (an own window, limit, customer …), and the
// folded form of texts that are not ASCII (an ASCII text is folded as it is compared).
//
// The index hashes the folded text of every code, case-sensitive or not, together with its store:
// so one hash finds a request's code either way, and all that a new code could clash with.

import CouponRules
import FlatStorage

/// What one code says beyond its coupon, where it says anything.
struct CodeOptions: Hashable, BitwiseCopyable, Sendable {
    var terms = CodeTerms()
    /// The number of its reply facts, where they differ from its coupon's.
    var replyFacts: UInt32?

    /// Said by a flag instead.
    static var singleUse: CodeOptions {
        var options = CodeOptions()
        options.terms.usesLimit = 1
        return options
    }
}

/// Code rows, by number and by text.
struct CodeTable: ~Copyable, Sendable {
    struct Flags: OptionSet, BitwiseCopyable {
        let rawValue: UInt8

        static let singleUse = Flags(rawValue: 1 << 0)
        static let hasOptions = Flags(rawValue: 1 << 1)
        static let caseSensitive = Flags(rawValue: 1 << 2)
        static let notASCII = Flags(rawValue: 1 << 3)
        /// The owner is a gift card.
        static let giftCard = Flags(rawValue: 1 << 4)
    }

    private static let blockRowsShift = 16
    private static let startBits: UInt32 = 24

    /// Flags in the top byte, below them the text's start inside its block.
    private var places = FlatArray<UInt32>()
    /// A coupon's or a gift card's number.
    private var owners = FlatArray<UInt32>()
    private var blockStarts = FlatArray<Int>()
    private var texts = ByteBuffer()
    private var index = HashIndex()

    private var optionRows = FlatArray<UInt32>()
    private var options = FlatArray<CodeOptions>()
    private var foldedRows = FlatArray<UInt32>()
    private var foldedTexts = TextTable()
    private let inPlace = InPlace()

    var count: Int { places.count }

    /// Memory in use, for statistics.
    var byteCount: Int {
        places.capacity * 4 + owners.capacity * 4 + blockStarts.capacity * 8 + texts.capacity
            + index.byteCount + optionRows.capacity * 4 + foldedRows.capacity * 4
            + options.capacity * MemoryLayout<CodeOptions>.stride + foldedTexts.byteCount
    }

    // MARK: Reading

    func flags(of row: Int) -> Flags { Flags(rawValue: UInt8(places[row] >> CodeTable.startBits)) }

    func owner(of row: Int) -> Int { Int(owners[row]) }

    /// The text in its own case.
    @inline(__always)
    @_lifetime(borrow self)
    func text(of row: Int) -> Span<UInt8> {
        let end = row + 1 < places.count ? start(of: row + 1) : texts.count
        return texts.bytes(in: start(of: row)..<end)
    }

    func options(of row: Int) -> CodeOptions? {
        guard flags(of: row).contains(.hasOptions) else { return nil }
        return options[CodeTable.position(of: row, in: optionRows)]
    }

    /// Appends what makes the text one of its coupon's codes: folded unless case matters.
    func appendKeyText(of row: Int, to key: inout ByteBuffer) {
        if flags(of: row).contains(.caseSensitive) {
            key.append(text(of: row))
        } else {
            appendFoldedText(of: row, to: &key)
        }
    }

    func appendFoldedText(of row: Int, to folded: inout ByteBuffer) {
        if flags(of: row).contains(.notASCII) {
            folded.append(foldedTexts[CodeTable.position(of: row, in: foldedRows)])
            return
        }
        let text = text(of: row)
        for index in 0..<text.count { folded.append(CodeText.lowerCased(text[index])) }
    }

    // MARK: Finding

    // What a look-up asks is inlined into it: calling a method of a borrowed value of this size
    // copies the value's 300 bytes to the stack first.

    /// `foldedHash` is the durable hash of a code's folded text.
    static func hash(_ foldedHash: UInt64, in store: StoreID) -> UInt64 {
        combine(foldedHash, UInt64(store.index))
    }

    func probe(_ hash: UInt64) -> HashIndex.Probe { index.probe(hash) }

    /// The next row that `probe` leads to, with any text.
    func nextCandidate(_ probe: inout HashIndex.Probe) -> Int? { index.next(&probe) }

    @inline(__always)
    func isText(of row: Int, equalTo exact: Span<UInt8>) -> Bool {
        text(of: row).isEqual(to: exact)
    }

    @inline(__always)
    func isFoldedText(of row: Int, equalTo folded: Span<UInt8>) -> Bool {
        if flags(of: row).contains(.notASCII) {
            return foldedTexts[CodeTable.position(of: row, in: foldedRows)].isEqual(to: folded)
        }
        let text = text(of: row)
        guard text.count == folded.count else { return false }
        for index in 0..<text.count where CodeText.lowerCased(text[index]) != folded[index] {
            return false
        }
        return true
    }

    // MARK: Building

    /// Adds a row; ``insertIntoIndex(row:hash:)`` makes it findable.
    mutating func add(_ text: borrowing CodeText, owner: Int, flags: Flags, options: CodeOptions?) {
        let row = places.count
        if row & (1 << CodeTable.blockRowsShift - 1) == 0 { blockStarts.append(texts.count) }
        let start = UInt32(texts.count - blockStarts[row >> CodeTable.blockRowsShift])
        texts.append(text.exact)
        owners.append(UInt32(owner))

        var flags = flags
        if !text.isASCII {
            flags.insert(.notASCII)
            foldedRows.append(UInt32(row))
            _ = foldedTexts.add(text.folded)
        }
        if let options {
            flags.insert(.hasOptions)
            optionRows.append(UInt32(row))
            self.options.append(options)
        }
        places.append(UInt32(flags.rawValue) << CodeTable.startBits | start)
    }

    /// All rows have been added: gives spare memory back and makes room for the index.
    mutating func beginIndex() {
        places.shrinkToFit()
        owners.shrinkToFit()
        blockStarts.shrinkToFit()
        texts.shrinkToFit()
        optionRows.shrinkToFit()
        options.shrinkToFit()
        foldedRows.shrinkToFit()
        foldedTexts.shrinkToFit()
        index = HashIndex(rowCount: places.count)
    }

    mutating func insertIntoIndex(row: Int, hash: UInt64) { index.insert(row: row, hash: hash) }

    private func start(of row: Int) -> Int {
        blockStarts[row >> CodeTable.blockRowsShift]
            + Int(places[row] & (1 << CodeTable.startBits - 1))
    }

    private static func position(of row: Int, in rows: borrowing FlatArray<UInt32>) -> Int {
        var low = 0
        var high = rows.count
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if rows[middle] <= row { low = middle } else { high = middle }
        }
        return low
    }
}

// MARK: Memory images

extension CodeTable {
    func appendImage(to buffer: inout ByteBuffer) {
        places.appendImage(to: &buffer)
        owners.appendImage(to: &buffer)
        blockStarts.appendImage(to: &buffer)
        texts.appendImage(to: &buffer)
        index.appendImage(to: &buffer)
        optionRows.appendImage(to: &buffer)
        options.appendImage(to: &buffer)
        foldedRows.appendImage(to: &buffer)
        foldedTexts.appendImage(to: &buffer)
    }

    var imageByteCount: Int {
        places.imageByteCount + owners.imageByteCount + blockStarts.imageByteCount
            + texts.imageByteCount + index.imageByteCount + optionRows.imageByteCount
            + options.imageByteCount + foldedRows.imageByteCount + foldedTexts.imageByteCount
    }

    init?(image reader: inout ByteReader) {
        guard let places = FlatArray<UInt32>(image: &reader),
            let owners = FlatArray<UInt32>(image: &reader),
            let blockStarts = FlatArray<Int>(image: &reader),
            let texts = ByteBuffer(image: &reader),
            let index = HashIndex(image: &reader),
            let optionRows = FlatArray<UInt32>(image: &reader),
            let options = FlatArray<CodeOptions>(image: &reader),
            let foldedRows = FlatArray<UInt32>(image: &reader),
            let foldedTexts = TextTable(image: &reader)
        else { return nil }
        self.init(
            places: places, owners: owners, blockStarts: blockStarts, texts: texts, index: index,
            optionRows: optionRows, options: options, foldedRows: foldedRows,
            foldedTexts: foldedTexts)
    }
}
