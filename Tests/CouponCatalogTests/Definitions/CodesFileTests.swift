import Definitions
import CouponRules
import Foundation
import Testing

/// What a row said, kept after the visit.
private struct KeptRow: Equatable {
    var line: Int
    var code: String
    var customer = ""
    var terms = CodesFileRow.Terms()
}

private struct CodesFileReading {
    var rows: [KeptRow] = []
    var faults: [DefinitionFault] = []

    /// Reads `text` from a file, in pieces of so many bytes.
    init(_ bytes: [UInt8], piecesOf pieceBytes: Int = 1 << 20) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("codes.csv")
        try Data(bytes).write(to: file)
        var rows: [KeptRow] = []
        faults = try CodesFileReader.read(at: file.path, piecesOf: pieceBytes) { row in
            rows.append(
                KeptRow(
                    line: row.line, code: row.code.text, customer: row.customer.text,
                    terms: row.terms))
        }
        self.rows = rows
    }

    init(_ text: String, piecesOf pieceBytes: Int = 1 << 20) throws {
        try self.init(Array(text.utf8), piecesOf: pieceBytes)
    }
}

extension Span<UInt8> {
    fileprivate var text: String {
        var bytes: [UInt8] = []
        for index in indices { bytes.append(self[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

@Suite struct `A codes file` {
    @Test(arguments: [
        ("code\nA\nB\n", [(2, "A"), (3, "B")]), ("code\n\"code\"\n", [(2, "code")]), ("code\n", []),
        ("code\r\nA\r\nB\r\n", [(2, "A"), (3, "B")]), ("\u{FEFF}code\nA\n", [(2, "A")]),
        ("\"code\"\n\"A\"\n", [(2, "A")]), ("code\n\n  \nA\n\n", [(4, "A")]),
        ("code\n A B \t\n", [(2, "A B")]), ("code\n\"A,B\"\n", [(2, "A,B")]),
        ("code\n\"A\"\"B\"\"\"\n", [(2, "A\"B\"")]), ("code\n\"\"\"\"\n", [(2, "\"")]),
        ("code\nGRÜN-é\n", [(2, "GRÜN-é")]),
        ("code\nNO\n007\n1e5\n", [(2, "NO"), (3, "007"), (4, "1e5")]),
    ])
    func `is its codes`(text: String, codes: [(Int, String)]) throws {
        let expected = codes.map { KeptRow(line: $0.0, code: $0.1) }
        // With every size of the pieces, so that each row lies across an edge once.
        for pieceBytes in 1...9 {
            let reading = try CodesFileReading(text, piecesOf: pieceBytes)
            #expect(reading.rows == expected, "in pieces of \(pieceBytes)")
            #expect(reading.faults == [])
        }
    }

    @Test func `has its columns in any order, and cells that say nothing`() throws {
        let reading = try CodesFileReading(
            """
            customer,ends_at,code,multi_use,max_uses,starts_at
            ann@example.com,2099-01-01,A,TRUE,5,1781115871
            ,,B,,,
            "cus_7","2026-06-01T10:00Z",C,false,1,

            """)
        #expect(reading.faults == [])
        var first = CodesFileRow.Terms()
        first.endsAt = .date(try date(2099, 1, 1))
        first.isMultiUse = true
        first.maxUses = 5
        first.startsAt = .instant(Instant(secondsSinceEpoch: 1_781_115_871))
        var last = CodesFileRow.Terms()
        last.endsAt = .instant(Instant(secondsSinceEpoch: 1_780_308_000))
        last.isMultiUse = false
        last.maxUses = 1
        #expect(reading.rows.count == 3)
        #expect(
            reading.rows.first
                == KeptRow(line: 2, code: "A", customer: "ann@example.com", terms: first))
        #expect(reading.rows.dropFirst().first == KeptRow(line: 3, code: "B"))
        #expect(
            reading.rows.last == KeptRow(line: 4, code: "C", customer: "cus_7", terms: last))
    }

    @Test(arguments: [
        ("", 1, "", "it needs a header"), ("\n\n", 1, "", "it needs a header"),
        ("codes\nA\n", 1, "codes", "Did you mean `code`?"),
        ("code,code\nA,B\n", 1, "code", "appears twice"),
        ("max_uses\n1\n", 1, "code", "no column `code`"),
        ("code;max_uses\nA;1\n", 1, "code;max_uses", "separated by semicolons"),
        ("code;max_uses\nA;1\n", 1, "code;max_uses", "separated by commas"),
        ("code\tmax_uses\nA\t1\n", 1, "code\tmax_uses", "separated by tabs"),
        ("code", 1, "", "The last row has no line end"),
        ("code;x\n", 1, "code;x", "separated by semicolons"),
    ])
    func `needs a header it can work with`(
        text: String, line: Int, column: String, fragment: String
    ) throws {
        let reading = try CodesFileReading(text)
        #expect(reading.rows == [])
        let fault = try #require(
            reading.faults.first { $0.field == column && $0.message.contains(fragment) })
        #expect(fault.place.line == line)
    }

    @Test(arguments: [
        ("A,1,,,,\n,2,,,,\n", 3, "code", "The cell is empty."),
        ("A,1\n", 2, "", "The row has 2 cells; the header has 6 columns."),
        ("A,1,,,,,\n", 2, "", "has 7 cells"), ("A,0,,,,\n", 2, "max_uses", "at least 1"),
        ("A,x,,,,\n", 2, "max_uses", "not a number of uses"),
        ("A,-1,,,,\n", 2, "max_uses", "at least 1"),
        ("A,,,soon,,\n", 2, "starts_at", "is not a time"),
        ("A,,,,20270831,\n", 2, "ends_at", "`20270831` would be Unix seconds of the year 1970"),
        ("A,,,,2026-02-30,\n", 2, "ends_at", "calendar"),
        ("A,,,2026-02-01,2026-01-01,\n", 2, "ends_at", "after `starts_at`"),
        ("A,,,,,maybe\n", 2, "multi_use", "neither true nor false"),
        ("A,2,,,,false\n", 2, "max_uses", "one use, not 2"),
        ("\"A\nB\",,,,,\n", 2, "code", "line break"), ("A\u{1}B,,,,,\n", 2, "code", "control"),
        ("A\"B,,,,,\n", 2, "code", "A quote inside a cell"),
        ("A,\"1\"x,,,,\n", 2, "max_uses", "closing quote"),
        ("\(String(repeating: "x", count: 256)),,,,,\n", 2, "code", "256 bytes"),
    ])
    func `reports a broken row with line and column, and goes on`(
        rows: String, line: Int, column: String, fragment: String
    ) throws {
        let text = "code,max_uses,customer,starts_at,ends_at,multi_use\n\(rows)LAST,,,,,\n"
        for pieceBytes in [1, 2, 3, 7, 64, 1 << 20] {
            let reading = try CodesFileReading(text, piecesOf: pieceBytes)
            expectOneFault(reading.faults, line: line, field: column, fragment)
            #expect(reading.rows.last?.code == "LAST")
        }
    }

    @Test(arguments: [
        ("code\nSUN-0998-AAAA\nSUN-0999-", 3, ["SUN-0998-AAAA"]), ("code\nA\n\"B\"", 3, ["A"]),
        ("code\r\nA\r\nB\r", 3, ["A"]), ("code,max_uses\nA,1\nB,2", 3, ["A"]),
    ])
    func `does not take a last row without its line end`(
        text: String, line: Int, codes: [String]
    ) throws {
        for pieceBytes in 1...9 {
            let reading = try CodesFileReading(text, piecesOf: pieceBytes)
            #expect(reading.rows.map(\.code) == codes, "in pieces of \(pieceBytes)")
            expectOneFault(reading.faults, line: line, field: "", "may have been cut off here")
            #expect(reading.faults.first?.place.column == 1)
        }
    }

    @Test(arguments: [
        ("A,1,,,,\n,,,,,\n", 3, 1, "", "The row has only empty cells"),
        ("\"\",\n", 2, 1, "", "The row has only empty cells"),
        (
            "A,,,,,\ncode,max_uses,customer,starts_at,ends_at,multi_use\n", 3, 1, "",
            "were two files"
        ),
        ("Ä,,,46204,,\n", 2, 5, "starts_at", "is a day as spreadsheets count them"),
        ("A,,,,46204.5,\n", 2, 6, "ends_at", "is a day as spreadsheets count them"),
        ("A,,,,01/07/2026,\n", 2, 6, "ends_at", "is not a time"),
    ])
    func `names what a spreadsheet did to it, with the column`(
        rows: String, line: Int, column: Int, field: String, fragment: String
    ) throws {
        let text = "code,max_uses,customer,starts_at,ends_at,multi_use\n\(rows)"
        let reading = try CodesFileReading(text)
        expectOneFault(reading.faults, line: line, field: field, fragment)
        #expect(reading.faults.first?.place.column == column)
    }

    @Test(arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian])
    func `in UTF-16 is recognized`(encoding: String.Encoding) throws {
        let bytes = try #require("code\nA\n".data(using: encoding))
        for pieceBytes in 1...3 {
            let reading = try CodesFileReading(Array(bytes), piecesOf: pieceBytes)
            expectOneFault(reading.faults, line: 0, field: "", "It is UTF-16")
            #expect(reading.rows == [])
        }
    }

    @Test func `must be UTF-8 in its codes`() throws {
        let reading = try CodesFileReading(Array("code\nA".utf8) + [0xE9] + Array("\nB\n".utf8))
        expectOneFault(reading.faults, line: 2, field: "code", "It is not UTF-8.")
        #expect(reading.rows.map(\.code) == ["B"])
    }

    @Test func `counts the lines inside quotes`() throws {
        let reading = try CodesFileReading("code,customer\n\"A\n\n\",x\nB,\n,\n")
        #expect(reading.faults.map(\.place.line) == [2, 6])
        #expect(reading.rows.map(\.line) == [5])
    }

    @Test func `stops at a quote that is never closed`() throws {
        let reading = try CodesFileReading("code\nA\n\"B\nC\n")
        expectOneFault(reading.faults, line: 3, field: "code", "The quote is not closed.")
        let long = "code\nA\n\"B" + String(repeating: "C\n", count: 200_000)
        let second = try CodesFileReading(long, piecesOf: 4_096)
        expectOneFault(second.faults, line: 3, field: "", "is a quote not closed?")
        #expect(second.rows.map(\.code) == ["A"])
    }

    @Test func `lists a hundred faults and counts the rest`() throws {
        let text = "code,max_uses\n" + String(repeating: "A,0\n", count: 137)
        let reading = try CodesFileReading(text)
        #expect(reading.faults.count == 101)
        #expect(reading.faults.last?.message == "37 more faults of this file are not listed.")
        #expect(reading.rows == [])
    }

    @Test func `that is missing, or no file, is not read`() throws {
        let folder = try TemporaryFolder()
        for (path, why) in [
            ("/nowhere/codes.csv", UnreadableFile.missing), (folder.path, .folder),
            ("/dev/null", .notRegular),
        ] {
            #expect(throws: why) {
                try CodesFileReader.read(at: path) { _ in
                    Issue.record("a row came out of nowhere")
                }
            }
        }
    }

    @Test func `says of a row whether it is nothing but a code`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("codes.csv", "code,max_uses,customer\nA,,\nB,1,\nC,,x\n")
        var plain: [Bool] = []
        #expect(try CodesFileReader.read(at: path) { plain.append($0.isPlain) } == [])
        #expect(plain == [true, false, false])
    }
}
