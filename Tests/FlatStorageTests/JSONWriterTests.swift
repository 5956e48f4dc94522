import FlatStorage
import Foundation
import Testing

/// What a writer writes, as text.
private func written(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter(appendingTo: ByteBuffer())
    write(&writer)
    return text(writer.bytes.bytes)
}

/// Lends the bytes of a text.
private func lend(_ text: String, _ body: (Span<UInt8>) -> Void) {
    let bytes = Array(text.utf8)
    body(bytes.span)
}

@Suite struct `A JSON writer` {
    @Test func `sets commas between members and elements and nowhere else`() {
        let text = written { writer in
            writer.beginObject()
            writer.key("a")
            writer.beginArray()
            writer.endArray()
            writer.key("b")
            writer.beginArray()
            writer.integer(1)
            writer.beginObject()
            writer.endObject()
            writer.boolean(true)
            writer.null()
            writer.string("s")
            writer.beginArray()
            writer.integer(2)
            writer.endArray()
            writer.boolean(false)
            writer.endArray()
            writer.key("c")
            writer.beginObject()
            writer.key("d")
            writer.integer(5)
            writer.key("e")
            writer.string("f")
            writer.endObject()
            writer.endObject()
        }
        #expect(
            text
                == #"{"a":[],"b":[1,{},true,null,"s",[2],false],"c":{"d":5,"e":"f"}}"#
        )
    }

    @Test(
        arguments: [
            0, 1, 9, 10, 99, 100, 12_345, 999_999_999, 9_007_199_254_740_991, .max, .min, -1, -10,
            1_000_000_000_000_000_000, 999_999_999_999_999_999,
        ] as [Int64])
    func `writes integers`(value: Int64) {
        #expect(written { $0.integer(value) } == "\(value)")
    }

    @Test func `escapes what JSON asks for and nothing else`() {
        for (text, escaped) in [
            ("", ""), ("plain", "plain"), ("\"", "\\\""), ("\\", "\\\\"),
            ("a\"b\\c", "a\\\"b\\\\c"),
            ("\n\r\t", "\\n\\r\\t"), ("\0\u{1}\u{B}\u{1F}", "\\u0000\\u0001\\u000b\\u001f"),
            ("/\u{7F}é😀\u{2028}", "/\u{7F}é😀\u{2028}"), ("\"\"", "\\\"\\\""),
        ] {
            lend(text) { bytes in #expect(written { $0.string(bytes) } == "\"\(escaped)\"") }
        }
    }

    @Test func `writes texts that any reader reads back`() throws {
        let everything = String(
            String.UnicodeScalarView((0...0x2FF).compactMap(Unicode.Scalar.init)))
        for text in [everything, "\u{10FFFF}", "a\u{0}b", String(everything.reversed())] {
            let json = written { writer in
                writer.beginObject()
                lend(text) { writer.key($0) }
                writer.string(copying: text)
                writer.endObject()
            }
            let read = try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
            #expect(read == [text: text])
        }
    }

    @Test func `writes members that follow others`() throws {
        var members = JSONWriter(membersInto: ByteBuffer())
        #expect(members.bytes.count == 0)
        members.key("b")
        members.beginObject()
        members.key(copying: "\"")
        members.null()
        members.endObject()
        members.key("c")
        members.integer(2)
        #expect(text(members.bytes.bytes) == #","b":{"\"":null},"c":2"#)

        let object = written { writer in
            writer.beginObject()
            writer.key("a")
            writer.integer(1)
            writer.members(members.bytes.bytes)
            writer.key("d")
            writer.integer(3)
            writer.endObject()
        }
        #expect(object == #"{"a":1,"b":{"\"":null},"c":2,"d":3}"#)
    }

    @Test func `begins each line without a comma`() {
        let lines = written { writer in
            for number in 1...2 {
                writer.integer(Int64(number))
                writer.endLine()
            }
        }
        #expect(lines == "1\n2\n")
    }

    @Test func `goes on in the buffer it is given and gives it back`() {
        var buffer = ByteBuffer()
        buffer.append("before ")
        var writer = JSONWriter(appendingTo: buffer)
        writer.integer(1)
        let after = writer.finish()
        #expect(text(after.bytes) == "before 1")
    }
}
