extension Array {
    /// Removes all elements and keeps the memory for the next request.
    ///
    /// Most of the rules' arrays are empty at most requests, and only looking is cheaper.
    mutating func empty() {
        if !isEmpty { removeAll(keepingCapacity: true) }
    }
}

extension Array where Element: BitwiseCopyable {
    /// Becomes `count` times `element`, in the memory that it has.
    ///
    /// Carts often have as many lines as the one before. Overwriting them instead of removing and
    /// appending saves 280 instructions per validate.
    @inline(__always)
    mutating func fill(with element: Element, count: Int) {
        if self.count != count {
            empty()
            for _ in 0..<count { append(element) }
        } else {
            for index in indices { self[index] = element }
        }
    }
}
