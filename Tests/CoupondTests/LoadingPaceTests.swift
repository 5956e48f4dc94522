import Definitions
import CouponCatalog
import Testing

@testable import coupond

@Suite struct `The pace of a loading` {
    private func reading(_ file: String, _ rows: Int) -> LoadingProgress {
        .reading(file: file, rows: rows, bytes: rows * 13)
    }

    @Test func `is reported every other second, and never for a quick loading`() {
        var pace = LoadingPace(startingAt: 5_000)
        #expect(pace.codesPerSecond(at: 5_100, reading("a.csv", 100)) == nil)
        #expect(pace.codesPerSecond(at: 6_999, reading("a.csv", 1_900)) == nil)
        #expect(pace.codesPerSecond(at: 7_000, reading("a.csv", 3_000)) == 1_500)
        #expect(pace.codesPerSecond(at: 8_999, reading("a.csv", 6_000)) == nil)
        #expect(pace.codesPerSecond(at: 9_500, reading("a.csv", 9_000)) == 2_000)
    }

    @Test func `is that of the stage, not of the whole`() {
        var pace = LoadingPace(startingAt: 0)
        #expect(pace.codesPerSecond(at: 1_000, reading("a.csv", 4_000)) == nil)
        // The second file's rows are read after all of the first file.
        #expect(pace.codesPerSecond(at: 2_000, reading("b.csv", 500)) == 500)
        #expect(pace.codesPerSecond(at: 3_000, reading("b.csv", 900)) == nil)
        #expect(pace.codesPerSecond(at: 4_000, .indexing(codes: 2_500, of: 4_900)) == 2_500)
    }

    @Test func `allows for a clock that stands still`() {
        var pace = LoadingPace(startingAt: 0)
        _ = pace.codesPerSecond(at: 2_000, reading("a.csv", 1))
        #expect(LoadingPace.perSecond(7, inMilliseconds: 0) == 7_000)
    }
}
