// Tables are written as they lie in memory: how many rows of which length, then the rows' own bytes
// in one piece. Reading them back is one copy for each table, however many rows it has, which is what
// lets a program with millions of rows be ready at once. The price is that such an image means
// nothing to a build whose rows look different, and that a row's bits are taken as they come: an
// image is only for whoever has made sure, by a checksum and a fingerprint of the rows' layout, that
// it is its own.
//
// The lengths are checked all the same: whatever the bytes are, nothing is read beyond their end and
// nothing is allocated that they do not fill.

extension FlatArray {
    /// Appends the number of elements and the length of one, then the elements as they lie in
    /// memory.
    package borrowing func appendImage(to buffer: inout ByteBuffer) {
        buffer.appendLittleEndian(UInt64(used))
        buffer.appendLittleEndian(UInt64(MemoryLayout<Element>.stride))
        // SAFETY: the first `used` elements are initialised, and are read as bytes during the call
        // alone. What pads a row is copied with it.
        unsafe buffer.appendMemory(
            UnsafeRawPointer(base), byteCount: used * MemoryLayout<Element>.stride)
    }

    /// Bytes that ``appendImage(to:)`` appends.
    package var imageByteCount: Int {
        2 * MemoryLayout<UInt64>.size + used * MemoryLayout<Element>.stride
    }

    /// The array whose image stands next; nil when the bytes end before it does, or when its
    /// elements have another length.
    ///
    /// The elements are what the bytes say: they have to come from ``appendImage(to:)`` of an array
    /// whose elements have the same layout.
    package init?(image reader: inout ByteReader) {
        let stride = MemoryLayout<Element>.stride
        guard let count = reader.uint64(), reader.uint64() == UInt64(stride),
            count <= UInt64(reader.remaining / stride),
            let image = reader.run(of: Int(count) * stride)
        else { return nil }
        self.init(capacity: Int(count))
        // SAFETY: the memory is new, has room for `count` elements, and overlaps nothing. The caller
        // answers for the bytes being those of such elements.
        unsafe image.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            unsafe UnsafeMutableRawPointer(base).copyMemory(from: start, byteCount: source.count)
        }
        used = Int(count)
    }
}

extension ByteBuffer {
    /// Appends the number of bytes in eight bytes, then the bytes.
    package borrowing func appendImage(to buffer: inout ByteBuffer) {
        buffer.appendLittleEndian(UInt64(used))
        buffer.append(bytes)
    }

    /// Bytes that ``appendImage(to:)`` appends.
    package var imageByteCount: Int { MemoryLayout<UInt64>.size + used }

    /// The buffer whose image stands next; nil when the bytes end before it does.
    package init?(image reader: inout ByteReader) {
        guard let count = reader.uint64(), count <= UInt64(reader.remaining),
            let image = reader.run(of: Int(count))
        else { return nil }
        self.init(capacity: image.count)
        append(image)
    }

    /// Appends memory of another owner.
    mutating func appendMemory(_ start: UnsafeRawPointer, byteCount: Int) {
        reserve(used + byteCount)
        // SAFETY: the caller's memory holds `byteCount` bytes, and the tail is ours and not theirs.
        unsafe UnsafeMutableRawPointer(base + used).copyMemory(from: start, byteCount: byteCount)
        used += byteCount
    }
}

extension HashIndex {
    /// Appends the slots as they lie in memory.
    package borrowing func appendImage(to buffer: inout ByteBuffer) {
        buffer.appendLittleEndian(UInt64(rowCount))
        rows.appendImage(to: &buffer)
        tags.appendImage(to: &buffer)
    }

    /// Bytes that ``appendImage(to:)`` appends.
    package var imageByteCount: Int {
        MemoryLayout<UInt64>.size + rows.imageByteCount + tags.imageByteCount
    }

    /// The index whose image stands next; nil when the bytes end before it does, or when its slots
    /// cannot be those of an index: every look-up ends at a free one.
    package init?(image reader: inout ByteReader) {
        guard let rowCount = reader.uint64(),
            let rows = FlatArray<UInt32>(image: &reader),
            let tags = FlatArray<UInt16>(image: &reader),
            rows.count == tags.count, rowCount < UInt64(rows.count)
        else { return nil }
        self.rows = rows
        self.tags = tags
        self.rowCount = Int(rowCount)
    }
}
