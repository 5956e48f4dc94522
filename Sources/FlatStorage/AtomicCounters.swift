import Synchronization

// Chunks never move and the directory has its full length from the start, so the pointers that a
// reader on another thread follows stay valid while the writer adds counters. They do not while it
// removes some. With relaxed loads and
// stores a counter costs as much as a plain integer. There is one writer, so no read-modify-write is
// needed.

/// Counters that one thread writes and any thread may read.
///
/// Only the one writer calls ``append(_:)`` and ``store(_:at:)``. Each counter is read whole; two
/// counters read one after the other may be from different moments.
@safe @usableFromInline
package struct AtomicCounters: ~Copyable {
    @usableFromInline typealias Counter = Atomic<UInt64>

    /// 64 KiB, which are allocated and cleared in some ten microseconds.
    @inlinable static var countersPerChunk: Int { 8_192 }
    @inlinable static var chunksMax: Int { 16_384 }

    /// The directory's capacity: 134,217,728 counters.
    package static var countMax: Int { countersPerChunk * chunksMax }

    // SAFETY: the directory and every chunk in it are owned by this value alone, never move, and
    // are released once, in `deinit`. A chunk's address is stored before `used` passes its first
    // counter (release), and read after `used` (acquire); every access is checked against `used`. A
    // chunk is released earlier only by ``removeLast()``, during which no other thread reads.
    @usableFromInline let directory: UnsafeMutablePointer<UnsafeMutablePointer<Counter>>
    @usableFromInline let used = Atomic<Int>(0)
    /// Chunks in the directory. Only the writer looks at it.
    private let chunkCount = Atomic<Int>(0)

    package init() { unsafe directory = .allocate(capacity: Self.chunksMax) }

    deinit {
        // Atomics of integers hold nothing that needs destroying.
        for chunk in 0..<chunkCount.load(ordering: .relaxed) {
            unsafe directory[chunk].deallocate()
        }
        unsafe directory.deallocate()
    }

    /// Counters appended so far.
    @inlinable package var count: Int { used.load(ordering: .acquiring) }

    /// Bytes allocated for counters, used or not.
    package var allocatedBytes: Int {
        chunkCount.load(ordering: .relaxed) * Self.countersPerChunk * MemoryLayout<Counter>.stride
    }

    /// The counter's value at some moment between call and return.
    @inlinable
    package func load(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count, "a counter lies inside its chunks")
        return unsafe directory[index / Self.countersPerChunk][index % Self.countersPerChunk]
            .load(ordering: .relaxed)
    }

    /// Sets a counter. For the one writer only.
    @inlinable
    package func store(_ value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count, "a counter lies inside its chunks")
        unsafe directory[index / Self.countersPerChunk][index % Self.countersPerChunk]
            .store(value, ordering: .relaxed)
    }

    /// Adds a counter and returns its index, which stays valid until it is removed.
    /// For the one writer only.
    @discardableResult
    package func append(_ value: UInt64) -> Int {
        let index = used.load(ordering: .relaxed)
        precondition(index < Self.countMax, "the directory has room for every counter")
        let (chunk, offset) = index.quotientAndRemainder(dividingBy: Self.countersPerChunk)
        if chunk == chunkCount.load(ordering: .relaxed) {
            let counters = UnsafeMutablePointer<Counter>.allocate(capacity: Self.countersPerChunk)
            for slot in 0..<Self.countersPerChunk {
                unsafe (counters + slot).initialize(to: Counter(0))
            }
            unsafe (directory + chunk).initialize(to: counters)
            chunkCount.store(chunk + 1, ordering: .relaxed)
        }
        unsafe directory[chunk][offset].store(value, ordering: .relaxed)
        used.store(index + 1, ordering: .releasing)
        return index
    }

    /// Removes the last counter. For the one writer only, while no other thread reads. Memory goes
    /// back, apart from one chunk for the next counters.
    package func removeLast() {
        let count = used.load(ordering: .relaxed)
        precondition(count > 0, "without counters there is no last one")
        used.store(count - 1, ordering: .releasing)
        let chunks = chunkCount.load(ordering: .relaxed)
        if chunks * Self.countersPerChunk - (count - 1) >= 2 * Self.countersPerChunk {
            unsafe directory[chunks - 1].deallocate()
            chunkCount.store(chunks - 1, ordering: .relaxed)
        }
    }
}

// SAFETY: see above: all shared memory is read and written through atomics and never moves.
extension AtomicCounters: @unchecked Sendable {}
