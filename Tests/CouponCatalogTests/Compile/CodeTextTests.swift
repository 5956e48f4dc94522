import Testing

@testable import CouponCatalog

@Suite struct `A code's text` {
    private func read(_ text: String) throws(CodeText.Fault) -> (exact: String, folded: String) {
        var code = CodeText()
        try code.read(text.utf8.span)
        return (string(code.exact), string(code.folded))
    }

    @Test(arguments: [
        ("SAVE10", "SAVE10", "save10"),
        ("  \t\r\n\u{0B}\u{0C}Save 10 ", "Save 10", "save 10"),
        ("\u{FEFF}\u{200B}X\u{200C}\u{200D}\u{2060}", "X", "x"),
        ("\u{00A0}\u{2003}\u{3000}\u{0085}X\u{2028}", "X", "x"),
        ("A\u{200B}B", "A\u{200B}B", "a\u{200B}b"),
        ("ＳＡＶＥ１０", "SAVE10", "save10"),
        ("ﬁrst", "first", "first"),
        ("①②", "12", "12"),
        ("\u{00B4}A", "\u{0301}A", "\u{0301}a"),
        ("E\u{0301}te\u{0301}", "Été", "été"),
        ("x\u{1FC1}\u{1B34}", "x \u{1B34}\u{0308}\u{0342}", "x \u{1B34}\u{0308}\u{0342}"),
        ("STRASSE", "STRASSE", "strasse"),
        ("Straße", "Straße", "strasse"),
        ("STRAẞE", "STRAẞE", "strasse"),
        ("ΣΊΣΥΦΟΣ", "ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("σίσυφος", "σίσυφος", "σίσυφοσ"),
        ("İZMİR", "İZMİR", "i\u{0307}zmi\u{0307}r"),
        ("ılık", "ılık", "ılık"),
        ("ILIK", "ILIK", "ilik"),
        ("\u{212A}elvin", "Kelvin", "kelvin"),
        ("ᾳ", "ᾳ", "αι"),
        ("ΑΙ", "ΑΙ", "αι"),
        ("ДРУГ", "ДРУГ", "друг"),
        ("🎁", "🎁", "🎁"),
    ])
    func `is trimmed, normalised and folded`(
        written: String, exact: String, folded: String
    ) throws {
        let text = try read(written)
        // Texts are compared by scalars: equality of strings would forgive what it shall find.
        #expect(Array(text.exact.unicodeScalars) == Array(exact.unicodeScalars))
        #expect(Array(text.folded.unicodeScalars) == Array(folded.unicodeScalars))
    }

    @Test(arguments: ["SAVE10", "ﬁrst", "Straße", "İZMİR", "\u{00B4}A", "ᾳ\u{0345}", "E\u{0301}"])
    func `reads the same when read again`(written: String) throws {
        let once = try read(written)
        let again = try read(once.exact)
        #expect(Array(again.exact.utf8) == Array(once.exact.utf8))
        #expect(Array(again.folded.utf8) == Array(once.folded.utf8))
        let folded = try read(once.folded)
        #expect(Array(folded.folded.utf8) == Array(once.folded.utf8))
    }

    @Test(arguments: [
        (String(repeating: "a", count: 255), 255),
        ("   " + String(repeating: "a", count: 255), 255),
        (String(repeating: "é", count: 127) + "x", 255), (String(repeating: "Ａ", count: 255), 255),
    ])
    func `has up to 255 bytes after normalising`(written: String, bytes: Int) throws {
        #expect(try read(written).exact.utf8.count == bytes)
    }

    @Test(arguments: [
        (String(repeating: "a", count: 256), CodeText.Fault.tooLong),
        (String(repeating: "é", count: 128), .tooLong),
        (String(repeating: "ü", count: 5_000), .tooLong),
        ("", .empty), (" \t ", .empty), ("\u{200B}\u{3000}", .empty),
    ])
    func `is refused outside of 1 to 255 bytes`(written: String, fault: CodeText.Fault) {
        #expect(throws: fault) { try read(written) }
    }

    @Test func `is refused when it is not UTF-8`() {
        var code = CodeText()
        let bytes: [UInt8] = [0x41, 0xC3, 0x28]
        #expect(throws: CodeText.Fault.notUTF8) { try code.read(bytes.span) }
    }

    @Test func `forgets what was read before it`() throws {
        var code = CodeText()
        try code.read("Straße".utf8.span)
        try code.read("AB".utf8.span)
        let (exact, folded, isASCII) = (string(code.exact), string(code.folded), code.isASCII)
        #expect(exact == "AB")
        #expect(folded == "ab")
        #expect(isASCII)
    }
}
