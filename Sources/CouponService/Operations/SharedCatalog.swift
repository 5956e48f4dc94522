import CouponCatalog

/// A catalog that several threads read: the loop judges by it while the next one, built elsewhere,
/// is compared with it. The last owner frees it, which takes a while when it is large.
package final class SharedCatalog: Sendable {
    package let catalog: Catalog

    package init(_ catalog: consuming Catalog) { self.catalog = catalog }
}
