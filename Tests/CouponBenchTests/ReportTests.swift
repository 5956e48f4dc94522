import Foundation
import Testing

@testable import coupon_bench

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct `A report` {
    @Test func `is printed as text`() {
        #expect(
            Report.sample.text == """
                coupon-bench sample
                ===================
                cores  2
                disk   p50 < 100 µs & "quiet"

                validate, 50 connections, 1 deep
                --------------------------------
                Each connection sends its next request when the reply to the last one has come, so that \
                fifty
                requests are under way at any time.

                candidate  requests, 1/s  ratio, ×  p99, µs
                coupond          123,457      1.00    612.3
                <Redis>            9,877      0.08        –

                The echo sends back what it gets.

                Goals
                -----
                goal              wanted        measured      verdict     numbers
                validate 50 × 16  ≥ 10 × Redis  28.5 × Redis  met         598,000 /s to 21,000 /s
                validate 50 × 1   ≥ 0.9 × echo  0.84 × echo   missed      123,457 /s to 146,972 /s
                memory of a code  ≤ 40 B        –             not judged  left out

                """)
    }

    @Test func `is printed as JSON with exact numbers`() throws {
        let value = try JSONSerialization.jsonObject(with: Data(Report.sample.json().utf8))
        let report = try #require(value as? [String: Any])
        let sections = try #require(report["sections"] as? [[String: Any]])
        let table = try #require(sections.first?["table"] as? [String: Any])
        let rows = try #require(table["rows"] as? [[String: Any]])
        #expect(rows.count == 2)
        #expect(rows[0]["candidate"] as? String == "coupond")
        #expect(rows[0]["requests"] as? Double == 123_456.7)
        #expect(rows[1]["p99"] is NSNull)
        let goals = try #require(sections.last?["table"] as? [String: Any])
        let verdicts = try #require(goals["rows"] as? [[String: Any]]).map {
            $0["verdict"] as? String
        }
        #expect(verdicts == ["met", "missed", "not judged"])
        let plots = try #require(sections.first?["plots"] as? [[String: Any]])
        #expect(plots.map { $0["name"] as? String } == ["sample-latency", "sample-throughput"])
    }

    @Test func `has drawings that are well-formed and say what they show`() throws {
        let drawings = Report.sample.drawings
        #expect(drawings.map(\.name) == ["sample-latency", "sample-throughput"])
        for (name, svg) in drawings {
            let words = try ParsedMarkup(svg).words
            for wanted in ["coupond", "<Redis>"] {
                #expect(words.contains(wanted), "\(name) does not name \(wanted)")
            }
        }
        let latency = try ParsedMarkup(drawings[0].svg)
        #expect(
            latency.words.isSuperset(of: [
                "0 %", "99.99 %", "percentile of requests", "latency, in equal ratios",
            ]))
        #expect(latency.elements.count { $0 == "polyline" } == 3)
        #expect(try ParsedMarkup(drawings[1].svg).words.contains("123,457"))
    }

    @Test func `is a page without other files`() throws {
        let page = Report.sample.html
        for (_, svg) in Report.sample.drawings { #expect(page.contains(svg)) }
        #expect(page.contains(#"<td class="missed">missed</td>"#))
        #expect(page.contains("<td>&lt;Redis&gt;</td>"))
        for outside in ["<script", "<link", "src=", "@import"] {
            #expect(!page.contains(outside), "the page has \(outside)")
        }
        let markup = try ParsedMarkup(page)
        #expect(markup.elements.count { $0 == "svg" } == 2)
    }
}

@Suite struct `A goal` {
    @Test(arguments: [
        (Goal.Bound.atLeast(2), 2.0, Verdict.met), (.atLeast(2), 1.999, .missed),
        (.atMost(5), 5, .met), (.atMost(5), 5.001, .missed),
    ])
    func `is met at its bound`(bound: Goal.Bound, measured: Double, expected: Verdict) {
        let goal = Goal(
            name: "apply", bound: bound, unit: "×", measured: measured, evidence: "1 to 2")
        #expect(goal.verdict == expected)
    }

    @Test func `is not judged on a figure that does not count`() {
        var goal = Goal(
            name: "apply", bound: .atLeast(2), unit: "×", measured: nil, evidence: "left out")
        #expect(goal.verdict == .notJudged)
        goal.measured = 1
        #expect(goal.verdict == .missed)
        goal.isJudged = false
        #expect(goal.verdict == .notJudged)
    }
}

@Suite struct `A number` {
    @Test(arguments: [
        (0.0, 0, "0"), (999.5, 0, "1,000"), (1_234_567.891, 2, "1,234,567.89"), (0.0449, 2, "0.04"),
        (12.05, 1, "12.1"), (-0.001, 2, "0.00"), (-1_234, 0, "-1,234"),
    ])
    func `is grouped and rounded`(value: Double, decimals: Int, expected: String) {
        #expect(NumberText.grouped(value, decimals: decimals) == expected)
    }

    @Test(arguments: [
        (20.0, "20 µs"), (1_000, "1 ms"), (1_500, "1.5 ms"), (2_000_000, "2 s"), (0.5, "0.5 µs"),
    ])
    func `of time has the unit that reads best`(microseconds: Double, expected: String) {
        #expect(NumberText.duration(microseconds: microseconds) == expected)
    }
}

@Suite struct `An axis` {
    @Test(
        arguments: [
            ([30.0, 4_000], [20.0, 50, 100, 200, 500, 1_000, 2_000, 5_000]),
            ([100, 100], [100, 1_000]),
            ([], [1, 10]), ([0, 7], [5, 10]),
        ] as [([Double], [Double])])
    func `of ratios ends at round numbers`(values: [Double], expected: [Double]) {
        let axis = LogarithmicAxis(over: values, length: 300)
        #expect(axis.ticks.map { $0.rounded() } == expected)
        #expect(axis.position(of: axis.ticks[0]) == 0)
        #expect(abs(axis.position(of: .greatestFiniteMagnitude) - 300) < 1e-9)
    }

    @Test(
        arguments: [
            (598_000.0, [0.0, 200_000, 400_000, 600_000]), (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
            (0.0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ] as [(Double, [Double])])
    func `of differences begins at 0`(highest: Double, expected: [Double]) {
        let ticks = LinearAxis(upTo: highest, length: 100).ticks
        #expect(ticks.count == expected.count)
        for (tick, wanted) in zip(ticks, expected) { #expect(abs(tick - wanted) < 1e-9) }
    }
}

/// The elements and words of an XML text; not made from one that is not well-formed.
private final class ParsedMarkup: NSObject, XMLParserDelegate {
    private(set) var elements: [String] = []
    private(set) var words: Set<String> = []
    private var text = ""

    struct Fault: Error {
        var reason: String
    }

    init(_ markup: String) throws {
        super.init()
        let parser = XMLParser(data: Data(markup.utf8))
        parser.delegate = self
        guard parser.parse() else {
            throw Fault(
                reason: "line \(parser.lineNumber): \(String(describing: parser.parserError))")
        }
    }

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
        qualifiedName qName: String?, attributes attributeDict: [String: String] = [:]
    ) {
        elements.append(elementName)
        text = ""
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?,
        qualifiedName qName: String?
    ) {
        words.insert(text)
        text = ""
    }
}
