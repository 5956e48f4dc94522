// Chunks instead of one growing block: appended bytes never move, and growth costs one chunk (64 KiB to
// allocate and clear, some ten microseconds) at any size. A run never spans chunks. One longer than a
// quarter of a chunk gets a block of its own, so at most a quarter of any chunk is unused.

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
    // and is released once, in `deinit`. Every access is checked against the chunk's `used`, and
    // spans borrow the arena while they live.
    @unsafe @usableFromInline
    struct Chunk: BitwiseCopyable {
        @usableFromInline let base: UnsafeMutablePointer<UInt8>
        @usableFromInline let capacity: Int
        @usableFromInline var used: Int
    }

    @usableFromInline var chunks: FlatArray<Chunk>
    /// The chunk that short runs are appended to.
    @usableFromInline var open: Int
    @usableFromInline let chunkSize: Int

    /// Bytes allocated, used or not.
    package private(set) var allocatedBytes = 0

    /// Bytes that were appended.
    package private(set) var usedBytes = 0

    package init(chunkSize: Int = 64 * 1_024) {
        precondition(chunkSize >= 64 && chunkSize <= 1 << 30, "a chunk is 64 bytes to 1 GiB long")
        self.chunkSize = chunkSize
        unsafe chunks = FlatArray(capacity: 16)
        open = 0
        addChunk(capacity: chunkSize)
    }

    deinit {
        for index in unsafe chunks.indices { unsafe chunks[index].base.deallocate() }
    }

    private mutating func addChunk(capacity: Int) {
        let base = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        unsafe base.initialize(repeating: 0, count: capacity)
        unsafe chunks.append(Chunk(base: base, capacity: capacity, used: 0))
        allocatedBytes += capacity
    }

    /// Room for `count` bytes, zero until they are written.
    package mutating func allocate(_ count: Int) -> Place {
        precondition(count >= 0 && count <= Int(UInt32.max), "a run is shorter than 4 GiB")
        var chunk = open
        if count > chunkSize / 4 {
            chunk = unsafe chunks.count
            addChunk(capacity: count)
        } else if unsafe count > chunks[open].capacity - chunks[open].used {
            chunk = unsafe chunks.count
            open = chunk
            addChunk(capacity: chunkSize)
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
