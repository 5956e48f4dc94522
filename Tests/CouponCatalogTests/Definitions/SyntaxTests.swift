import Definitions
import CouponRules
import Foundation
import Testing

@Suite struct `The syntax of a definition file` {
    private func codes(_ list: String, as format: CatalogReader.Format = .yaml) throws -> [String] {
        let text =
            #"{"coupons": [{"id": "a", "discount": {"kind": "none"}, "codes": \#(list)}]}"#
        return try soleCoupon(text, as: format).codes.map(\.text)
    }

    @Test func `never changes a text`() throws {
        let texts = [
            "NO", "yes", "007", "1e5", "0x1F", "09:00", "1_000", ".5", "2026-06-01", "true", "é",
        ]
        #expect(try codes("[\(texts.joined(separator: ", "))]") == texts)
    }

    @Test func `lets an integer of JSON be its digits`() throws {
        #expect(try codes(#"[7, -3, "x"]"#, as: .json) == ["7", "-3", "x"])
    }

    @Test func `reads every escape of JSON`() throws {
        let escapes = #"["\u0041\u00e9", "\ud83d\ude00", "a\/b", "\"\\"]"#
        #expect(try codes(escapes, as: .json) == ["Aé", "😀", "a/b", "\"\\"])
    }

    @Test(arguments: [
        (#"{"coupons": [],}"#, "a key in double quotes"), (#"{'coupons': []}"#, "double quotes"),
        ("{} // end", "follows the end"), (#"{"a": nul}"#, "did you mean `null`"),
        (#"{"a": 01}"#, "a comma or }"), (#"{"a": 1.}"#, "after the decimal point"),
        (#"{"a": -}"#, "after the minus sign"), (#"{"a": 1e}"#, "exponent"),
        (#"{"a": "\ud83d"}"#, "surrogate"), (#"{"a": "\ude00\ud83d"}"#, "surrogate"),
        (#"{"a": "\x41"}"#, "unknown escape"), ("{\"a\": \"\t\"}", "control character"),
        (#"{"a": "b"#, "not closed"), (#"{"a" 1}"#, "a colon is expected"),
        ("", "a value is expected"),
        (#"["a" "b"]"#, "a comma or ]"), (#"{"a": +1}"#, "a value is expected"),
    ])
    func `of JSON is strict`(text: String, fragment: String) {
        expectOneFault(read(text, as: .json).faults, line: 1, field: "", fragment)
    }

    @Test(arguments: [
        ("coupons:\n- id: a\n  bad: [1, 2\n", 4, "This is not YAML"),
        ("coupons:\n\t- id: a\n", 2, "This is not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "another document"), ("a: *nowhere\n", 1, "undefined alias"),
        ("? [a]\n: b\n", 1, "A key must be a text."), ("a: \"\\ud83d\\ude00\"", 1, "YAML"),
    ])
    func `of YAML is reported with its line`(text: String, line: Int, fragment: String) {
        expectOneFault(read(text).faults, line: line, field: "", fragment)
    }

    @Test(arguments: [
        ("", CatalogReader.Format.yaml), ("# nothing\n", .yaml), ("~\n", .yaml),
    ])
    func `must say something`(text: String, format: CatalogReader.Format) {
        expectOneFault(read(text, as: format).faults, line: 0, field: "", "The file is empty")
    }

    @Test(arguments: ["[]", "- a", "a"])
    func `must be a map`(text: String) {
        expectOneFault(read(text).faults, line: 1, field: "", "where a map is expected")
    }

    @Test func `does not mind a byte-order mark and Windows lines`() {
        let yaml =
            "\u{FEFF}currency: USD\r\ncoupons:\r\n- id: a\r\n  tpye: comp\r\n  type: comp\r\n"
        expectOneFault(read(yaml).faults, line: 4, field: "coupons[0].tpye", "`type`")
    }

    @Test(arguments: [
        (
            "coupons:\n- id: a\n  type: comp\n  id: b\n  name: x\n  limits: {total: 1, total: 2}\n"
                + "  \"name\": y\n", CatalogReader.Format.yaml
        ),
        (
            "{\"coupons\": [\n{\"id\": \"a\",\n\"type\": \"comp\",\n\"id\": \"b\", \"name\": \"x\","
                + "\n\n\"limits\": {\"total\": 1, \"total\": 2},\n\"n\\u0061me\": \"y\"}]}", .json
        ),
    ])
    func `reports all duplicate keys, with both lines`(
        text: String, format: CatalogReader.Format
    ) throws {
        let (file, faults) = read(text, as: format)
        #expect(
            faults.map(\.field) == ["coupons[0].id", "coupons[0].limits.total", "coupons[0].name"])
        #expect(faults.map(\.place.line) == [4, 6, 7])
        #expect(faults[0].message == "The key `id` is already on line 2.")
        #expect(faults[1].message == "The key `total` is already on line 6.")
        #expect(file?.coupons.first?.id == "a")
    }

    @Test func `reports any number of keys that stand twice`() {
        let twins = (0..<60).map { "k\($0): 1\nk\($0): 2\n" }.joined()
        let faults = read(twins).faults.filter { $0.message.contains("is already on line") }
        #expect(faults.map(\.place.line) == (1...60).map { 2 * $0 })
    }

    @Test(arguments: [
        ("currency: USD\ncoupons:\n- id: é\n  statsu: active\n", 4, 3, "statsu"),
        ("coupons: [{id: é, type: comp, status: x}]\n", 1, 39, "`x` is not one of"),
        ("coupons:\n- id: a\n  bad: [1, 2\n", 4, 1, "This is not YAML"),
        ("{\"coupons\": [\n {\"id\": \"é\", \"statsu\": 1}]}", 2, 14, "statsu"),
        ("{\"coupons\": [\n {\"id\": \"é\", \"status\": 1}]}", 2, 24, "`1` is not one of"),
    ])
    func `gives the column of a mistake in characters`(
        text: String, line: Int, column: Int, fragment: String
    ) throws {
        let fault = try #require(
            read(text, as: text.hasPrefix("{") ? .json : .yaml).faults.first {
                $0.message.contains(fragment)
            })
        #expect(fault.place == SourcePlace(file: "shop.yaml", line: line, column: column))
        #expect(fault.description.hasPrefix("shop.yaml:\(line):\(column): "))
    }

    @Test(arguments: [
        "[*bomb]: x", "? *bomb\n: x", "? [*bomb]\n: x", "{*bomb : x}: x", "*bomb : x",
    ])
    func `refuses a key that is not a text before it looks into it`(key: String) {
        // Thirty levels, two aliases each: as a key it would be hashed 2^30 times.
        var yaml = "l0: &l0 [x]\n"
        for level in 1...30 {
            let anchor = level == 30 ? "bomb" : "l\(level)"
            yaml += "l\(level): &\(anchor) [*l\(level - 1), *l\(level - 1)]\n"
        }
        for text in [yaml + key + "\n", yaml.replacing("[x]", with: "x") + key + "\n"] {
            let faults = read(text).faults
            #expect(faults.count == 1)
            // The aliases that stand before the key are too many, too.
            #expect(
                faults.first.map {
                    $0.message.contains("many times its size")
                        || $0.message.contains("A key must be a text")
                } == true)
        }
        let small = "a: &bomb [x]\n\(key)\n"
        expectOneFault(
            read(small).faults, line: 2, field: "",
            "A key must be a text")
    }

    @Test func `knows anchors and aliases`() throws {
        let yaml = """
            coupons:
            - {id: a, discount: &ten {kind: percentage, percent: 10}}
            - {id: b, discount: *ten}
            """
        let file = try #require(read(yaml).file)
        #expect(file.coupons.map { $0.discount?.percent?.partsPerMillion } == [100_000, 100_000])
    }

    @Test func `refuses aliases that multiply`() {
        var yaml = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let previous = [String](repeating: "*a\(level - 1)", count: 10)
            yaml += "b\(level): &a\(level) [\(previous.joined(separator: ", "))]\n"
        }
        let faults = read(yaml).faults
        #expect(faults.count == 1)
        #expect(faults.first?.message.contains("many times its size") == true)
    }

    @Test(arguments: [CatalogReader.Format.yaml, .json], [100, 100_000])
    func `refuses to nest without end`(format: CatalogReader.Format, depth: Int) {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let faults = read(text, as: format).faults
        #expect(faults.count == 1)
        #expect(faults.first?.place.line == 1)
    }
}

@Suite struct `JSON and YAML` {
    @Test func `define the same`() throws {
        let json = #"""
            {"currency": "USD", "coupons": [
            {"id": 7, "codes": ["A", {"code": "B", "max_uses": 2}],
            "discount": {"kind": "percentage", "percent": 12.5, "cap": 500},
            "requires": {"customers": [], "min_subtotal": 100, "context": []},
            "name": null, "exclude_sale_items": true, "starts_at": 1781115871}],
            "gift_cards": [{"code": "G", "amount": 5}]}
            """#
        let yaml = """
            currency: USD
            coupons: [{id: 7, codes: [A,
                {code: B, max_uses: 2}],
              discount: {kind: percentage, percent: 12.5, cap: 500},
              requires: {min_subtotal: 100}, exclude_sale_items: true, starts_at: 1781115871}]
            gift_cards: [{code: G, amount: 5}]
            """
        let fromJSON = read(json, as: .json)
        #expect(fromJSON.faults == [])
        // A JSON text is YAML, too, and this one in the same way, down to the lines.
        #expect(fromJSON.file == read(json, as: .yaml).file)
        let fromYAML = read(yaml)
        #expect(fromYAML.faults == [])
        let (left, right) = (try #require(fromJSON.file), try #require(fromYAML.file))
        #expect(left.giftCards.map(\.amount) == right.giftCards.map(\.amount))
        #expect(left.coupons.map(\.requirements) == right.coupons.map(\.requirements))
        #expect(left.coupons.map(\.startsAt) == right.coupons.map(\.startsAt))
        #expect(left.coupons.map(\.discount?.percent) == right.coupons.map(\.discount?.percent))
    }
}
