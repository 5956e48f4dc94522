// Durability bugs that daemons have had, planted around the product and never in it: an observer between
// the daemon and its disk leaves a call out or does something else, or the shell hands over something
// else than it should. The simulation must notice each of them.

/// A bug.
package enum PlantedBug: String, CaseIterable, Sendable {
    // Between the daemon and its disk, while it writes.
    case skipsJournalSync
    case skipsDirectorySync
    case skipsHeaderSync
    case skipsSnapshotSync
    case swallowsFailedSync
    case takesNoSpace
    case writesAtWrongOffset
    case writesOverTheBatchBefore
    case dropsAWrite
    case writesLate
    case marksTooHigh
    case marksTooLow
    case renewsNothing
    case removesSegmentsTooEarly
    case keepsNoSegmentsForTheOlderSnapshot
    // The same, while it reads.
    case readsTooLittle
    case hidesTheNewestSegment
    case showsAnOldSnapshot
    // With the names of its files, and with the anchor.
    case checksNoNames
    case checksOnlyTheSegment
    case anchorsOnlyAtARoll
    case skipsAnchorSync
    case anchorsBeforeTheSegment
    case ignoresTheAnchor
    // In the compaction.
    case snapshotsPromiseMore
    case snapshotsLeaveOrdersOut
    // In the shell.
    case repliesBeforeSync
    case reportsBeforeWriting
    case dropsRecordsOfATurn
    case writesRecordsTwice
    case servesBeforeRecovery
    case goesOnAfterAFailedSync
    case lapsesByTheTimeOfDay
    case archivesByTheTimeOfDay

    /// Who stands between the daemon and its disk.
    var interference: (any DiskInterference)? {
        switch self {
        case .skipsJournalSync, .skipsDirectorySync, .skipsHeaderSync, .skipsSnapshotSync,
            .swallowsFailedSync, .takesNoSpace,
            .removesSegmentsTooEarly, .keepsNoSegmentsForTheOlderSnapshot:
            CallBug(self)
        case .writesAtWrongOffset, .writesOverTheBatchBefore, .dropsAWrite, .writesLate,
            .renewsNothing:
            WriteBug(self)
        case .marksTooHigh, .marksTooLow: MarkBug(isTooHigh: self == .marksTooHigh)
        case .readsTooLittle, .hidesTheNewestSegment, .showsAnOldSnapshot: ReadBug(self)
        case .checksNoNames, .checksOnlyTheSegment: NameBug(self)
        case .anchorsOnlyAtARoll, .skipsAnchorSync, .anchorsBeforeTheSegment, .ignoresTheAnchor:
            AnchorBug(self)
        case .snapshotsPromiseMore, .snapshotsLeaveOrdersOut, .repliesBeforeSync,
            .reportsBeforeWriting, .dropsRecordsOfATurn,
            .writesRecordsTwice, .servesBeforeRecovery, .goesOnAfterAFailedSync,
            .lapsesByTheTimeOfDay, .archivesByTheTimeOfDay:
            nil
        }
    }
}
