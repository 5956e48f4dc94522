// What is wrong with a file, in the same words in all tools. Each is the rest of a sentence that
// begins with the file, or with the place in it.

extension SegmentHeaderProblem {
    package var explanation: String {
        switch self {
        case .short: "ends within its header"
        case .foreign: "does not begin as a journal segment does"
        case .unknownVersion(let version): "has version \(version): a later coupond wrote it"
        case .damaged: "has a damaged header"
        case .cut(let byteCount): "was cut to \(byteCount) bytes: the rest is gone"
        }
    }
}

extension BatchProblem {
    package var explanation: String {
        switch self {
        case .foreign: "has something that is not a batch"
        case .unknownVersion: "has a batch of another version, or a damaged one"
        case .short: "ends within a batch"
        case .damaged: "has a batch whose checksum does not match"
        case .contradiction: "has a batch that contradicts itself"
        case .otherSalt: "has a batch of another segment"
        case .outOfChain: "has a batch that does not follow the one before it"
        }
    }
}

extension SegmentScan.End {
    /// Why the chain ends, where records that were durable should follow.
    package var explanation: String {
        switch self {
        case .unwritten: "ends before the last record that was known to be durable"
        case .sealed: "was sealed before the last record that was known to be durable"
        case .damaged(let problem): problem.explanation
        }
    }
}

extension JournalCorruption.Reason {
    package var explanation: String {
        switch self {
        case .header(let problem): problem.explanation
        case .name: "has the header of another segment"
        case .damage(let end): end.explanation
        case .missingBefore: "continues a segment that is missing"
        case .missingAfter(let successor): "is continued by \(successor.text), which is missing"
        case .markedBeyond(let next):
            "says of records that they are durable, and \(next.text) does not continue them"
        case .missingNewest(let newest):
            "is not the newest: the file anchor names \(newest.text), which is missing"
        case .notAnchored: "is not the one that the file anchor names"
        case .anchorMissing: "may not be the newest: the file anchor is missing"
        case .anchorDamaged(let problem):
            "may not be the newest: the file anchor \(problem.explanation)"
        case .record(let fault): "has a record that cannot be read: \(fault.explanation)"
        case .unsteady: "was read twice with different results"
        }
    }
}

extension AnchorProblem {
    package var explanation: String {
        switch self {
        case .foreign: "does not begin as an anchor does"
        case .unknownVersion(let version): "has version \(version): a later coupond wrote it"
        case .damaged: "is damaged"
        }
    }
}

extension JournalRecordFault {
    package var explanation: String {
        switch part {
        case .kind: "its kind is unknown"
        case .redemption: "its redemption number"
        case .order: "its orders"
        case .counter: "its counters"
        case .calendar: "its date"
        case .end: "there are bytes after its end"
        case .image(let fault): "the image of an order (\(fault.part), byte \(fault.offset))"
        case .consumption: "an order uses a counter that does not exist"
        }
    }
}

extension SnapshotProblem {
    /// What is wrong; the disk's own fault is not part of it.
    package var explanation: String {
        switch self {
        case .unreadable: "cannot be read"
        case .empty: "is empty"
        case .foreign: "is not a snapshot"
        case .unknownVersion(let version):
            "has version \(version): a later coupond wrote it"
        case .wrongLength(nil, let found): "ends within its header, after \(found) bytes"
        case .wrongLength(let expected?, let found):
            "has \(found) bytes where it should have \(expected)"
        case .endsEarly(let found): "ends after \(found) bytes, before its last piece"
        case .headerDamaged: "has a damaged header"
        case .contentDamaged: "is damaged: its checksum does not match"
        case .contradiction(let part, let offset):
            "contradicts itself (\(part), at byte \(offset))"
        }
    }
}
