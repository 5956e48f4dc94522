import Glibc

// The C library moves a large block by giving its pages another address: growing a table of 100 MB
// copies nothing and never has it twice, which a new block beside the old one would.

/// Blocks of memory that may change their size. Never empty; running out of memory ends the process.
@usableFromInline
enum GrowingMemory {
    /// A new block for `count` elements, or the block at `start`, kept as far as both sizes go, with
    /// room for so many.
    ///
    /// SAFETY: `start` came from here and is not used again; the result is released once, by
    /// ``release(_:)``. Elements are bitwise copyable, so their bytes are all there is to move.
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
            fatalError("There is no memory for \(count) rows of a table.")
        }
        return unsafe block.bindMemory(to: Element.self, capacity: count)
    }

    @usableFromInline @unsafe
    static func release<Element: BitwiseCopyable>(_ start: UnsafeMutablePointer<Element>) {
        unsafe free(start)
    }
}
