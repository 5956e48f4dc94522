// A catalog of many million codes takes a while to read from its files. An operator who
// waits for a start or a reload sees in the log that it makes progress, how fast, and at what
// stage.

import Definitions
import CouponCatalog
import Logging
import Posix

/// Logs the progress of a loading every other second. A quick loading logs nothing.
final class LoadingLog {
    private let log: Logger
    private var pace: LoadingPace

    /// For a loading that begins now.
    init(_ log: Logger) {
        self.log = log
        pace = LoadingPace(startingAt: BootClock.now)
    }

    func note(_ progress: LoadingProgress) {
        guard let perSecond = pace.codesPerSecond(at: BootClock.now, progress) else { return }
        switch progress {
        case .reading(let file, let rows, let bytes):
            log.info(
                "reading codes",
                metadata: [
                    "file": "\(file)", "rows": .stringConvertible(rows),
                    "bytes": .stringConvertible(bytes),
                    "codes_per_second": .stringConvertible(perSecond),
                ])
        case .indexing(let codes, let all):
            log.info(
                "indexing codes",
                metadata: [
                    "codes": .stringConvertible(codes), "of": .stringConvertible(all),
                    "codes_per_second": .stringConvertible(perSecond),
                ])
        }
    }
}

/// When the progress of a loading is worth a line, and how fast it is. Times are in milliseconds.
struct LoadingPace {
    static let periodMilliseconds: Int64 = 2_000

    /// The present stage and its start: one file after the other, then the index.
    private var stage: Stage?
    private var stageStartedAt: Int64
    private var lastNotedAt: Int64
    private var lastReportedAt: Int64

    private enum Stage: Equatable {
        case reading(file: String)
        case indexing
    }

    init(startingAt now: Int64) {
        stageStartedAt = now
        lastNotedAt = now
        lastReportedAt = now
    }

    /// The speed of the present stage, if it is time to report it; otherwise nil.
    mutating func codesPerSecond(at now: Int64, _ progress: LoadingProgress) -> Int? {
        let (stage, count): (Stage, Int) =
            switch progress {
            case .reading(let file, let rows, _): (.reading(file: file), rows)
            case .indexing(let codes, _): (.indexing, codes)
            }
        if stage != self.stage {
            self.stage = stage
            // It began when the stage before made its last progress.
            stageStartedAt = lastNotedAt
        }
        lastNotedAt = now
        guard now - lastReportedAt >= Self.periodMilliseconds else { return nil }
        lastReportedAt = now
        return Self.perSecond(count, inMilliseconds: now - stageStartedAt)
    }

    static func perSecond(_ count: Int, inMilliseconds milliseconds: Int64) -> Int {
        count * 1_000 / Int(max(1, milliseconds))
    }
}
