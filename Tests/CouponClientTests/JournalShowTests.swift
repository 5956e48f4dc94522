import CouponClient
import CouponStore
import Foundation
import StoreSupport
import Testing

@testable import couponctl

@Suite struct `The journal shown` {
    private func show(_ arguments: [String]) throws -> (run: BuiltTool, lines: [JSONValue]) {
        let run = try BuiltTool(["journal", "show"] + arguments)
        return (run, try run.lines)
    }

    private func types(_ lines: [JSONValue]) -> [String] {
        lines.compactMap { $0["type"]?.stringValue }
    }

    /// Every kind of change that there is.
    private func makeSample(in directory: String) throws {
        var state = try StateSketch(in: directory)
        state.apply("o-1")
        state.reserve("o-2")
        state.reserve("o-3")
        state.apply("o-4", takingOver: "o-3")
        state.release("o-1")
        state.lapse()
        state.mark()
        try state.close()
    }

    @Test func `has a line for each segment, batch and record`() throws {
        try withStateFolder { folder in
            try makeSample(in: folder)
            let (run, lines) = try show(["--state", folder])
            #expect(run.status == 0 && run.errors.isEmpty)
            #expect(
                types(lines)
                    == ["segment"] + Array(repeating: ["batch", "record"], count: 6).joined()
                    + ["batch"])
            let segment = try #require(lines.first)
            #expect(segment["file"] == .string(try StateFiles(folder).segments[0]))
            #expect(segment["generation"] == 1 && segment["first_sequence"] == 1)
            #expect(segment["salt"]?.stringValue?.count == 16)
            let batches = lines.filter { $0["type"] == "batch" }
            #expect(batches.map { $0["first_sequence"] } == [1, 2, 3, 4, 5, 6, 7])
            #expect(batches.map { $0["durable_mark"] } == [0, 1, 2, 3, 4, 5, 6])
            #expect(batches.allSatisfy { $0["checksum_ok"] == true && $0["chained"] == true })
            #expect(batches.first?["previous_checksum"] == segment["checksum"])
            #expect(batches.last?["previous_checksum"] == batches[5]["checksum"])
        }
    }

    @Test func `shows each record`() throws {
        try withStateFolder { folder in
            try makeSample(in: folder)
            let records = try show(["--state", folder]).lines.filter { $0["type"] == "record" }
            #expect(records.map { $0["sequence"] } == [1, 2, 3, 4, 5, 6])
            func orders(_ index: Int) -> [JSONValue] { records[index]["orders"]?.elements ?? [] }

            let applied = try #require(orders(0).first)
            #expect(applied["store"] == "default" && applied["order"] == "o-1")
            #expect(applied["state"] == "applied")
            #expect(applied["modes"] == .array(["partial", "cart"]))
            #expect(applied["decided_at_ms"] == .integer(StateSketch.now))
            #expect(applied["decided_at"] == "2026-05-28T20:26:40.123Z")
            #expect(applied["customer"] == #"cus "7""# && applied["email"] == "a@b")
            #expect(applied["currency"] == "USD" && applied["total"] == 2_250)
            #expect(applied["line_discounts"] == .array([250]))
            #expect(applied["metadata"] == .object(["note": "ä\n\\"]))
            let codes = applied["codes"]?.elements ?? []
            #expect(codes.count == 2)
            #expect(codes[0]["code"] == "TEN" && codes[0]["coupon"] == "c_ten")
            #expect(codes[0]["flags"] == .array(["valid", "line_discounts"]))
            #expect(codes[0]["redemption"]?.stringValue?.hasPrefix("red_") == true)
            #expect(codes[0]["reply_members"] == #""type":"percentage""#)
            #expect(codes[0]["uses"]?.elements.map { $0["counter"] } == ["total", "code"])
            #expect(codes[1]["flags"] == .array([]) && codes[1]["reason"] == "expired")
            let counters = records[0]["counters"]?.elements ?? []
            #expect(counters.map { $0["counter"] } == ["total", "code"])
            #expect(counters[0]["store"] == "default" && counters[0]["coupon"] == "c_ten")
            #expect(counters[1]["detail"] == "TEN" && counters[1]["used"] == 1)

            #expect(orders(1).first?["state"] == "reserved")
            #expect(orders(1).first?["expires_at_ms"] == .integer(StateSketch.now + 60_000))
            #expect(records[1]["counters"]?.elements.first?["held"] == 1)
            #expect(orders(3).map { $0["order"] } == ["o-3", "o-4"])
            #expect(orders(3).map { $0["state"] } == ["released", "applied"])
            let released = try #require(orders(4).first)
            #expect(released["state"] == "released")
            #expect(
                released["codes"]?.elements.first?["flags"]
                    == .array(["valid", "line_discounts", "released", "last_release"]))
            let lapsed = try #require(orders(5).first)
            #expect(lapsed["order"] == "o-2" && lapsed["codes"] == .array([]))
        }
    }

    @Test func `begins where it is asked to, or keeps to the segments`() throws {
        try withStateFolder { folder in
            try makeSample(in: folder)
            let late = try show(["--state", folder, "--from", "5"]).lines
            #expect(late.filter { $0["type"] == "record" }.map { $0["sequence"] } == [5, 6])
            let path = try StateFiles(folder).segments[0]
            #expect(types(try show(["--segments", path]).lines) == ["segment"])
            #expect(types(try show([path]).lines).count == 14)
        }
    }

    @Test func `has the headers of snapshots, and seals`() throws {
        try withStateFolder { folder in
            try DamageCase.table[0].make(in: folder)
            let (run, lines) = try show(["--state", folder, "--segments"])
            #expect(run.status == 0, "\(run.output)")
            #expect(types(lines) == ["snapshot", "segment", "seal", "segment", "seal", "segment"])
            #expect(lines[0]["sequence"] == 2 && lines[0]["orders"] == 2)
            let next = try StateFiles(folder).segments[1]
            #expect(
                lines[2]["next_segment"].map { folder + "/" + ($0.stringValue ?? "") }
                    == .some(next))
            let alone = try show([folder + "/snapshot"])
            #expect(types(alone.lines) == ["snapshot"] && alone.run.status == 0)
        }
    }

    @Test(arguments: DamageCase.table)
    func `goes on after damage, and changes nothing`(damage: DamageCase) throws {
        try withStateFolder { folder in
            try damage.make(in: folder)
            let before = try StateFiles(folder).contents
            let (run, lines) = try show(["--state", folder])
            #expect(run.status == (damage.isShown ? 1 : 0), "\(run.output)")
            let found = lines.filter { $0["type"] == "damage" }
            #expect(found.isEmpty != damage.isShown, "\(run.output)")
            for line in found {
                #expect(line["reason"]?.stringValue?.isEmpty == false)
                #expect(line["offset"]?.integerValue != nil)
            }
            // Everything that can be saved is shown.
            let shown = Set(
                lines.filter { $0["type"] == "record" }.compactMap { $0["sequence"]?.integerValue })
            #expect(shown.count >= damage.pastDamage.orders - 1, "\(run.output)")
            let lost = found.flatMap { [$0["lost_from"], $0["lost_through"]] }.compactMap { $0 }
            #expect(
                lost
                    == damage.pastDamage.lost.map { $0.map { .integer(Int64($0)) } ?? .null },
                "\(run.output)")
            #expect(try StateFiles(folder).contents == before)
        }
    }

    @Test func `distinguishes a last batch that is being written from damage`() throws {
        try withStateFolder { folder in
            var state = try StateSketch(in: folder)
            for order in 1...3 { state.apply("o-\(order)") }
            // The daemon is still there: its journal is open, and its last batch is half written.
            let path = try StateFiles(folder).segments[0]
            try StateFiles.flip(path, at: StateFiles.batches(of: path)[2] + 200)
            let (run, lines) = try show(["--state", folder])
            #expect(run.status == 0, "\(run.output)")
            #expect(lines.last?["type"] == "tail" && lines.last?["sequence"] == 3)
            try state.close()
        }
    }

    @Test func `shows a snapshot that is damaged`() throws {
        try withStateFolder { folder in
            try DamageCase.table[0].make(in: folder)
            try StateFiles.flip(folder + "/snapshot", at: 100)
            let (run, lines) = try show(["--state", folder, "--segments"])
            #expect(run.status == 1)
            #expect(types(lines).prefix(2) == ["snapshot", "damage"])
            #expect(lines[1]["reason"] == "is damaged: its checksum does not match")
        }
    }

    @Test(arguments: [
        ["--state", "/nowhere"], ["/nowhere/journal-0000000000000001-0000000000000001.log"],
        ["--state", "/tmp", "file"], ["--from", "x"],
    ])
    func `cannot be shown where there is none`(arguments: [String]) throws {
        let run = try BuiltTool(["journal", "show"] + arguments)
        #expect(run.status == 2 && run.output.isEmpty && !run.errors.isEmpty)
    }

    @Test(arguments: [
        ("", #""""#), ("a\"\\b", #""a\"\\b""#), ("\n\t\0", #""\n\u0009\u0000""#),
        ("\u{85}\u{2028}ä😀", #""\u0085\u2028ä😀""#),
    ])
    func `is real JSON with any text`(text: String, expected: String) throws {
        #expect(JSONText.string(text).line == expected)
        let read = try JSONDecoder().decode([String].self, from: Data("[\(expected)]".utf8))
        #expect(read == [text])
    }
}
