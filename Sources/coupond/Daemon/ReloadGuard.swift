import CouponCatalog
import Definitions

// What is valid and still looks as if a part were missing. Only a comparison with what is served shows
// it, so a start cannot know; a reload refuses it unless it is forced.

/// Compares what a reload read with what is served.
struct ReloadGuard {
    /// Where the serving catalog came from; nil when that is not known.
    let serving: CatalogSources?
    let shrinkPercent: Int64

    /// Why the catalog `next`, read from `sources`, is not taken in place of `current`; empty when
    /// it is.
    func faults(
        of next: borrowing Catalog, from sources: CatalogSources,
        inPlaceOf current: borrowing Catalog
    ) -> [DefinitionFault] {
        let shrunk = next.shrinkage(from: current)
        let catalog = SourcePlace(file: sources.paths.joined(separator: ", "), line: 0)
        let tooFew = shrunk.filter { $0.exceeds(percent: shrinkPercent) }.map {
            DefinitionFault(
                place: catalog, field: "store \($0.store)",
                message:
                    "Of its \($0.before) \($0.part) only \($0.after) would be left; a reload may "
                    + "remove \(shrinkPercent) percent (`reload.shrink_percent`). Is a file cut off or "
                    + "missing? \(Self.advice)")
        }
        return filesCutOff(sources, isShrinking: !shrunk.isEmpty) + tooFew
    }

    /// Definition files whose last line has no end, and had one before, or that lost something. JSON has
    /// an end of its own.
    private func filesCutOff(_ sources: CatalogSources, isShrinking: Bool) -> [DefinitionFault] {
        let wereWhole = Set(serving?.files.filter { !$0.lacksLineEnd }.map(\.path) ?? [])
        return sources.files.filter { file in
            file.lacksLineEnd && !file.path.hasSuffix(".json")
                && (isShrinking || wereWhole.contains(file.path))
        }.map { file in
            DefinitionFault(
                place: SourcePlace(file: file.path, line: 0), field: "",
                message: (isShrinking
                    ? "Its last line has no line end, and coupons or codes are gone: was the file cut "
                        + "off? "
                    : "Its last line has no line end any more: was the file cut off? ")
                    + Self.advice)
        }
    }

    private static let advice = "If it is meant to be so, use `couponctl reload --force`."
}
