// A start serves the first of these that is usable: the cache, if its definitions have not changed;
// the compiled definitions; and, if those are refused, the last good catalog, which is the cache
// even if its definitions have changed. Codes that keep working are worth more to a shop than the
// newest definitions. But an operator must not mistake the one for the other: every mistake is
// logged as an error, `server.stats` names the source, and `--check` keeps failing.

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
    let sources: CatalogSources
    /// Whether it must still be written to the cache.
    let isUncached: Bool
    let warningCount: Int

    /// Finds the catalog to begin with. A catalog that would hide uses in `ledger` is not taken.
    ///
    /// - Throws: `invalidDefinitions` if the definitions are refused and no good catalog is left or
    ///   `isStrict` forbids one.
    init(
        _ configuration: Configuration, isStrict: Bool, keepingUsesOf ledger: borrowing Ledger,
        _ log: Logger
    ) throws(StartFault) {
        let cache = CatalogCache(in: configuration.state.directory)
        let paths = configuration.catalogPaths ?? []
        let start = BootClock.now
        var isCacheUsable = true
        do throws(CatalogCacheFault) {
            if let cached = try cache.unchangedCatalog(at: paths),
                cached.catalog.lostUses(of: ledger).isEmpty
            {
                let sources = cached.sources
                let limits = cached.catalog.limitsBelowUse(in: ledger)
                self.init(
                    cached.catalog, of: sources, from: .cache, limits: limits, since: start, log)
                return
            }
        } catch {
            isCacheUsable = false
            log.warning(
                "the catalog cache is not used",
                metadata: ["fault": "\(cache.path) \(error.explanation)"])
        }

        do throws(StartFault) {
            let loaded = try LoadedCatalog(configuration, log)
            let lost = loaded.catalog.lostUses(of: ledger)
            if !lost.isEmpty { throw .invalidDefinitions(lost) }
            let sources = loaded.sources
            let limits = loaded.catalog.limitsBelowUse(in: ledger)
            self.init(
                loaded.catalog, of: sources, from: .files, isUncached: true, limits: limits,
                since: start, log)
        } catch {
            guard !isStrict, isCacheUsable, case .invalidDefinitions(let faults) = error,
                let kept = Self.lastGoodCatalog(in: cache, keepingUsesOf: ledger)
            else { throw error }
            for fault in faults {
                log.error("definitions refused", metadata: ["fault": "\(fault)"])
            }
            log.error("the last good catalog is served: correct the definitions and reload")
            let sources = kept.sources
            let limits = kept.catalog.limitsBelowUse(in: ledger)
            self.init(
                kept.catalog, of: sources, from: .lastGood(faults: faults.map(\.description)),
                limits: limits, since: start, log)
        }
    }

    private init(
        _ catalog: consuming Catalog, of sources: CatalogSources, from origin: CatalogOrigin,
        isUncached: Bool = false, limits: [DefinitionFault], since start: Int64, _ log: Logger
    ) {
        shared = SharedCatalog(catalog)
        self.sources = sources
        self.origin = origin
        self.isUncached = isUncached
        warningCount = sources.warningCount + limits.count
        var metadata = Logger.Metadata.catalog(
            shared.catalog, warnings: warningCount, BootClock.now - start)
        metadata["source"] = "\(origin.name)"
        log.info("catalog loaded", metadata: metadata)
    }

    private static func lastGoodCatalog(
        in cache: CatalogCache, keepingUsesOf ledger: borrowing Ledger
    ) -> CachedCatalog? {
        // It was usable a moment ago. If it no longer is, the faults of the definitions are
        // reported.
        guard let kept = try? cache.lastGoodCatalog(), kept.catalog.lostUses(of: ledger).isEmpty
        else { return nil }
        return kept
    }
}

extension Catalog {
    /// A warning for each limit of uses in all that is below the uses that `ledger` has.
    func limitsBelowUse(in ledger: borrowing Ledger) -> [DefinitionFault] {
        limitsBelowUse(couponsWithTotals, in: ledger)
    }
}
