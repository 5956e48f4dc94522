import Synchronization

/// Carries a catalog from one thread to another: the builder's to the loop's, and the one that was
/// replaced back to a worker, where freeing it stops nobody.
package final class CatalogHandover: Sendable {
    private let content: Mutex<Catalog?>

    package init(_ catalog: consuming sending Catalog) { content = Mutex(catalog) }

    /// The catalog, for the first who asks.
    package func take() -> Catalog? {
        content.withLock { content in
            var taken: Catalog?
            swap(&taken, &content)
            return taken
        }
    }
}
