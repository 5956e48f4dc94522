import Synchronization

// The compiler lends a large value to a function by copying it to the stack, unless it may not be
// moved while it is borrowed. An atomic may not: whoever is lent one must see the one that is there.

/// A member that keeps its owner where it is: a value that has one is lent by its address.
///
/// For values of many tables that every request is judged by. Measured: 1,660 of the 23,450
/// instructions of a validate were copies of such values.
@frozen
package struct InPlace: ~Copyable, Sendable {
    private let anchor = Atomic<UInt8>(0)

    package init() {}
}
