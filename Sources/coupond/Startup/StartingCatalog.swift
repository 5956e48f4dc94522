// What a start serves, in this order: the cache, if the definitions are what it was compiled from;
// the definitions, compiled; and where those are refused, the last good catalog, which is the cache
// whatever it was compiled from. A shop whose codes go on working is worth more than the newest
// definitions; but nobody shall take the one for the other, so every mistake is an error of the log,
// `server.stats` says what is served, and `--check` goes on failing.

import Definitions
import CouponCatalog
import CouponService
import CouponStore
import Logging
import Posix

/// The catalog that a daemon begins with.
struct StartingCatalog {
    let shared: SharedCatalog
    let origin: CatalogOrigin
    /// What it was compiled from, where that is still to be kept in the cache.
    let uncached: CatalogSources?

    /// Finds the catalog to begin with. None is taken that would lose sight of uses in `ledger`.
    ///
    /// - Throws: `invalidDefinitions` when the definitions are refused and no good catalog is left,
    ///   or `isStrict` says not to look for one.
    init(
        _ configuration: Configuration, isStrict: Bool, keepingUsesOf ledger: borrowing Ledger,
        _ log: Logger
    ) throws(StartFault) {
        let cache = CatalogCache(in: configuration.state.directory)
        let paths = configuration.catalogPaths ?? []
        let start = BootClock.now
        var isCacheUsable = true
        do throws(CatalogCacheFault) {
            if let catalog = try cache.unchangedCatalog(at: paths),
                catalog.lostUses(of: ledger).isEmpty
            {
                self.init(catalog, from: .cache, uncached: nil, since: start, log)
                return
            }
        } catch {
            isCacheUsable = false
            log.warning(
                "the catalog cache is not used",
                metadata: ["fault": "\(cache.path) \(error.explanation)"])
        }

        do throws(StartFault) {
            let recorder = CatalogCache.recorder(of: paths, log)
            let catalog = try loadCatalog(configuration, recorder)
            let lost = catalog.lostUses(of: ledger)
            if !lost.isEmpty { throw .invalidDefinitions(lost) }
            self.init(catalog, from: .files, uncached: recorder.sources, since: start, log)
        } catch {
            guard !isStrict, isCacheUsable, case .invalidDefinitions(let faults) = error,
                let catalog = Self.lastGoodCatalog(in: cache, keepingUsesOf: ledger)
            else { throw error }
            for fault in faults {
                log.error("definitions refused", metadata: ["fault": "\(fault)"])
            }
            log.error("the last good catalog is served: mend the definitions and reload")
            self.init(
                catalog, from: .lastGood(faults: faults.map(\.description)), uncached: nil,
                since: start, log)
        }
    }

    private init(
        _ catalog: consuming Catalog, from origin: CatalogOrigin, uncached: CatalogSources?,
        since start: Int64, _ log: Logger
    ) {
        shared = SharedCatalog(catalog)
        self.origin = origin
        self.uncached = uncached
        var metadata = Logger.Metadata.catalog(shared.catalog, BootClock.now - start)
        metadata["source"] = "\(origin.name)"
        log.info("catalog loaded", metadata: metadata)
    }

    private static func lastGoodCatalog(
        in cache: CatalogCache, keepingUsesOf ledger: borrowing Ledger
    ) -> Catalog? {
        // It was usable a moment ago. If it is not any more, the definitions' faults are what counts.
        guard let catalog = try? cache.lastGoodCatalog(), catalog.lostUses(of: ledger).isEmpty
        else { return nil }
        return catalog
    }
}
