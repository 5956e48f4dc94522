/// A seed under which a promise did not hold.
package struct SeedFailure: Error, Equatable {
    package var seed: UInt64
    package var violation: Violation
    /// The last steps that led there.
    package var log: [String]

    /// All there is to say.
    package var report: String {
        """
        \(log.joined(separator: "\n"))
        seed \(seed): \(violation)
        again: COUPOND_SEED=\(seed) swift test --filter SimulationTests
        again, in release: simulate --from \(seed) --seeds 1 --verbose
        """
    }
}

/// Runs of one seed after the other.
package enum SeedRun {
    private static let shownSteps = 60

    /// Makes a run of each seed, and adds what happened to `tally`. Ends with the first that fails.
    package static func run(
        _ seeds: Range<UInt64>, _ settings: SimulationSettings = SimulationSettings(),
        tally: inout Tally
    ) throws(SeedFailure) {
        for seed in seeds { try run(seed, settings, tally: &tally) }
    }

    package static func run(
        _ seed: UInt64, _ settings: SimulationSettings, tally: inout Tally
    ) throws(SeedFailure) {
        let simulation = Simulation(seed: seed, settings)
        do {
            try simulation.run()
        } catch {
            throw SeedFailure(
                seed: seed, violation: error, log: log(of: seed, settings, failing: error))
        }
        tally.add(simulation.tally)
    }

    /// Makes the run again, and keeps what is done in it.
    private static func log(
        of seed: UInt64, _ settings: SimulationSettings, failing first: Violation
    ) -> [String] {
        var settings = settings
        settings.isLogging = true
        let simulation = Simulation(seed: seed, settings)
        do {
            try simulation.run()
            return ["(the second run of this seed did not fail: something has no seed)"]
        } catch {
            let note = error == first ? [] : ["(the second run failed in another way: \(error))"]
            return simulation.log.suffix(shownSteps) + note
        }
    }
}
