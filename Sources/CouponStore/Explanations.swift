// What is wrong with a file, in words for whoever runs the daemon: the tools that read the files say
// it alike. Each is the rest of a sentence that begins with the file, or with the place in it.

extension SegmentHeaderProblem {
    package var explanation: String {
        switch self {
        case .short: "ends within its header"
        case .foreign: "does not begin as a journal segment does"
        case .unknownVersion(let version): "has version \(version): a later coupond wrote it"
        case .damaged: "has a damaged header"
        case .cut(let byteCount): "was cut to \(byteCount) bytes: what stood behind them is gone"
        }
    }
}

extension BatchProblem {
    package var explanation: String {
        switch self {
        case .foreign: "holds something that is no batch"
        case .unknownVersion: "holds a batch of another version, or a damaged one"
        case .short: "ends within a batch"
        case .damaged: "holds a batch whose checksum does not hold"
        case .contradiction: "holds a batch that contradicts itself"
        case .otherSalt: "holds a batch of another segment"
        case .outOfChain: "holds a batch that does not follow the one before it"
        }
    }
}

extension SegmentScan.End {
    /// Why the chain ends, where more was promised.
    package var explanation: String {
        switch self {
        case .unwritten: "ends before what was promised does"
        case .sealed: "was ended before what was promised does"
        case .damaged(let problem): problem.explanation
        }
    }
}

extension SegmentSurvey.Problem {
    /// What is wrong; of a device that refused, that it did.
    package var explanation: String {
        switch self {
        case .header(let problem): problem.explanation
        case .name(let name): "has the header of \(name.text)"
        case .batch(let problem): problem.explanation
        case .unwritten: "was not written here, but behind"
        case .unreadable: "cannot be read from here on"
        }
    }
}

extension JournalSurvey.Fault.Reason {
    package var explanation: String {
        switch self {
        case .segment(let problem): problem.explanation
        case .endsEarly: "ends before what was promised does"
        case .missingBefore: "continues something that is in no file"
        case .missingAfter(let successor): "is continued by \(successor.text), which is missing"
        case .otherHistory: "does not continue what stands before it"
        case .record(let fault): "holds a record that cannot be read: \(fault.explanation)"
        case .unsteady: "was read twice and was not the same"
        }
    }
}

extension JournalCorruption.Reason {
    package var explanation: String {
        switch self {
        case .header(let problem): problem.explanation
        case .name: "has the header of another segment"
        case .damage(let end): end.explanation
        case .missingBefore: "continues something that is in no file"
        case .missingAfter(let successor): "is continued by \(successor.text), which is missing"
        case .record(let fault): "holds a record that cannot be read: \(fault.explanation)"
        case .unsteady: "was read twice and was not the same"
        }
    }
}

extension JournalRecordFault {
    package var explanation: String {
        switch part {
        case .kind: "its kind is not known"
        case .redemption: "its redemption number"
        case .order: "its orders"
        case .counter: "its counters"
        case .end: "it goes on behind its end"
        case .image(let fault): "the image of an order (\(fault.part), byte \(fault.offset))"
        case .consumption: "an order uses a counter that there is not"
        }
    }
}

extension SnapshotProblem {
    /// What is wrong, but for what the disk says.
    package var explanation: String {
        switch self {
        case .unreadable: "cannot be read"
        case .empty: "is empty"
        case .foreign: "is no snapshot"
        case .unknownVersion(let version):
            "has version \(version): a later coupond wrote it"
        case .wrongLength(nil, let found): "ends within its header, after \(found) bytes"
        case .wrongLength(let expected?, let found):
            "has \(found) bytes where it should have \(expected)"
        case .headerDamaged: "has a damaged header"
        case .contentDamaged: "is damaged: its checksum does not hold"
        case .contradiction(let part, let offset):
            "contradicts itself (\(part), at byte \(offset))"
        }
    }
}
