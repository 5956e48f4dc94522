import Foundation
import Testing

/// How much is asked, and from which seed on.
enum Extent {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    /// Requests of one history.
    static let requestsEach = 250
    static let seed = number("COUPOND_SEED") ?? .random(in: 0 ... .max / 2)

    /// Histories of each subject.
    static func histories(of subjects: Int) -> UInt64 {
        let requests = Int(number("COUPOND_REFERENCE_REQUESTS") ?? 100_000)
        return UInt64(max(1, requests / requestsEach / subjects))
    }

    static func announce(_ suite: String) {
        print("\(suite): COUPOND_SEED=\(seed) swift test --filter '\(suite)' runs this again")
    }
}

@Suite struct `The reference model` {
    /// One seed for each history. To repeat a failing one, give its seed: it then comes first.
    @Test(arguments: Subject.allCases)
    func `agrees with the daemon field by field`(about subject: Subject) throws {
        Extent.announce("The reference model")
        var tally: [String: Int] = [:]
        for history in 0..<Extent.histories(of: Subject.allCases.count) {
            let seed = Extent.seed &+ history
            let trial = Trial(seed: seed, subject: subject, requests: Extent.requestsEach)
            guard try trial.firstDifference(tally: &tally) != nil else { continue }
            var shrinking = Shrinking(trial)
            let report = try shrinking.report()
            Issue.record("COUPOND_SEED=\(seed), about \(subject.rawValue)\n\(report)")
            return
        }
        print("\(subject.rawValue): \(tally.sorted { $0.key < $1.key })")
        #expect(tally["validate", default: 0] > 0)
    }
}
