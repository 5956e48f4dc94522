import Glibc

// The C library moves a large block by remapping its pages: growing a table of 100 MB copies nothing
// and never holds it twice.

/// Blocks of memory that may change their size. They are never empty. Running out of memory ends the
/// process.
@usableFromInline
enum GrowingMemory {
    /// A new block for `count` elements, or the block at `start` resized to `count` elements.
    ///
    /// SAFETY: `start` came from here and is not used again; the result is released once, by
    /// ``release(_:)``. Elements are bitwise copyable, so moving their bytes moves them.
    @usableFromInline @unsafe
    static func resize<Element: BitwiseCopyable>(
        _ start: UnsafeMutablePointer<Element>?, toHold count: Int
    ) -> UnsafeMutablePointer<Element> {
        precondition(
            MemoryLayout<Element>.alignment <= MemoryLayout<max_align_t>.alignment,
            "a row needs no wider alignment than the C library gives")
        let (byteCount, overflow) = count.multipliedReportingOverflow(
            by: MemoryLayout<Element>.stride)
        guard !overflow, let block = unsafe realloc(start, max(byteCount, 1)) else {
            fatalError("Out of memory: cannot allocate \(count) rows of a table.")
        }
        return unsafe block.bindMemory(to: Element.self, capacity: count)
    }

    @usableFromInline @unsafe
    static func release<Element: BitwiseCopyable>(_ start: UnsafeMutablePointer<Element>) {
        unsafe free(start)
    }
}
