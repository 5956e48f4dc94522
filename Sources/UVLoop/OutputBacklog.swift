// Bytes that the kernel did not take at once wait here. libuv sends from memory that must not move
// until its callback; bytes written meanwhile gather in a second block, which is sent next. Most
// connections never have a backlog, and a drained backlog keeps no memory.

/// Bytes on their way to a peer that reads slowly.
@safe struct OutputBacklog: ~Copyable {
    private var sending = ByteBlock()
    private var waiting = ByteBlock()

    /// Bytes not yet passed to libuv.
    var waitingByteCount: Int { waiting.count }

    mutating func append(_ bytes: Span<UInt8>) {
        waiting.append(bytes)
    }

    /// All waiting bytes, as memory that does not move until `finishSending()`.
    mutating func startSending() -> UnsafeMutableBufferPointer<CChar> {
        precondition(sending.count == 0, "one block is sent at a time")
        swap(&sending, &waiting)
        return unsafe sending.memory
    }

    /// Frees the block that was sent.
    mutating func finishSending() {
        sending = ByteBlock()
    }
}

/// Growing memory that does not move unless bytes are appended.
@safe private struct ByteBlock: ~Copyable {
    private static let capacityMin = 4_096

    private(set) var count = 0
    private var storage: UnsafeMutableBufferPointer<CChar> = unsafe .init(start: nil, count: 0)

    var memory: UnsafeMutableBufferPointer<CChar> {
        unsafe .init(start: storage.baseAddress, count: count)
    }

    deinit {
        unsafe storage.deallocate()
    }

    mutating func append(_ bytes: Span<UInt8>) {
        reserve(count + bytes.count)
        // SAFETY: `reserve` made room for all the bytes behind the first `count`.
        unsafe bytes.withUnsafeBytes { incoming in
            let free = unsafe UnsafeMutableRawBufferPointer(storage)[count...]
            unsafe UnsafeMutableRawBufferPointer(rebasing: free).copyMemory(from: incoming)
        }
        count += bytes.count
    }

    private mutating func reserve(_ capacity: Int) {
        if unsafe capacity <= storage.count { return }
        let larger = unsafe UnsafeMutableBufferPointer<CChar>.allocate(
            capacity: max(capacity, storage.count * 2, Self.capacityMin))
        // SAFETY: the first `count` bytes were written, and the new block is larger. The old block
        // has no other user.
        unsafe UnsafeMutableRawBufferPointer(larger)
            .copyMemory(from: UnsafeRawBufferPointer(memory))
        unsafe storage.deallocate()
        unsafe storage = larger
    }
}
