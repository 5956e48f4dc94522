extension Array {
    /// Removes all elements and keeps the memory for the next request.
    ///
    /// Most of a judge's arrays are empty at most requests, and only looking is cheaper.
    mutating func empty() {
        if !isEmpty { removeAll(keepingCapacity: true) }
    }
}
