import Simulation
import Testing

@Suite struct `A planted bug` {
    /// The first one is where the rarest of them are noticed soon.
    private static let seeds: Range<UInt64> = 179..<2_000

    /// The first seed under which a promise does not hold.
    private func caught(_ bug: PlantedBug) -> SeedFailure? {
        var settings = SimulationSettings()
        settings.planted = bug
        var tally = Tally()
        do throws(SeedFailure) {
            try SeedRun.run(Self.seeds, settings, tally: &tally)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: PlantedBug.allCases)
    func `is caught by some seed`(bug: PlantedBug) throws {
        let failure = try #require(caught(bug), "no seed of \(Self.seeds) notices \(bug)")
        print("\(bug) is noticed under seed \(failure.seed): \(failure.violation)")
    }

    @Test func `is one of at least twenty`() {
        #expect(PlantedBug.allCases.count >= 20)
    }
}
