// Rows that come, change and go for years, each with a run of bytes of its own length. They stand in
// slabs of one megabyte, in the order in which they came: runs from the front of a slab, rows from its
// back. Old rows mostly go together, so most slabs empty by themselves, and an empty slab goes
// back to the system at once. Of the others the emptiest are emptied by moving what is left in
// them to the open slab, a row at a time (``nextToMove()``).
//
// A slab is larger than what the C library cuts from its heap (the daemon sets that bound to one
// megabyte), so what is given back really is: no row that stays keeps the memory of those that left.

/// A table of rows, each with a run of bytes, whose memory follows what it holds, down as well as up.
@safe @usableFromInline
package struct SlabTable<Row: BitwiseCopyable>: ~Copyable {
    // SAFETY: every slab that is not vacant is owned by this value alone, holds `byteCount` bytes,
    // and is released once: when its last row leaves, or in `deinit`. Bytes are written before they
    // are read: `take` hands out runs, whose owner fills them, and entries are initialised when they
    // are added. Every access is checked against the slab's counts; spans borrow the table.
    @unsafe @usableFromInline
    struct Slab: BitwiseCopyable {
        @usableFromInline var base: UnsafeMutableRawPointer?
        @usableFromInline var byteCount = 0
        /// Bytes from the front that were handed out.
        @usableFromInline var taken = 0
        /// Entries from the back, those of rows that left included.
        @usableFromInline var entryCount = 0
        @usableFromInline var liveCount = 0
        /// Bytes of the runs of rows that are there.
        @usableFromInline var liveBytes = 0

        @inlinable
        init() { unsafe base = nil }
    }

    /// A row and where its run lies.
    @usableFromInline
    struct Entry: BitwiseCopyable {
        @usableFromInline var offset: UInt32
        @usableFromInline var capacity: UInt32
        @usableFromInline var row: Row

        @inlinable
        init(offset: UInt32, capacity: UInt32, row: Row) {
            self.offset = offset
            self.capacity = capacity
            self.row = row
        }
    }

    @usableFromInline var slabs: FlatArray<Slab>
    /// Numbers of slabs that were released, to be used again.
    @usableFromInline var vacant = FlatArray<UInt32>()
    /// The slab that new rows go to.
    @usableFromInline var open: Int?
    @usableFromInline let slabByteCount: Int

    /// Rows in the table.
    @usableFromInline package internal(set) var count = 0
    /// Bytes allocated, used or not.
    @usableFromInline package internal(set) var allocatedBytes = 0
    /// Bytes that the rows in the table need, their runs included.
    @usableFromInline package internal(set) var liveBytes = 0
    /// The slab whose rows are being moved, and the next of its entries.
    @usableFromInline var emptying: (slab: Int, entry: Int)?
    /// Whether no slab was worth emptying, and no row left since.
    @usableFromInline var isGathered = false

    /// Bits of a row's number that say which entry of its slab it is.
    @inlinable static var entryBits: Int { 13 }
    @inlinable static var entriesMax: Int { 1 << entryBits }
    /// The offset of an entry whose row left.
    @inlinable static var gone: UInt32 { .max }

    /// The greatest number of rows that there can ever be at one time, of any length.
    package static var countMax: Int { 1 << 31 - 1 }

    package init(slabByteCount: Int = 1 << 20) {
        precondition(
            slabByteCount >= 1_024 && slabByteCount <= 1 << 28, "a slab is 1 KiB to 256 MiB long")
        self.slabByteCount = slabByteCount
        unsafe slabs = FlatArray(capacity: 16)
    }

    deinit {
        for index in unsafe slabs.indices { unsafe slabs[index].base?.deallocate() }
    }

    // MARK: - Reading

    @inlinable static var stride: Int { MemoryLayout<Entry>.stride }

    /// The entry of the row with this number.
    @inlinable @inline(__always) @unsafe
    func entry(_ number: Int) -> UnsafeMutablePointer<Entry> {
        precondition(number >= 0, "a row has a number")
        let slab = unsafe slabs[number >> Self.entryBits]
        let place = number & (Self.entriesMax - 1)
        guard let base = unsafe slab.base, unsafe place < slab.entryCount else {
            preconditionFailure("a row lies inside its slab")
        }
        let entry = unsafe (base + (slab.byteCount - (place + 1) * Self.stride))
            .assumingMemoryBound(to: Entry.self)
        precondition(unsafe entry.pointee.offset != Self.gone, "a row is there until it is removed")
        return unsafe entry
    }

    /// The row with this number.
    @inlinable
    package subscript(number: Int) -> Row {
        @inline(__always)
        unsafeAddress { unsafe UnsafePointer(rowAddress(number)) }
        @inline(__always)
        unsafeMutableAddress { unsafe rowAddress(number) }
    }

    @inlinable @inline(__always) @unsafe
    func rowAddress(_ number: Int) -> UnsafeMutablePointer<Row> {
        let offset = MemoryLayout<Entry>.offset(of: \.row) ?? 8
        return unsafe (UnsafeMutableRawPointer(entry(number)) + offset)
            .assumingMemoryBound(to: Row.self)
    }

    /// Bytes of the row's run.
    @inlinable
    package func capacity(of number: Int) -> Int { unsafe Int(entry(number).pointee.capacity) }

    /// A part of the row's run.
    @inlinable @inline(__always)
    @_lifetime(borrow self)
    package func bytes(of number: Int, in range: Range<Int>) -> Span<UInt8> {
        let start = unsafe run(of: number, holding: range)
        let span = unsafe Span(
            _unsafeStart: UnsafePointer(start), count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Where that part of the row's run lies.
    @inlinable @inline(__always) @unsafe
    func run(of number: Int, holding range: Range<Int>) -> UnsafeMutablePointer<UInt8> {
        let entry = unsafe entry(number).pointee
        precondition(
            range.lowerBound >= 0 && range.upperBound <= Int(entry.capacity),
            "bytes lie inside the run of their row")
        guard let base = unsafe slabs[number >> Self.entryBits].base else {
            preconditionFailure("a row lies inside its slab")
        }
        return unsafe (base + (Int(entry.offset) + range.lowerBound))
            .assumingMemoryBound(to: UInt8.self)
    }

    /// The row after this one, or the first; nil after the last. The order is that of the slabs, which
    /// is mostly the order in which rows came.
    @inlinable
    package func next(after number: Int?) -> Int? {
        var next = number.map { $0 + 1 } ?? 0
        while unsafe next >> Self.entryBits < slabs.count {
            let slab = unsafe slabs[next >> Self.entryBits]
            let first = next & (Self.entriesMax - 1)
            if unsafe slab.base != nil && first < slab.entryCount {
                for place in unsafe first..<slab.entryCount {
                    let number = next - first + place
                    if unsafe isThere(number) { return number }
                }
            }
            next = (next >> Self.entryBits + 1) << Self.entryBits
        }
        return nil
    }

    /// Whether a row has this number, which is one of an entry.
    @inlinable @unsafe
    func isThere(_ number: Int) -> Bool {
        let slab = unsafe slabs[number >> Self.entryBits]
        let place = number & (Self.entriesMax - 1)
        guard let base = unsafe slab.base, unsafe place < slab.entryCount else { return false }
        let entry = unsafe (base + (slab.byteCount - (place + 1) * Self.stride))
            .assumingMemoryBound(to: Entry.self)
        return unsafe entry.pointee.offset != Self.gone
    }

    // MARK: - Changing

    /// Overwrites a part of the row's run.
    @inlinable
    package mutating func write(_ bytes: Span<UInt8>, at offset: Int, of number: Int) {
        let start = unsafe run(of: number, holding: offset..<(offset + bytes.count))
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let first = source.baseAddress else { return }
            unsafe start.update(from: first, count: source.count)
        }
    }

    /// Copies the first `byteCount` bytes of a row's run to another's.
    @inlinable
    package mutating func copy(_ byteCount: Int, of number: Int, to other: Int) {
        let source = unsafe run(of: number, holding: 0..<byteCount)
        unsafe run(of: other, holding: 0..<byteCount).update(from: source, count: byteCount)
    }

    /// Adds a row with a run of so many bytes, which the caller writes. Returns its number, which stays
    /// the same until the row is removed.
    @inlinable
    package mutating func append(_ row: Row, byteCount: Int) -> Int {
        let slab = slabWithRoom(for: byteCount)
        let place = unsafe slabs[slab].entryCount
        let offset = unsafe take(byteCount, from: slab)
        unsafe slabs[slab].entryCount = place + 1
        unsafe slabs[slab].liveCount += 1
        let entry = unsafe address(ofEntry: place, in: slab)
        unsafe entry.initialize(
            to: Entry(offset: UInt32(offset), capacity: UInt32(byteCount), row: row))
        count += 1
        liveBytes += byteCount + Self.stride
        return slab << Self.entryBits | place
    }

    /// Gives the row a longer run in its own slab, with the first `kept` bytes of the old one. Returns
    /// false where there is no room for it there: then the row stays as it is.
    @inlinable
    package mutating func lengthen(_ number: Int, to byteCount: Int, keeping kept: Int) -> Bool {
        let slab = number >> Self.entryBits
        let old = unsafe run(of: number, holding: 0..<kept)
        let entry = unsafe entry(number)
        guard unsafe hasRoom(for: byteCount, entries: 0, in: slabs[slab]) else { return false }
        let offset = unsafe take(byteCount, from: slab)
        let capacity = unsafe Int(entry.pointee.capacity)
        unsafe slabs[slab].liveBytes -= capacity
        liveBytes += byteCount - capacity
        unsafe entry.pointee.offset = UInt32(offset)
        unsafe entry.pointee.capacity = UInt32(byteCount)
        unsafe run(of: number, holding: 0..<kept).update(from: old, count: kept)
        return true
    }

    /// Removes a row. Its slab is released when it was the last one there.
    @inlinable
    package mutating func remove(_ number: Int) {
        let slab = number >> Self.entryBits
        let entry = unsafe entry(number)
        let capacity = unsafe Int(entry.pointee.capacity)
        unsafe entry.pointee.offset = Self.gone
        unsafe slabs[slab].liveCount -= 1
        unsafe slabs[slab].liveBytes -= capacity
        count -= 1
        liveBytes -= capacity + Self.stride
        isGathered = false
        if unsafe slabs[slab].liveCount == 0 && slab != open { release(slab) }
    }

    // MARK: - Slabs

    /// The slab in which the row with this number is.
    @inlinable
    package static func slab(of number: Int) -> Int { number >> entryBits }

    /// The first number of a row that may be in this slab, and the first after it.
    @inlinable
    package func numbers(inSlab slab: Int) -> Range<Int> {
        let first = slab << Self.entryBits
        return unsafe first..<(first + (slabs[slab].base == nil ? 0 : slabs[slab].entryCount))
    }

    /// The next row from `number` on that is there and below `end`.
    @inlinable
    package func first(from number: Int, below end: Int) -> Int? {
        for number in number..<max(number, end) where unsafe isThere(number) { return number }
        return nil
    }

    @inlinable
    mutating func slabWithRoom(for byteCount: Int) -> Int {
        // A long run gets a slab of its own: the open one goes on with what it has left.
        if byteCount > slabByteCount / 4 { return addSlab(byteCount + Self.stride) }
        if let open, unsafe hasRoom(for: byteCount, entries: 1, in: slabs[open]) { return open }
        let full = open
        let slab = addSlab(slabByteCount)
        open = slab
        if let full, unsafe slabs[full].liveCount == 0 { release(full) }
        return slab
    }

    @inlinable
    func hasRoom(for byteCount: Int, entries: Int, in slab: Slab) -> Bool {
        unsafe slab.entryCount + entries <= Self.entriesMax
            && slab.taken + byteCount + (slab.entryCount + entries) * Self.stride
                <= slab.byteCount
    }

    @usableFromInline
    mutating func addSlab(_ byteCount: Int) -> Int {
        // Entries lie at the end, so the end is aligned as they are.
        let alignment = max(MemoryLayout<Entry>.alignment, 16)
        let rounded = (byteCount + Self.stride - 1) / Self.stride * Self.stride
        var slab = unsafe Slab()
        unsafe slab.base = .allocate(byteCount: rounded, alignment: alignment)
        unsafe slab.byteCount = rounded
        allocatedBytes += rounded
        if vacant.count > 0 {
            let number = Int(vacant.removeLast())
            unsafe slabs[number] = slab
            return number
        }
        unsafe slabs.append(slab)
        return unsafe slabs.count - 1
    }

    @usableFromInline
    mutating func release(_ slab: Int) {
        unsafe slabs[slab].base?.deallocate()
        allocatedBytes -= unsafe slabs[slab].byteCount
        unsafe slabs[slab] = Slab()
        vacant.append(UInt32(slab))
        if emptying?.slab == slab { emptying = nil }
    }

    @inlinable @unsafe
    mutating func take(_ byteCount: Int, from slab: Int) -> Int {
        let offset = unsafe slabs[slab].taken
        unsafe slabs[slab].taken = offset + byteCount
        unsafe slabs[slab].liveBytes += byteCount
        return offset
    }

    @inlinable @unsafe
    func address(ofEntry place: Int, in slab: Int) -> UnsafeMutablePointer<Entry> {
        guard let base = unsafe slabs[slab].base else {
            preconditionFailure("an entry lies inside its slab")
        }
        return unsafe (base + (slabs[slab].byteCount - (place + 1) * Self.stride))
            .assumingMemoryBound(to: Entry.self)
    }

    // MARK: - Emptying slabs

    /// Whether rows should be moved so that slabs become empty: so much memory is taken by rows that
    /// left, more than a tenth and two slabs.
    package var needsGathering: Bool {
        if emptying != nil { return true }
        let unused = allocatedBytes - liveBytes
        return !isGathered && unused > 2 * slabByteCount && unused > allocatedBytes / 10
    }

    /// The next row to move while the table ``needsGathering``: move it with ``move(_:)``. Nil when
    /// nothing needs moving. Looks at all slabs when it chooses the next one to empty.
    package mutating func nextToMove() -> Int? {
        while true {
            if let (slab, entry) = emptying {
                let end = numbers(inSlab: slab).upperBound
                let next = first(from: slab << Self.entryBits + entry, below: end)
                if let next {
                    emptying = (slab, next & (Self.entriesMax - 1) + 1)
                    return next
                }
                emptying = nil
            }
            guard needsGathering else { return nil }
            guard let slab = emptiest() else {
                isGathered = true
                return nil
            }
            emptying = (slab, 0)
        }
    }

    /// The slab with the smallest share of rows that are still there, apart from the open one.
    private func emptiest() -> Int? {
        var best: Int?
        var bestShare = 9.0 / 10
        for slab in unsafe slabs.indices
        where unsafe slab != open && slabs[slab].base != nil {
            let live = unsafe slabs[slab].liveBytes + slabs[slab].liveCount * Self.stride
            let share = unsafe Double(live) / Double(slabs[slab].byteCount)
            if share < bestShare {
                best = slab
                bestShare = share
            }
        }
        return best
    }

    /// Moves a row and its run to the open slab, and returns its new number.
    package mutating func move(_ number: Int) -> Int {
        let byteCount = capacity(of: number)
        let new = append(self[number], byteCount: byteCount)
        copy(byteCount, of: number, to: new)
        remove(number)
        return new
    }
}

// SAFETY: the slabs have one owner, and nothing about them is tied to a thread.
extension SlabTable: @unchecked Sendable {}
