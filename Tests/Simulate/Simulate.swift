import Foundation
import Simulation

// The simulation at length: `simulate --seeds 1000000 --jobs 2`. It prints what happened how often,
// and ends with status 1 at the first seed under which a promise did not hold, or when something
// that it is about never happened.

@main
enum Simulate {
    private struct Arguments {
        var seeds: UInt64 = 20_000
        var from: UInt64 = 1
        var jobs: UInt64 = 2
        var isVerbose = false

        init?(_ arguments: [String]) {
            var rest = arguments.dropFirst()
            while let name = rest.popFirst() {
                if name == "--verbose" {
                    isVerbose = true
                    continue
                }
                guard let number = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
                switch name {
                case "--seeds": seeds = number
                case "--from": from = number
                case "--jobs" where number > 0: jobs = number
                default: return nil
                }
            }
        }
    }

    static func main() async {
        guard let arguments = Arguments(CommandLine.arguments) else {
            print("usage: simulate [--seeds N] [--from SEED] [--jobs N] [--verbose]")
            exit(64)
        }
        if arguments.isVerbose { return show(arguments) }
        let start = Date()
        do {
            let tally = try await run(arguments)
            print(tally.lines)
            let seconds = Date().timeIntervalSince(start)
            print("\(arguments.seeds) seeds in \(Int(seconds.rounded())) s: every promise held")
            if arguments.seeds >= 1_000 && !tally.missing.isEmpty {
                print("but this never happened: \(tally.missing.map(\.rawValue))")
                exit(1)
            }
        } catch {
            print(error.report)
            exit(1)
        }
    }

    /// Each job takes every n-th piece, so that all of them end together.
    private static func run(_ arguments: Arguments) async throws(SeedFailure) -> Tally {
        let pieceCount: UInt64 = 100
        let end = arguments.from + arguments.seeds
        let results = await withTaskGroup(of: Result<Tally, SeedFailure>.self) { group in
            for job in 0..<arguments.jobs {
                group.addTask {
                    var tally = Tally()
                    var first = arguments.from + job * pieceCount
                    while first < end {
                        let piece = first..<min(first + pieceCount, end)
                        do throws(SeedFailure) {
                            try SeedRun.run(piece, tally: &tally)
                        } catch {
                            return .failure(error)
                        }
                        first += arguments.jobs * pieceCount
                    }
                    return .success(tally)
                }
            }
            var results: [Result<Tally, SeedFailure>] = []
            for await result in group {
                results.append(result)
                if case .failure = result { break }
            }
            return results
        }
        var sum = Tally()
        for result in results { sum.add(try result.get()) }
        return sum
    }

    private static func show(_ arguments: Arguments) {
        var settings = SimulationSettings()
        settings.isLogging = true
        let simulation = Simulation(seed: arguments.from, settings)
        do throws(Violation) {
            try simulation.run()
            print(simulation.log.joined(separator: "\n"))
        } catch {
            print(simulation.log.joined(separator: "\n"))
            print("seed \(arguments.from): \(error)")
            exit(1)
        }
    }
}
