// A catalog that has begun to serve is kept for the next start. Writing it takes as long as it takes,
// after the catalog is in use, where nothing waits for it; that it failed harms nothing but the next
// start's speed, and what it could fall back on.

import Definitions
import CouponCatalog
import CouponService
import CouponStore
import Logging
import SystemPackage
import UVLoop

/// How keeping a catalog went.
private enum CachingOutcome: Sendable {
    case written(byteCount: Int, milliseconds: Int64)
    case failed(String)
}

extension Daemon {
    /// Keeps the catalog that is judged by, which was compiled from `sources`, for the next start.
    func cacheCatalog(madeFrom sources: CatalogSources) {
        let cache = CatalogCache(in: directory.path)
        builder.run(
            { [shared = server.catalog] in write(shared, madeFrom: sources, to: cache) },
            then: { [unowned self] in tell($0) })
    }

    private func tell(_ outcome: CachingOutcome) {
        switch outcome {
        case .written(let byteCount, let milliseconds):
            log.info(
                "catalog cache written",
                metadata: [
                    "bytes": .stringConvertible(byteCount), "ms": .stringConvertible(milliseconds),
                ])
        case .failed(let reason):
            log.warning("the catalog cache was not written", metadata: ["fault": "\(reason)"])
        }
    }
}

private func write(
    _ shared: SharedCatalog, madeFrom sources: CatalogSources, to cache: CatalogCache
) -> CachingOutcome {
    let start = BootClock.now
    do throws(DiskFault) {
        let byteCount = try cache.write(shared.catalog, madeFrom: sources)
        return .written(byteCount: byteCount, milliseconds: BootClock.now - start)
    } catch {
        return .failed("\(error.operation) \(error.path): \(Errno(rawValue: error.errno))")
    }
}
