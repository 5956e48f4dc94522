import CouponStore

// Each is the rest of a sentence that begins with the file, or with the place in it.

extension SegmentSurvey.Problem {
    package var explanation: String {
        switch self {
        case .header(let problem): problem.explanation
        case .name(let name): "has the header of \(name.text)"
        case .batch(let problem): problem.explanation
        case .unwritten: "is empty here, but has batches after this place"
        case .unreadable: "cannot be read from here on"
        }
    }
}

extension JournalSurvey.Fault.Reason {
    package var explanation: String {
        switch self {
        case .segment(let problem): problem.explanation
        case .endsEarly: "ends before the last record that was known to be durable"
        case .missingBefore: "continues a segment that is missing"
        case .missingAfter(let successor): "is continued by \(successor.text), which is missing"
        case .missingNewest(let newest):
            "is not the newest: the file anchor names \(newest.text), which is missing"
        case .notAnchored(nil): "may not be the newest: the file anchor is missing"
        case .notAnchored(let problem?):
            "may not be the newest: the file anchor \(problem.explanation)"
        case .markedBeyond(let next):
            "says of records that they are durable, and \(next.text) does not continue them"
        case .otherHistory: "does not continue the segment before it"
        case .record(let fault): "has a record that cannot be read: \(fault.explanation)"
        case .unsteady: "was read twice with different results"
        }
    }
}
