import Testing

@testable import LoadGenerator

@Suite struct `A request template` {
    private func written(_ text: String, count: Int, seed: UInt64 = 1) throws -> [String] {
        var writer = RequestWriter(Mix(try RequestTemplate(text)), seed: seed)
        return (0..<count).map { _ in
            writer.write(1)
            return writer.written.text
        }
    }

    @Test func `fills in a number that is fresh for each request`() throws {
        #expect(
            try written("order-${n}\n", count: 3) == [
                "order-0000000000\n", "order-0000000001\n", "order-0000000002\n",
            ])
    }

    @Test func `fills in random numbers below their limit, all of them`() throws {
        let requests = try written("<${below:7}>", count: 1_000)
        #expect(Set(requests) == Set((0..<7).map { "<000000000\($0)>" }))
        let large = try written("${below:10000000000}", count: 1_000)
        #expect(large.allSatisfy { $0.count == 10 })
        #expect(large.contains { $0.hasPrefix("9") } && large.contains { $0.hasPrefix("0") })
        #expect(try written("${below:1}", count: 2) == ["0000000000", "0000000000"])
    }

    @Test func `fills in one number for all of a run, and another for the next`() throws {
        let run = try written("${run}", count: 3, seed: 1)
        #expect(Set(run).count == 1)
        #expect(try written("${run}", count: 3, seed: 1) == run)
        #expect(try written("${run}", count: 3, seed: 2) != run)
    }

    @Test func `fills in as many places as it has, wherever they are`() throws {
        #expect(
            try written("${n}${n}-é${below:1}", count: 2) == [
                "00000000000000000000-é0000000000", "00000000010000000001-é0000000000",
            ])
        // These are not placeholders: a dollar and a brace alone, and RESP's lengths.
        #expect(try written("$5 {n} $ {$", count: 1) == ["$5 {n} $ {$"])
    }

    @Test(arguments: [
        "plain", "${n}", #"{"order":"o-${n}","code":"C${below:99}","run":"${run}"}"#, "$", "é${n}€",
    ])
    func `is as long as the requests made from it`(text: String) throws {
        let template = try RequestTemplate(text)
        let request = try #require(try written(text, count: 1).first)
        #expect(template.byteCount == request.utf8.count)
    }

    @Test(
        arguments: [
            ("", .emptyRequest),
            ("a ${m} b", .unknownPlaceholder(name: "m")),
            ("${N}", .unknownPlaceholder(name: "N")),
            ("${}", .unknownPlaceholder(name: "")),
            ("${below}", .unknownPlaceholder(name: "below")),
            ("x${n", .openPlaceholder(text: "${n")),
            ("${below:}", .badLimit(text: "")),
            ("${below:0}", .badLimit(text: "0")),
            ("${below:-1}", .badLimit(text: "-1")),
            ("${below:1e3}", .badLimit(text: "1e3")),
            ("${below:10000000001}", .badLimit(text: "10000000001")),
            ("${below:99999999999999999999}", .badLimit(text: "99999999999999999999")),
        ] as [(String, MixFault.Reason)])
    func `refuses what it does not know`(text: String, expected: MixFault.Reason) {
        #expect(throws: MixFault(expected)) { try RequestTemplate(text) }
    }

    @Test func `states the length of a RESP command with its numbers in it`() throws {
        let template = try RequestTemplate(respCommand: ["FCALL", "apply", "0", "order-${n}"])
        var writer = RequestWriter(Mix(template), seed: 1)
        writer.write(1)
        #expect(
            writer.written.text
                == "*4\r\n$5\r\nFCALL\r\n$5\r\napply\r\n$1\r\n0\r\n$16\r\norder-0000000000\r\n")
    }

    @Test func `states the length of a PostgreSQL query with its numbers in it`() throws {
        let template = try RequestTemplate(postgresQuery: "SELECT ${n}")
        var writer = RequestWriter(Mix(template), seed: 1)
        writer.write(1)
        #expect(writer.written.text == "Q\0\0\0\u{16}SELECT 0000000000\0")
        #expect(Postgres.query("SELECT 1") == Array("Q\0\0\0\u{d}SELECT 1\0".utf8))
        #expect(
            Postgres.startup(user: "me", database: "shop")
                == Array("\0\0\0\u{1f}\0\u{3}\0\0user\0me\0database\0shop\0\0".utf8))
    }
}

extension Span<UInt8> {
    var text: String { String(decoding: indices.map { self[$0] }, as: UTF8.self) }
}
