import CouponCatalog
import Definitions
import Testing

@testable import coupond

@Suite struct `Patience with files` {
    private func step(
        _ patience: inout FilePatience, changed: [String] = [], age: Int64, steady: Int64 = 0
    ) -> FilePatience.Step {
        patience.step(
            changed: changed, lastChange: 1_000_000 - age, wall: 1_000_000, steady: steady)
    }

    @Test func `takes files that were at rest for half a second`() {
        var patience = FilePatience(startingAt: 0)
        #expect(step(&patience, age: 500) == .atRest)
        #expect(step(&patience, age: 90_000) == .atRest)
    }

    @Test(arguments: [(0, 500), (499, 1), (-3_000, 500)] as [(Int64, Int64)])
    func `looks again at files that were written only now`(age: Int64, pause: Int64) {
        var patience = FilePatience(startingAt: 0)
        #expect(step(&patience, age: age) == .lookAgain(after: pause))
        // Nothing has changed meanwhile, so even a time in the future does no harm.
        #expect(step(&patience, age: age) == .atRest)
    }

    @Test func `reads files again that changed, for ten seconds`() {
        var patience = FilePatience(startingAt: 100)
        #expect(
            step(&patience, changed: ["a"], age: 0, steady: 100) == .readAgain(after: 500))
        patience.beginReading()
        #expect(step(&patience, age: 10, steady: 700) == .lookAgain(after: 490))
        #expect(
            step(&patience, changed: ["a"], age: 0, steady: 10_099) == .readAgain(after: 500))
        #expect(
            step(&patience, changed: ["a", "b"], age: 0, steady: 10_100) == .givenUp(["a", "b"]))
    }

    @Test func `survives a catalog without files, and impossible times`() {
        var patience = FilePatience(startingAt: 0)
        let noFiles = patience.step(
            changed: [], lastChange: CatalogSources(program: "", paths: []).lastChange, wall: 5,
            steady: 0)
        #expect(noFiles == .atRest)
    }
}
