// Tables are written as they lie in memory: the number and the length of the rows, then all their bytes
// in one piece. Reading a table back is one copy, so a program with millions of rows is ready at once.
// The price: an image is valid only for a build with the same layout of rows, and the bits of a row are
// not checked. So a reader first verifies the image by a checksum and a fingerprint of the layout.
//
// The lengths are checked here: nothing is read beyond the end of the bytes, and nothing is allocated
// that they do not fill.

extension FlatArray {
    /// Appends the number of elements and the length of one, then the elements as they lie in
    /// memory.
    package borrowing func appendImage(to buffer: inout ByteBuffer) {
        buffer.appendLittleEndian(UInt64(used))
        buffer.appendLittleEndian(UInt64(MemoryLayout<Element>.stride))
        // SAFETY: the first `used` elements are initialised and are read as bytes during the call
        // only. The padding of a row is copied with it.
        unsafe buffer.appendMemory(
            UnsafeRawPointer(base), byteCount: used * MemoryLayout<Element>.stride)
    }

    /// Bytes that ``appendImage(to:)`` appends.
    package var imageByteCount: Int {
        2 * MemoryLayout<UInt64>.size + used * MemoryLayout<Element>.stride
    }

    /// Reads the array whose image comes next; nil if the bytes end before it does or its elements
    /// have another length.
    ///
    /// The bytes must come from ``appendImage(to:)`` of an array whose elements have the same
    /// layout: they become the elements unchecked.
    package init?(image reader: inout ByteReader) {
        let stride = MemoryLayout<Element>.stride
        guard let count = reader.uint64(), reader.uint64() == UInt64(stride),
            count <= UInt64(reader.remaining / stride),
            let image = reader.run(of: Int(count) * stride)
        else { return nil }
        self.init(capacity: Int(count))
        // SAFETY: the memory is new, has room for `count` elements, and overlaps nothing. The caller
        // guarantees that the bytes are those of such elements.
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

    /// Reads the buffer whose image comes next; nil if the bytes end before it does.
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

    /// Reads the index whose image comes next; nil if the bytes end before it does or the slots cannot
    /// be those of an index, which has a free one to end every look-up.
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
