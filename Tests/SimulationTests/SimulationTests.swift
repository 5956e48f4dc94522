import Foundation
import Simulation
import Testing

@Suite struct `The daemon over a disk that fails and forgets` {
    /// Some seeds, others each time; `COUPOND_SIMULATION_SEEDS` makes it millions, and
    /// `COUPOND_SEED` runs one again. The release build's `simulate` does the same, faster.
    @Test func `keeps every promise that it made, or refuses to start`() throws {
        let environment = ProcessInfo.processInfo.environment
        let given = environment["COUPOND_SEED"].flatMap { UInt64($0) }
        let count = environment["COUPOND_SIMULATION_SEEDS"].flatMap { UInt64($0) } ?? 60
        let first = given ?? .random(in: 0...UInt64(UInt32.max))
        let seeds = first..<(first + (given == nil ? count : 1))
        var tally = Tally()
        do throws(SeedFailure) {
            try SeedRun.run(seeds, tally: &tally)
        } catch {
            Issue.record("\(error.report)")
            return
        }
        print("seeds \(seeds):\n\(tally.lines)")
        if count >= 1_000 && given == nil { #expect(tally.missing.isEmpty) }
    }

    @Test func `does the same again under the same seed`() throws {
        for seed: UInt64 in 1...5 {
            var settings = SimulationSettings()
            settings.isLogging = true
            let first = Simulation(seed: seed, settings)
            let second = Simulation(seed: seed, settings)
            try first.run()
            try second.run()
            #expect(first.log == second.log)
            #expect(first.log.count > 100)
        }
    }
}
