import Foundation
import LoadGenerator
import Testing

@testable import coupon_bench

/// The daemon that was built beside the bundle of these tests.
private func executable() throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: own).deletingLastPathComponent().appending(path: "coupond").path
}

@Suite struct `The codes of a measurement` {
    private func rows(_ catalog: CodesCatalog) throws -> [Substring] {
        try String(contentsOfFile: "\(catalog.path)/codes.csv", encoding: .utf8).split(
            separator: "\n")
    }

    @Test func `are numbers of twelve characters, the last of which change`() throws {
        let bench = try Workbench()
        defer { bench.clear() }
        let catalog = try CodesCatalog("codes", codes: 70_000, on: bench)
        let first = try rows(catalog)
        #expect(first.count == 70_001)
        #expect(first[0] == "code")
        #expect(first[1] == "SU0000000000")
        // Over the edge of a piece.
        #expect(first[65_537] == "SU0000065536")
        #expect(first[70_000] == "SU0000069999")

        try catalog.change(last: 2, edition: 3)
        let changed = try rows(catalog)
        #expect(changed.dropLast(2) == first.dropLast(2))
        #expect(changed.suffix(2) == ["SD0000069998", "SD0000069999"])
        try catalog.change(last: 0, edition: 0)
        #expect(try rows(catalog) == first)
    }

    @Test func `need no file when there are none`() throws {
        let bench = try Workbench()
        defer { bench.clear() }
        let catalog = try CodesCatalog("none", codes: 0, on: bench)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: catalog.path) == ["coupons.yaml"])
    }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct `The measurement of scale` {
    private let executablePath: String

    init() throws { executablePath = try executable() }

    @Test func `finds figures for a size, and leaves nothing for the next`() throws {
        let bench = try Workbench()
        defer { bench.clear() }
        let rig = ScaleRig(bench: bench, executable: executablePath, loadMilliseconds: 50)
        var report = ScaleReport(isJudged: false)
        report.emptyBytes = try rig.emptyBytes()
        for codeCount in [20, 1_000] {
            let figures = try rig.measure(codeCount)
            #expect(figures.fileSeconds > 0 && figures.cacheSeconds > 0)
            #expect(figures.deepRate > 0 && figures.singleRate > 0)
            #expect(figures.reload.changedCount == codeCount / 10)
            #expect(figures.reload.peakBytes >= figures.reload.bytesBefore)
            #expect(figures.reload.longestTurnMicroseconds > 0)
            report.sizes.append(figures)
        }
        report.costs = try rig.measureCosts(codes: 20_000, orders: 50, connections: 20)
        #expect(report.costs.map(\.count).allSatisfy { $0 >= 20 })
        #expect(report.costs.count == 7)
        let ended = try rig.measureEndedOrders(3_000)
        #expect(ended.kept.orderCount >= 3_000 && ended.fresh.orderCount >= 300)
        for purged in [ended.oldestPurged, ended.anyPurged] {
            #expect(purged.orderCount > 0 && purged.orderCount < ended.kept.orderCount / 2)
        }
        report.endedOrders = ended
        let text = report.report.text
        #expect(text.contains("not judged"))
        #expect(text.contains("nine of ten purged, at random"))
        #expect(text.contains("idle connection"))
        #expect(
            try JSONSerialization.jsonObject(with: Data(report.report.json().utf8)) is [String: Any]
        )
    }

    @Test func `reports the faults of a reload`() throws {
        let bench = try Workbench()
        defer { bench.clear() }
        let catalog = try CodesCatalog("codes", codes: 20, on: bench)
        let daemon = try DaemonUnderTest.start(
            on: bench, executable: executablePath, catalog: catalog.path, durability: .no,
            state: try bench.folder("state"))
        try "code\nA\na\n".write(
            toFile: "\(catalog.path)/codes.csv", atomically: true, encoding: .utf8)
        do throws(ProcessFault) {
            _ = try daemon.tasks.reload()
            Issue.record("the codes clash")
        } catch {
            #expect("\(error)".contains("codes.csv"))
        }
        #expect(try daemon.figures().catalog.codes == 22)
    }
}

@Suite struct `Orders that end` {
    private static func figures(
        oldestBytes: Int = 125, anyBytes: Int = 100, snapshotMebibytes: Int = 79
    ) -> EndedOrderFigures {
        EndedOrderFigures(
            kept: .init(orderCount: 1 << 20, bytes: 100 << 20),
            snapshotBytes: snapshotMebibytes << 20,
            oldestPurged: .init(orderCount: 1_000, bytes: oldestBytes * 1_000),
            anyPurged: .init(orderCount: 2_000, bytes: anyBytes * 2_000),
            fresh: .init(orderCount: 500, bytes: 100 * 500))
    }

    @Test(
        arguments: [
            (figures(), [.met, .met]),
            (figures(oldestBytes: 131), [.missed, .met]),
            (figures(anyBytes: 131), [.missed, .met]),
            (figures(snapshotMebibytes: 80), [.met, .missed]),
        ] as [(EndedOrderFigures, [Verdict])])
    func `have goals for what they leave and for snapshots`(
        figures: EndedOrderFigures, verdicts: [Verdict]
    ) {
        #expect(figures.goals(isJudged: true).map(\.verdict) == verdicts)
        #expect(figures.goals(isJudged: false).map(\.verdict) == [.notJudged, .notJudged])
    }

    @Test func `are shown in rows, for one order and of a fresh state`() {
        var report = ScaleReport(isJudged: true)
        report.endedOrders = Self.figures()
        let lines = report.report.text.split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        #expect(lines.contains("all orders kept 1,048,576 100.0 100 1.00"))
        #expect(lines.contains("the oldest nine of ten purged 1,000 0.1 125 1.25"))
        #expect(lines.contains("a fresh state of so many 500 0.0 100 1.00"))
        #expect(lines.contains("more while a snapshot of all is written – 79.0 79 –"))
    }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct `The measurement of stalls` {
    @Test func `goes on in each phase until the work in it has ended`() throws {
        let bench = try Workbench()
        defer { bench.clear() }
        let rig = StallRig(
            bench: bench, executable: try executable(), codeCount: 1_000, orderCount: 200,
            changedCount: 100, durability: .no, phaseSeconds: 0.2)
        let report = try rig.measure()
        #expect(report.orderCount >= 200)
        #expect(report.phases.map(\.work) == [.none, .snapshots, .reloads])
        for phase in report.phases {
            #expect(phase.seconds >= 0.2)
            #expect(phase.sent == phase.latencies.count)
            #expect(phase.longestTurnMicroseconds > 0)
            #expect(phase.processors.loopRan > 0)
            #expect((phase.runs == 0) == (phase.work == .none))
        }
        let plots = report.report.sections.flatMap(\.plots)
        #expect(plots.map(\.name) == ["stall"])
        #expect(report.report.text.contains("p99 during reloads, of the quiet one"))
    }

    @Test func `ends with the fault of the work beside it`() throws {
        let side = SideWork()
        side.start { run in
            if run == 2 { throw ProcessFault.interrupted }
            return DaemonFigures.Run(
                isOK: true, endedAt: "", milliseconds: run, longestTurnMicroseconds: 0)
        }
        while side.isRunning {}
        #expect(throws: ProcessFault.self) { try side.runs() }
    }
}
