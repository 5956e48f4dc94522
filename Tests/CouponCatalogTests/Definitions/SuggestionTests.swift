import Testing

@testable import Definitions

@Suite struct `A suggestion` {
    private let known = ["percentage", "fixed_amount", "max_uses", "ends_at", "id", "mon", "tue"]

    @Test(arguments: [
        ("percentge", "percentage"), ("precentage", "percentage"), ("Percentage", "percentage"),
        ("percent", "percentage"), ("fixed-amount", "fixed_amount"),
        ("fixedAmount", "fixed_amount"),
        ("max_use", "max_uses"), ("maxuses", "max_uses"), ("end_at", "ends_at"), ("di", "id"),
        ("monday", "mon"), ("teu", "tue"),
    ])
    func `is the name that was meant`(word: String, meant: String) {
        #expect(nearest(to: word, among: known) == meant)
    }

    @Test(arguments: ["colour", "x", "", "amount_of_all_things", "wed"])
    func `is withheld when nothing is near`(word: String) {
        #expect(nearest(to: word, among: known) == nil)
    }

    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 1),
        ("ca", "abc", 3), ("same", "same", 0),
    ])
    func `counts edits`(left: String, right: String, distance: Int) {
        #expect(editDistance(Array(left.unicodeScalars), Array(right.unicodeScalars)) == distance)
        #expect(editDistance(Array(right.unicodeScalars), Array(left.unicodeScalars)) == distance)
    }

    @Test func `takes no time for a name without end`() {
        #expect(nearest(to: String(repeating: "a", count: 1_000_000), among: known) == nil)
    }
}
