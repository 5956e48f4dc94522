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
    /// Its sources, if it must still be written to the cache.
    let uncached: CatalogSources?

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
            log.error("the last good catalog is served: correct the definitions and reload")
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
        // It was usable a moment ago. If it no longer is, the faults of the definitions are
        // reported.
        guard let catalog = try? cache.lastGoodCatalog(), catalog.lostUses(of: ledger).isEmpty
        else { return nil }
        return catalog
    }
}
