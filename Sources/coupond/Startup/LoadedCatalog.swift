import CouponCatalog
import CouponRules
import Definitions
import Foundation
import Logging
import Posix

/// A catalog that was compiled from definitions at rest.
struct LoadedCatalog: ~Copyable {
    let catalog: Catalog
    let sources: CatalogSources
    /// The first of them; `sources` counts all.
    let warnings: [DefinitionFault]

    /// Reads and compiles the configured definitions, again while their files change. Waits for them, so
    /// not on the loop. Logs the progress if there is a `log`.
    init(
        _ configuration: Configuration, acceptsEmpty: Bool = false,
        until deadline: LoadingDeadline? = nil, _ log: Logger? = nil
    ) throws(StartFault) {
        let paths = configuration.catalogPaths ?? []
        var patience = FilePatience(startingAt: BootClock.now)
        while true {
            var rules = LoadingRules(now: Instant(millisecondsSinceEpoch: WallClock.now))
            rules.acceptsEmpty = acceptsEmpty
            rules.deadline = deadline
            let recorder = CatalogCache.recorder(of: paths, rules: rules, log)
            patience.beginReading()
            var catalog: Catalog?
            var faults: [DefinitionFault] = []
            do throws(CatalogFaults) {
                catalog = try Catalog.load(paths: paths, recorder: recorder)
            } catch {
                faults = error.faults
            }
            // Files that broke off are refused only once they are at rest: they may be whole soon.
            guard try Self.areAtRest(recorder, &patience, until: deadline) else { continue }
            guard let catalog = consume catalog else { throw .invalidDefinitions(faults) }
            self.catalog = catalog
            sources = recorder.sources
            warnings = recorder.warnings
            return
        }
    }

    /// Waits until the files that were read have been at rest for a while. False when they must be read
    /// again, after a pause.
    private static func areAtRest(
        _ recorder: SourceRecorder, _ patience: inout FilePatience, until deadline: LoadingDeadline?
    ) throws(StartFault) -> Bool {
        while true {
            if let deadline, deadline.isOver {
                throw .invalidDefinitions([deadline.fault(recorder.sources.paths)])
            }
            let step = patience.step(
                changed: recorder.changedPaths(),
                lastChange: recorder.sources.lastChange / 1_000_000, wall: WallClock.now,
                steady: BootClock.now)
            switch step {
            case .atRest: return true
            case .lookAgain(let pause): sleep(milliseconds: pause)
            case .readAgain(let pause):
                sleep(milliseconds: pause)
                return false
            case .givenUp(let paths):
                throw .invalidDefinitions(paths.map { DefinitionFault(keptChanging: $0) })
            }
        }
    }

    private static func sleep(milliseconds: Int64) {
        Thread.sleep(forTimeInterval: Double(milliseconds) / 1_000)
    }
}

extension SourceRecorder {
    /// The files and folders that are not what they were when they were read.
    fileprivate func changedPaths() -> [String] {
        let stamp = FileStamp.init(ofFileAt:)
        return sources.changedPaths(stamp: stamp) + tornPaths
            + missingPaths.filter { stamp($0) != nil }
    }
}

extension LoadingDeadline {
    /// A deadline so many seconds from now.
    convenience init(seconds: Int64) {
        let end = BootClock.now + seconds * 1_000
        self.init(seconds: seconds) { BootClock.now >= end }
    }
}
