// "Did you mean": the known name that a misspelt one is nearest to.

/// The one of `candidates` that `word` was probably meant to be, if any is near enough.
///
/// Near is: equal but for case, `-` and `_`; a beginning of at least three characters (`mon` for
/// `monday`); or few enough edits for its length that two unrelated names are seldom taken for one
/// another. Of equally near candidates the first wins.
func nearest(to word: some StringProtocol, among candidates: some Sequence<String>) -> String? {
    let written = simplified(word)
    let allowance = written.count <= 3 ? 1 : written.count <= 7 ? 2 : 3
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
        let known = simplified(candidate)
        let isBeginning =
            min(known.count, written.count) >= 3
            && (known.starts(with: written) || written.starts(with: known))
        let distance = isBeginning && known != written ? 1 : editDistance(written, known)
        if distance > allowance || distance >= max(known.count, 2) { continue }
        if let best, best.distance <= distance { continue }
        best = (distance, candidate)
    }
    return best?.candidate
}

/// ` Did you mean …?`, or nothing.
func suggestion(for word: some StringProtocol, among candidates: some Sequence<String>) -> String {
    nearest(to: word, among: candidates).map { " Did you mean `\($0)`?" } ?? ""
}

private func simplified(_ word: some StringProtocol) -> [Unicode.Scalar] {
    // No name is longer, and comparing costs the product of the lengths.
    word.lowercased().unicodeScalars.prefix(64).filter { $0 != "_" && $0 != "-" && $0 != " " }
}

/// How many insertions, deletions, replacements and swaps of neighbours make one of the other.
func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    // Three rows of the usual table are enough: a swap looks two rows back.
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for (row, mine) in left.enumerated() {
        var current = [row + 1]
        for (column, theirs) in right.enumerated() {
            var distance = min(
                last[column + 1] + 1, current[column] + 1, last[column] + (mine == theirs ? 0 : 1))
            let isSwap =
                row > 0 && column > 0 && mine == right[column - 1] && left[row - 1] == theirs
            if isSwap { distance = min(distance, beforeLast[column - 1] + 1) }
            current.append(distance)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
