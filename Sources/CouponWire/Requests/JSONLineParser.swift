import CJSONLine
import FlatStorage

// The seam to the C++ shim. Other files see node numbers and text ranges, checked at each access, and
// no pointer.

/// A value of the last line parsed. The first child of node n is node n + 1.
typealias JSONNode = cjson_line_node

/// Parses lines of JSON in memory of its own, allocated once.
@safe
struct JSONLineParser: ~Copyable {
    enum Failure: Error {
        /// Not JSON by RFC 8259, or not UTF-8.
        case notJSON
        /// Nested deeper than any request.
        case tooDeep
    }

    // SAFETY: `shim` is owned by this value alone and destroyed once, in `deinit`. The pointers in
    // `document` point into the shim's memory, which lives as long and never moves; each access below
    // is checked against the counts beside them. Spans borrow this value, so no parse can overwrite
    // their bytes while one lives.
    private let shim: OpaquePointer
    private var document: cjson_line_document
    let lineBytesMax: Int
    private let inPlace = InPlace()

    /// A parser of lines up to `lineBytesMax` that numbers keys by their place in `vocabulary`.
    init(lineBytesMax: Int, vocabulary: [StaticString]) {
        let list = vocabulary.map { "\($0)" }.joined(separator: " ")
        let made = unsafe cjson_line_parser_create(lineBytesMax, list, .random(in: .min ... .max))
        guard let shim = unsafe made else {
            preconditionFailure("there is memory for one parser of lines of at most 16 MiB")
        }
        unsafe self.shim = unsafe shim
        unsafe document = cjson_line_document()
        self.lineBytesMax = lineBytesMax
    }

    deinit { unsafe cjson_line_parser_destroy(shim) }

    /// Reads a line of at most `lineBytesMax` bytes. The nodes of the previous line become invalid,
    /// even if this fails.
    mutating func parse(_ line: Span<UInt8>) throws(Failure) {
        precondition(line.count <= lineBytesMax, "framing cuts lines at the parser's limit")
        let result = unsafe line.withUnsafeBufferPointer {
            unsafe cjson_line_parse(shim, $0.baseAddress, $0.count, &document)
        }
        switch result {
        case .parsed: break
        case .malformed, .misfit: throw .notJSON
        case .deep: throw .tooDeep
        }
    }

    /// The node with this number, which is one of the last line.
    func node(_ index: Int) -> JSONNode {
        precondition(
            unsafe index >= 0 && index < Int(document.node_count), "a node is one of its line")
        return unsafe document.nodes[index]
    }

    /// The first node whose key occurs earlier in its object, if any.
    var repeatedNode: Int? {
        unsafe document.repeated == 0 ? nil : Int(document.repeated)
    }

    /// The value of the top-level member with the vocabulary's first name, as it was written.
    var rawValueOfFirstName: Text {
        unsafe Text(start: document.raw_start, count: document.raw_count)
    }

    /// The bytes of a text of the last line parsed.
    @_lifetime(borrow self)
    func bytes(of text: Text) -> Span<UInt8> {
        guard text.count > 0 else { return Span() }
        precondition(
            unsafe UInt64(text.start) + UInt64(text.count) <= UInt64(document.byte_count),
            "a text lies in the bytes of its line")
        let span = unsafe Span(
            _unsafeStart: UnsafePointer(document.bytes + Int(text.start)), count: Int(text.count))
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// The number of a text in the vocabulary, from 1; 0 if it is not there.
    func name(of text: Text) -> UInt8 {
        unsafe cjson_line_name(shim, text.start, text.count)
    }

    /// Turns the ASCII capitals of a text into small letters, in place.
    mutating func lowercaseASCII(in text: Text) {
        precondition(
            unsafe UInt64(text.start) + UInt64(text.count) <= UInt64(document.byte_count),
            "a text lies in the bytes of its line")
        for index in text.range {
            let byte = unsafe document.bytes[index]
            if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) {
                unsafe document.bytes[index] = byte | 0x20
            }
        }
    }

    /// Keeps one text beside those of the line, until the next parse or the next text kept. It has
    /// at most ``spareBytesMax`` bytes.
    mutating func keep(_ text: String.UTF8View) -> Text {
        precondition(text.count <= Self.spareBytesMax, "a text to keep fits the spare room")
        var end = unsafe Int(document.spare_start)
        for byte in text {
            unsafe document.bytes[end] = byte
            end += 1
        }
        return unsafe Text(start: document.spare_start, count: UInt32(text.count))
    }

    static var spareBytesMax: Int { Int(CJSON_LINE_SPARE_BYTES) }
}

extension RequestParser {
    /// The bytes of a text of the last request, valid UTF-8.
    @_lifetime(borrow self)
    package func bytes(of text: Text) -> Span<UInt8> {
        // SAFETY: the bytes belong to the JSON parser that this value owns, and only its mutating
        // methods overwrite them. (The compiler does not see through the stored property.)
        unsafe _overrideLifetime(json.bytes(of: text), borrowing: self)
    }
}
