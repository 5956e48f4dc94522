extension Array {
    /// Removes all elements and keeps the memory for the next request.
    ///
    /// Most of the rules' arrays are empty at most requests, and only looking is cheaper.
    mutating func empty() {
        if !isEmpty { removeAll(keepingCapacity: true) }
    }

    /// Becomes `count` times `element`, in the memory that it has.
    @inline(__always)
    mutating func fill(with element: Element, count: Int) {
        empty()
        for _ in 0..<count { append(element) }
    }
}
