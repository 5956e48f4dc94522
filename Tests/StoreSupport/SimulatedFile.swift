// What a file is while the power may go: what the device holds, and beside it everything that was
// done since and not synchronized. A program reads both together and sees no difference. A power cut
// shows it: each block of each change may have reached the device, or not, or with a bit turned.

/// A file of a simulated disk.
struct SimulatedFile {
    /// The device keeps or loses whole blocks.
    static let blockByteCount = 512

    private enum Change {
        /// The file is at least so long, and zero where nothing was written.
        case growth(to: Int)
        case bytes([UInt8], offset: Int)
    }

    /// What the device holds in any case.
    private(set) var durable: [UInt8]
    /// What a program reads.
    private(set) var visible: [UInt8]
    /// What was done since the last synchronization, in order.
    private var changes: [Change] = []

    init(durable: [UInt8] = []) {
        self.durable = durable
        visible = durable
    }

    var isSynchronized: Bool { changes.isEmpty }

    mutating func allocate(_ byteCount: Int) { make(.growth(to: byteCount)) }

    mutating func write(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        make(.bytes(Array(bytes), offset: offset))
    }

    private mutating func make(_ change: Change) {
        changes.append(change)
        Self.apply(change, to: &visible)
    }

    /// Turns a bit of what the device holds. Returns false where it holds nothing there, or not
    /// everything yet: what is synchronized later would cover the bit.
    mutating func turnBit(_ bit: Int) -> Bool {
        if !isSynchronized || bit / 8 >= durable.count { return false }
        durable[bit / 8] ^= 1 << UInt8(bit % 8)
        dropFromCache()
        return true
    }

    mutating func synchronize() {
        for change in changes { Self.apply(change, to: &durable) }
        changes = []
    }

    /// What Linux does when the device refuses: it reports the fault once and takes the changes for
    /// written. They are still read from memory, the next synchronization succeeds, and the device
    /// never gets them.
    mutating func failToSynchronize() { changes = [] }

    /// Reads show the device again; what is not synchronized stays in memory.
    mutating func dropFromCache() {
        visible = durable
        for change in changes { Self.apply(change, to: &visible) }
    }

    /// What the device holds after a power cut. `keepsBlock` is asked for each block of each change
    /// in order whether it made it, and `turnsBit` for each that did which bit of it is wrong, nil
    /// for none. What was synchronized is not touched.
    func afterPowerCut(
        keepsBlock: () -> Bool, turnsBit: (_ bitCount: Int) -> Int?
    ) -> [UInt8] {
        var survivor = durable
        for change in changes {
            guard case .bytes(let bytes, let offset) = change else {
                if keepsBlock() { Self.apply(change, to: &survivor) }
                continue
            }
            var start = 0
            while start < bytes.count {
                let inBlock = Self.blockByteCount - (offset + start) % Self.blockByteCount
                let end = min(start + inBlock, bytes.count)
                defer { start = end }
                guard keepsBlock() else { continue }
                var piece = Array(bytes[start..<end])
                if let bit = turnsBit(piece.count * 8) { piece[bit / 8] ^= 1 << UInt8(bit % 8) }
                Self.apply(.bytes(piece, offset: offset + start), to: &survivor)
            }
        }
        return survivor
    }

    private static func apply(_ change: Change, to content: inout [UInt8]) {
        switch change {
        case .growth(let byteCount):
            grow(&content, to: byteCount)
        case .bytes(let bytes, let offset):
            grow(&content, to: offset + bytes.count)
            content.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
    }

    private static func grow(_ content: inout [UInt8], to byteCount: Int) {
        guard content.count < byteCount else { return }
        content += [UInt8](repeating: 0, count: byteCount - content.count)
    }
}
