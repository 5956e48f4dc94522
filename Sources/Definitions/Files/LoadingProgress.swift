/// How far the loading of a catalog has come, a few times a second while there are many codes.
package enum LoadingProgress: Equatable, Sendable {
    /// `rows` rows of a codes file were read, which are `bytes` bytes.
    case reading(file: String, rows: Int, bytes: Int)
    /// `codes` of all codes have a place in the index, where clashes are found.
    case indexing(codes: Int, of: Int)
}
