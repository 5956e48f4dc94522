/// An element that a ``Heap`` can put in order. The order is strict: of two different elements one
/// precedes the other.
protocol Ranked: BitwiseCopyable {
    func precedes(_ other: Self) -> Bool
}

/// Elements that are taken out in their order, as many as are needed.
///
/// Sorting would allocate, and a cart of hundreds of lines must stay cheap. The memory is kept from
/// one use to the next: append all, ``arrange()``, then take.
struct Heap<Element: Ranked>: ~Copyable {
    private var elements: [Element] = []

    init(capacity: Int = 0) { elements.reserveCapacity(capacity) }

    var isEmpty: Bool { elements.isEmpty }

    mutating func removeAll() { elements.empty() }

    mutating func append(_ element: Element) { elements.append(element) }

    /// Puts the appended elements into order.
    mutating func arrange() {
        for index in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sift(index) }
    }

    /// Takes out the element that precedes all others; there is one.
    mutating func removeFirst() -> Element {
        let first = elements[0]
        let last = elements.removeLast()
        if !elements.isEmpty {
            elements[0] = last
            sift(0)
        }
        return first
    }

    /// Restores the order below `start`.
    private mutating func sift(_ start: Int) {
        var index = start
        while true {
            var first = index
            for child in (2 * index + 1)...(2 * index + 2)
            where child < elements.count && elements[child].precedes(elements[first]) {
                first = child
            }
            if first == index { return }
            elements.swapAt(index, first)
            index = first
        }
    }
}
