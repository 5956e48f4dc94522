/// An array of plain rows that grows by chunks: rows never move, their numbers are stable, and
/// growth costs one chunk at any size.
@safe @usableFromInline
package struct ChunkedArray<Element: BitwiseCopyable>: ~Copyable {
    // SAFETY: every chunk is owned by this value alone, holds `rowsPerChunk` elements, of which
    // those numbered below `used` are initialised, and is released once, when all its rows are removed or
    // in `deinit`. Elements are
    // bitwise copyable, so none needs destroying. Every access is checked against `used`.
    @usableFromInline var chunks: FlatArray<UnsafeMutablePointer<Element>>
    @usableFromInline var used = 0

    /// A power of two, so that a row is found by a shift and a mask.
    @inlinable static var rowsPerChunk: Int { 2_048 }

    @inlinable
    package init() { unsafe chunks = FlatArray(capacity: 16) }

    @inlinable
    deinit {
        for index in unsafe chunks.indices { unsafe chunks[index].deallocate() }
    }

    @inlinable package var count: Int { used }

    /// Bytes allocated, used or not.
    @inlinable package var allocatedBytes: Int {
        unsafe chunks.count * Self.rowsPerChunk * MemoryLayout<Element>.stride
    }

    @inlinable
    package subscript(row: Int) -> Element {
        get {
            precondition(row >= 0 && row < used, "a row lies inside its array")
            return unsafe chunks[row / Self.rowsPerChunk][row % Self.rowsPerChunk]
        }
        set {
            precondition(row >= 0 && row < used, "a row lies inside its array")
            unsafe chunks[row / Self.rowsPerChunk][row % Self.rowsPerChunk] = newValue
        }
    }

    /// Adds a row and returns its number, which stays valid until the row is removed.
    @inlinable
    @discardableResult
    package mutating func append(_ element: Element) -> Int {
        let row = used
        if unsafe row == chunks.count * Self.rowsPerChunk {
            unsafe chunks.append(.allocate(capacity: Self.rowsPerChunk))
        }
        unsafe (chunks[row / Self.rowsPerChunk] + row % Self.rowsPerChunk).initialize(to: element)
        used = row + 1
        return row
    }

    /// Removes the last row. Memory goes back, apart from one chunk for the next rows.
    @inlinable
    @discardableResult
    package mutating func removeLast() -> Element {
        let last = self[used - 1]
        used -= 1
        if unsafe chunks.count * Self.rowsPerChunk - used >= 2 * Self.rowsPerChunk {
            unsafe chunks.removeLast().deallocate()
        }
        return last
    }
}

// SAFETY: the chunks have one owner, and nothing about them is tied to a thread.
extension ChunkedArray: @unchecked Sendable {}
