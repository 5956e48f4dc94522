// The steps of a validate, each by itself, and whole lines. What is judged is not time but cost: how
// long a step takes beside hashing 64 KiB. Both are measured one right after the other, so that a busy
// or a slower machine moves both.

import Benchmark
import FlatStorage
import Foundation

extension BenchmarkMetric {
    /// A thousandth of the time that hashing 64 KiB takes.
    fileprivate static var cost: BenchmarkMetric {
        .custom("cost", polarity: .prefersSmaller, useScalingFactor: false)
    }
}

/// What a thousand steps are held against.
private final class Yardstick {
    private var bytes = ByteBuffer(capacity: 64 * 1_024)

    init() {
        for place in 0..<64 * 1_024 { bytes.append(UInt8(truncatingIfNeeded: place &* 31)) }
    }

    /// The shortest of three measurements: what disturbs one only makes it longer.
    func duration() -> Duration {
        var shortest = Duration.seconds(1)
        for seed in 0..<3 {
            let begun = ContinuousClock.now
            blackHole(hash64(bytes.bytes, seed: UInt64(seed)))
            shortest = min(shortest, ContinuousClock.now - begun)
        }
        return shortest
    }
}

/// Registers a benchmark that repeats `step` a thousand times for each measurement.
private func measure(_ name: String, _ step: @escaping () -> Void) {
    let yardstick = Yardstick()
    Benchmark(name) { benchmark in
        let unit = yardstick.duration()
        let begun = ContinuousClock.now
        for _ in benchmark.scaledIterations { step() }
        let taken = ContinuousClock.now - begun
        // A thousandth part, of each of a thousand.
        benchmark.measurement(.cost, Int((taken / unit).rounded()))
    }
}

/// Whether costs are written down or held against those that were.
private let isAboutThresholds =
    ProcessInfo.processInfo.environment["COUPOND_MICRO"] == "thresholds"

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        // Thresholds hold costs alone.
        metrics: isAboutThresholds ? [.cost] : [.wallClock, .cost], timeUnits: .nanoseconds,
        warmupIterations: 10,
        scalingFactor: .kilo, maxDuration: .seconds(1), maxIterations: 2_000,
        // Wide, because other programs share the machine's caches: a step that got slower by half
        // is noticed. Instructions are counted elsewhere, to the last one.
        thresholds: [.cost: BenchmarkThresholds(relative: [.p90: 50])])

    let bench: Bench
    do {
        bench = try Bench()
    } catch {
        fatalError("The benchmarks cannot be set up: \(error)")
    }
    measure("parse") { bench.parse() }
    measure("lookup") { bench.lookUp() }
    measure("judge") { bench.judgeCandidate() }
    measure("encode") { bench.encode() }
    measure("validate-line") { bench.answer(bench.validate) }
    measure("refuse-line") { bench.answer(bench.refused) }
    // Each makes an order, which stays.
    Benchmark.defaultConfiguration.maxIterations = 200
    measure("apply-line") { bench.apply() }
}
