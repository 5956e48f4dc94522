import LoadGenerator
import Synchronization

/// What one run of a scenario found of a candidate.
struct PeerRun {
    var result: LoadResult
    /// Processor time of the server for one request, in microseconds.
    var cpuMicroseconds: Double

    /// How long a run is, in milliseconds.
    struct Length {
        var warmUp: Int64
        var measured: Int64
    }

    /// A disk that holds every candidate up for longer than a short run leaves it without a reply: then it
    /// is created again, so much longer.
    private static let secondTryFactor: Int64 = 10

    /// Puts a load on a peer. Throws where a figure would be none: replies that are errors or are
    /// missing, or refusals where every request is a good one.
    static func measure(
        _ peer: any Peer, _ scenario: Scenario, cartLineCount: Int, _ length: Length
    ) throws -> PeerRun {
        let run = try measureOnce(peer, scenario, cartLineCount: cartLineCount, length)
        if run.result.replies > 0 { return run }
        let longer = Length(
            warmUp: length.warmUp, measured: length.measured * secondTryFactor)
        let second = try measureOnce(peer, scenario, cartLineCount: cartLineCount, longer)
        if second.result.replies > 0 { return second }
        throw PeerFault(
            peer: peer.name, scenario: scenario.title,
            reason: "nothing was answered within \(longer.measured) ms")
    }

    private static func measureOnce(
        _ peer: any Peer, _ scenario: Scenario, cartLineCount: Int, _ length: Length
    ) throws -> PeerRun {
        let request = PeerRequest.load(applies: scenario.applies, cartLineCount: cartLineCount)
        let template = try peer.template(of: request, scenario.pace)
        var plan = LoadPlan(
            target: peer.target(for: request, scenario.pace), mix: Mix(template),
            pace: scenario.pace, warmUpMilliseconds: length.warmUp,
            milliseconds: length.measured, seed: .random(in: 0 ... .max))
        let times = ProcessorTimes(of: peer.process.id)
        plan.observe = { times.note() }
        let result: LoadResult
        do throws(LoadFault) {
            result = try LoadGenerator.run(plan)
        } catch {
            throw PeerFault(
                peer: peer.name, scenario: scenario.title,
                reason: "\(error)\n\(peer.process.logText)")
        }
        if let complaint = complaint(about: result, answers: peer is any AnsweringPeer) {
            throw PeerFault(peer: peer.name, scenario: scenario.title, reason: complaint)
        }
        // Those under way when the measured time began were answered in it, and do not count in it.
        let served = result.replies + scenario.underWay
        return PeerRun(
            result: result,
            cpuMicroseconds: try times.seconds() * 1e6 / Double(served))
    }

    private static func complaint(about result: LoadResult, answers: Bool) -> String? {
        if result.failed > 0 {
            return "\(result.failed) replies are errors: \(result.firstFailure ?? "")"
        }
        if result.unanswered > 0 { return "\(result.unanswered) requests were not answered" }
        if answers, result.accepted < result.replies {
            return "\(result.replies - result.accepted) requests were refused"
        }
        return nil
    }
}

/// Why a candidate has no figure.
struct PeerFault: Error, CustomStringConvertible {
    var peer: String
    var scenario: String
    var reason: String

    var description: String { "\(scenario): \(peer): \(reason)" }
}

/// The processor time of a server, read at two moments.
private final class ProcessorTimes: Sendable {
    private let process: Int32
    private let readings = Mutex<[Result<Double, ProcessFault>]>([])

    init(of process: Int32) {
        self.process = process
    }

    func note() {
        let process = process
        readings.withLock { readings in
            readings.append(
                Result { () throws(ProcessFault) in
                    try ProcessFigures.cpuSeconds(ofTree: process)
                })
        }
    }

    /// Between the first reading and the last.
    func seconds() throws(ProcessFault) -> Double {
        let readings = readings.withLock { $0 }
        guard let first = readings.first, let last = readings.last else { return 0 }
        return try last.get() - first.get()
    }
}

/// All runs of a scenario of one candidate, and what is shown of them: medians, so that one run that
/// something else on the machine disturbed does not count.
struct PeerFigures {
    var candidate: Candidate
    /// At least one.
    var runs: [PeerRun] = []

    var perSecond: Double { median { $0.result.perSecond } }
    var cpuMicroseconds: Double { median(\.cpuMicroseconds) }

    func percentile(_ percent: Double) -> Double {
        median { $0.result.latencies.percentile(percent) }
    }

    /// How far the fastest run is from the slowest, in hundredths of the median.
    var spread: Double {
        let rates = runs.map(\.result.perSecond)
        guard let low = rates.min(), let high = rates.max(), perSecond > 0 else { return 0 }
        return (high - low) / perSecond * 100
    }

    /// The run in the middle by throughput, whose latencies are drawn.
    var middleRun: PeerRun? {
        let sorted = runs.sorted { $0.result.perSecond < $1.result.perSecond }
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }

    private func median(_ figure: (PeerRun) -> Double) -> Double {
        let values = runs.map(figure).sorted()
        if values.isEmpty { return 0 }
        let middle = values.count / 2
        return values.count.isMultiple(of: 2)
            ? (values[middle - 1] + values[middle]) / 2 : values[middle]
    }
}
