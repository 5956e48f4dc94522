/// How far the loading of a catalog has come: told a few times a second while there are many codes,
/// for those who wait for the end of it.
package enum LoadingProgress: Equatable, Sendable {
    /// Of a codes file so many rows were read, which are so many of its bytes.
    case reading(file: String, rows: Int, bytes: Int)
    /// Of all codes so many have a place in the index, where clashes are found.
    case indexing(codes: Int, of: Int)
}
