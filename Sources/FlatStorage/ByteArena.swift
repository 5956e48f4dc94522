// Chunks instead of one growing block: appended bytes never move, and growth costs one chunk (64 KiB to
// allocate and clear, some ten microseconds) at any size. A run never spans chunks. One longer than a
// quarter of a chunk gets a block of its own, so at most a quarter of any chunk is unused.
//
// A run that is removed leaves a hole that nothing fills. A chunk goes back when it has only holes;
// the owner of the places copies the rest of the others away, a few runs at a time.

/// Runs of bytes that never move.
@safe @usableFromInline
package struct ByteArena: ~Copyable {
    /// Where a run starts. The owner of a run keeps its length.
    @frozen @usableFromInline
    package struct Place: Hashable, Sendable, BitwiseCopyable {
        @usableFromInline var chunk: UInt32
        @usableFromInline var offset: UInt32

        @inlinable
        init(chunk: UInt32, offset: UInt32) {
            self.chunk = chunk
            self.offset = offset
        }

        /// The place `distance` bytes on, inside the same run.
        @inlinable
        package func advanced(by distance: Int) -> Place {
            Place(chunk: chunk, offset: offset + UInt32(distance))
        }
    }

    // SAFETY: every chunk is owned by this arena, holds `capacity` initialised bytes, never moves,
    // and is released once: when its last run is removed, which leaves a chunk of capacity 0, or in
    // `deinit`. Every access is checked against the chunk's `used`, which is 0 in a released chunk,
    // and spans borrow the arena while they live.
    @unsafe @usableFromInline
    struct Chunk: BitwiseCopyable {
        @usableFromInline let base: UnsafeMutablePointer<UInt8>
        @usableFromInline let capacity: Int
        @usableFromInline var used: Int
        /// Bytes of runs that were removed.
        @usableFromInline var removed = 0
    }

    @usableFromInline var chunks: FlatArray<Chunk>
    /// The chunk that short runs are appended to.
    @usableFromInline var open: Int
    @usableFromInline let chunkSize: Int
    /// Chunks that were released; their numbers are given again.
    private var vacant = FlatArray<Int>()

    /// Bytes allocated, used or not.
    package private(set) var allocatedBytes = 0

    /// Bytes of all runs.
    package private(set) var usedBytes = 0

    /// Bytes of removed runs that take memory.
    private var removedBytes = 0

    package init(chunkSize: Int = 64 * 1_024) {
        precondition(chunkSize >= 64 && chunkSize <= 1 << 30, "a chunk is 64 bytes to 1 GiB long")
        self.chunkSize = chunkSize
        unsafe chunks = FlatArray(capacity: 16)
        open = 0
        addChunk(capacity: chunkSize)
    }

    deinit {
        for index in unsafe chunks.indices where unsafe chunks[index].capacity > 0 {
            unsafe chunks[index].base.deallocate()
        }
    }

    /// Adds a chunk and returns its number.
    @discardableResult
    private mutating func addChunk(capacity: Int) -> Int {
        let base = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        unsafe base.initialize(repeating: 0, count: capacity)
        let chunk = unsafe Chunk(base: base, capacity: capacity, used: 0)
        allocatedBytes += capacity
        if vacant.count > 0 {
            let number = vacant.removeLast()
            unsafe chunks[number] = chunk
            return number
        }
        unsafe chunks.append(chunk)
        return unsafe chunks.count - 1
    }

    /// Room for `count` bytes, which are to be written.
    package mutating func allocate(_ count: Int) -> Place {
        precondition(count >= 0 && count <= Int(UInt32.max), "a run is shorter than 4 GiB")
        // An empty run stands nowhere, so it outlives every chunk.
        if count == 0 { return Place(chunk: 0, offset: 0) }
        var chunk = open
        if count > chunkSize / 4 {
            chunk = addChunk(capacity: count)
        } else if unsafe count > chunks[open].capacity - chunks[open].used {
            chunk = addChunk(capacity: chunkSize)
            open = chunk
        }
        let offset = unsafe chunks[chunk].used
        unsafe chunks[chunk].used = offset + count
        usedBytes += count
        return Place(chunk: UInt32(chunk), offset: UInt32(offset))
    }

    /// Appends a copy of `run`.
    package mutating func append(_ run: Span<UInt8>) -> Place {
        let place = allocate(run.count)
        write(run, at: place)
        return place
    }

    /// Overwrites the bytes from `place` on, which were allocated before.
    @inlinable
    package mutating func write(_ run: Span<UInt8>, at place: Place) {
        let chunk = unsafe chunks[Int(place.chunk)]
        precondition(
            unsafe Int(place.offset) + run.count <= chunk.used, "a run lies inside its chunk")
        unsafe run.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe (chunk.base + Int(place.offset)).update(from: start, count: source.count)
        }
    }

    /// Copies `count` bytes of one run to the place of another.
    package mutating func copy(_ count: Int, from source: Place, to target: Place) {
        let origin = unsafe chunks[Int(source.chunk)]
        let destination = unsafe chunks[Int(target.chunk)]
        precondition(
            unsafe count >= 0 && Int(source.offset) + count <= origin.used
                && Int(target.offset) + count <= destination.used,
            "a run lies inside its chunk")
        unsafe (destination.base + Int(target.offset))
            .update(from: origin.base + Int(source.offset), count: count)
    }

    // MARK: - Removing

    /// Removes a run of `count` bytes. Nothing of it may be read any more.
    package mutating func remove(_ count: Int, at place: Place) {
        if count == 0 { return }
        let number = Int(place.chunk)
        precondition(
            unsafe count > 0 && Int(place.offset) + count <= chunks[number].used,
            "a run lies inside its chunk")
        usedBytes -= count
        removedBytes += count
        unsafe chunks[number].removed += count
        if unsafe chunks[number].removed == chunks[number].used { release(number) }
    }

    /// Takes back all memory of a chunk whose runs are all removed. The open one is filled again.
    private mutating func release(_ number: Int) {
        removedBytes -= unsafe chunks[number].removed
        unsafe chunks[number].removed = 0
        unsafe chunks[number].used = 0
        if number == open { return }
        allocatedBytes -= unsafe chunks[number].capacity
        unsafe chunks[number].base.deallocate()
        unsafe chunks[number] = Chunk(base: chunks[number].base, capacity: 0, used: 0)
        vacant.append(number)
    }

    /// Whether so much memory is taken by removed runs that others should be moved, those which are
    /// ``isSparse(around:)``: a fifth of all runs, and four chunks. Then there are such runs.
    package var needsGathering: Bool {
        removedBytes > 4 * chunkSize && removedBytes > usedBytes / 4
    }

    /// Whether the run should be moved, since many around it are removed.
    package func isSparse(around place: Place) -> Bool {
        // Without the open chunk at least three quarters of the removed bytes are left, so more than
        // an eighth of some other chunk is removed whenever a fifth of all is.
        let chunk = unsafe chunks[Int(place.chunk)]
        return unsafe Int(place.chunk) != open && chunk.removed > chunk.used / 8
    }

    // MARK: - Reading

    /// The `count` bytes from `place` on.
    @inlinable
    @_lifetime(borrow self)
    package func bytes(at place: Place, count: Int) -> Span<UInt8> {
        let chunk = unsafe chunks[Int(place.chunk)]
        precondition(
            unsafe count >= 0 && Int(place.offset) + count <= chunk.used,
            "a run lies inside its chunk")
        let span = unsafe Span(
            _unsafeStart: UnsafePointer(chunk.base + Int(place.offset)), count: count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}

// SAFETY: the chunks have one owner, and nothing about them is tied to a thread.
extension ByteArena: @unchecked Sendable {}
