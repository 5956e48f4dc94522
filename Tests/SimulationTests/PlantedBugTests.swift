import Simulation
import Testing

@Suite struct `A planted bug` {
    private static let seedsMax: UInt64 = 1_500

    /// The first seed under which a promise does not hold.
    private func caught(_ bug: PlantedBug) -> SeedFailure? {
        var settings = SimulationSettings()
        settings.planted = bug
        var tally = Tally()
        do throws(SeedFailure) {
            try SeedRun.run(1..<Self.seedsMax, settings, tally: &tally)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: PlantedBug.allCases)
    func `is caught by some seed`(bug: PlantedBug) throws {
        let failure = try #require(caught(bug), "no seed below \(Self.seedsMax) notices \(bug)")
        print("\(bug) is noticed under seed \(failure.seed): \(failure.violation)")
    }

    @Test func `is one of at least twenty`() {
        #expect(PlantedBug.allCases.count >= 20)
    }
}
