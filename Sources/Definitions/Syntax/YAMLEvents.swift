// libyaml by its events, without the tree that Yams would build of them. Yams hashes and compares every
// key of a map with all that it holds, and an alias holds all that its anchor does: thirty levels of
// aliases in nine hundred bytes, used as a key, never come to an end there. Events expand nothing; what
// reads them decides how much an alias may stand for.

import CYaml

/// One event of a YAML text. Tags are left out: nothing is read by them.
struct YAMLEvent {
    enum Kind {
        case documentStart
        case documentEnd
        case streamEnd
        case alias(String)
        /// `isPlain`: without quotes, and not a block.
        case scalar(String, isPlain: Bool)
        case listStart
        case listEnd
        case mapStart
        case mapEnd
    }

    var kind: Kind
    /// The name that what begins here can be repeated by.
    var anchor: String?
    var position: SourcePosition
}

/// Reads a YAML text event by event.
@safe
struct YAMLEvents: ~Copyable {
    // SAFETY: both are owned by this value alone and released once, in `deinit`. libyaml keeps a pointer
    // to the text, which does not move and lives as long as the parser. What an event points to is copied
    // before the event is deleted.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) {
        let utf8 = text.utf8
        unsafe self.text = .allocate(capacity: max(utf8.count, 1))
        _ = unsafe self.text.initialize(from: utf8)
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        let isReady = unsafe yaml_parser_initialize(parser)
        precondition(isReady == 1, "there is memory for one parser")
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, self.text.baseAddress, utf8.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next event. Not to be asked for after the end of the stream.
    mutating func next() throws(SyntaxFault) -> YAMLEvent {
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw fault() }
            defer { unsafe yaml_event_delete(&event) }
            if let read = unsafe Self.read(event) { return read }
        }
    }

    /// Nil for the start of the stream, which says nothing.
    private static func read(_ event: yaml_event_t) -> YAMLEvent? {
        let kind: YAMLEvent.Kind
        var anchor: String?
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_ALIAS_EVENT: kind = .alias(unsafe name(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let style = unsafe scalar.style
            kind = .scalar(
                unsafe String(decoding: bytes, as: UTF8.self),
                isPlain: style == YAML_PLAIN_SCALAR_STYLE || style == YAML_ANY_SCALAR_STYLE)
            anchor = unsafe name(scalar.anchor)
        case YAML_SEQUENCE_START_EVENT:
            kind = .listStart
            anchor = unsafe name(event.data.sequence_start.anchor)
        case YAML_SEQUENCE_END_EVENT: kind = .listEnd
        case YAML_MAPPING_START_EVENT:
            kind = .mapStart
            anchor = unsafe name(event.data.mapping_start.anchor)
        case YAML_MAPPING_END_EVENT: kind = .mapEnd
        default: return nil
        }
        return YAMLEvent(
            kind: kind, anchor: anchor, position: SourcePosition(unsafe event.start_mark))
    }

    private static func name(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let text = unsafe text else { return nil }
        return unsafe String(cString: text)
    }

    /// What libyaml says is wrong.
    private func fault() -> SyntaxFault {
        let problem =
            unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "unreadable"
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            // The reader's own place is an offset in bytes.
            let offset = min(unsafe parser.pointee.problem_offset, unsafe text.count)
            var position = SourcePosition(line: 1, column: 1)
            for index in 0..<offset { position.advance(over: unsafe text[index]) }
            return SyntaxFault(at: position, message: "This is not YAML: \(problem).")
        }
        let place = SourcePosition(unsafe parser.pointee.problem_mark)
        // The context says what was being read ("while parsing a block mapping").
        guard let context = unsafe parser.pointee.context else {
            return SyntaxFault(at: place, message: "This is not YAML: \(problem).")
        }
        let words = unsafe String(cString: context)
        let start = SourcePosition(unsafe parser.pointee.context_mark)
        return SyntaxFault(
            at: place,
            message: "This is not YAML: \(words) that begins on line \(start.line): \(problem).")
    }
}

extension SourcePosition {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
