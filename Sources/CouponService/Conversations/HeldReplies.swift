import FlatStorage

// Replies of one conversation leave in the order of its requests. One that speaks of something the
// journal does not have yet waits, and so do all behind it.

/// A conversation's replies that wait for the journal.
struct HeldReplies: ~Copyable {
    // Not private: a row type that is a generic argument must be seen by other files.
    struct Run: BitwiseCopyable {
        /// Of the replies that wait for the same record.
        var byteCount: Int
        var sequence: UInt64
    }

    private var bytes = ByteBuffer(capacity: 0)
    private var runs = FlatArray<Run>(capacity: 1)

    /// Bytes that wait.
    var byteCount: Int { bytes.count }

    /// Takes the reply that begins at `start` of `output`. It leaves no earlier than the replies before
    /// it. Returns whether it waits for a record that no reply waited for yet.
    mutating func take(
        _ output: inout ByteBuffer, from start: Int, until sequence: UInt64
    ) -> Bool {
        let byteCount = output.count - start
        bytes.append(output.bytes(in: start..<output.count))
        output.truncate(to: start)
        let last = runs.count - 1
        if last >= 0 && sequence <= runs[last].sequence {
            runs[last].byteCount += byteCount
            return false
        }
        runs.append(Run(byteCount: byteCount, sequence: sequence))
        return true
    }

    /// Appends to `output` the replies that wait for nothing after `acknowledged`.
    mutating func leave(upTo acknowledged: UInt64, into output: inout ByteBuffer) {
        var runCount = 0
        var byteCount = 0
        while runCount < runs.count, runs[runCount].sequence <= acknowledged {
            byteCount += runs[runCount].byteCount
            runCount += 1
        }
        output.append(bytes.bytes(in: 0..<byteCount))
        bytes.removeFirst(byteCount)
        runs.removeFirst(runCount)
    }

    /// Releases memory that is not in use.
    mutating func trim() {
        bytes.shrinkToFit()
        runs.shrinkToFit()
    }
}

/// The conversations that wait, in the order of the records that they wait for.
struct Waiters: ~Copyable {
    struct Waiter: BitwiseCopyable {
        var conversation: UInt64
        var sequence: UInt64
    }

    private var waiters = FlatArray<Waiter>(capacity: 256)
    private var servedCount = 0

    mutating func append(_ id: ConversationID, until sequence: UInt64) {
        // The queue may never be empty, so the served ones are dropped from time to time.
        if servedCount > waiters.count / 2 {
            waiters.removeFirst(servedCount)
            servedCount = 0
        }
        waiters.append(Waiter(conversation: id.rawValue, sequence: sequence))
    }

    /// The next conversation some of whose replies may leave.
    mutating func next(upTo acknowledged: UInt64) -> ConversationID? {
        guard servedCount < waiters.count, waiters[servedCount].sequence <= acknowledged else {
            return nil
        }
        servedCount += 1
        return ConversationID(rawValue: waiters[servedCount - 1].conversation)
    }
}
