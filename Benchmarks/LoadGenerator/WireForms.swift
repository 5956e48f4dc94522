// What the text of a request looks like in each protocol. Lengths in front of a request are right
// because a template's length is known before its numbers are.

extension RequestTemplate {
    /// A request as text, in the form that the protocol sends it:
    ///
    /// - lines: the text and a newline
    /// - RESP: the text as an inline command, its words parted by spaces (quotes as in `redis-cli`)
    /// - PostgreSQL: the text as a simple query
    package init(request text: [UInt8], framing: Framing) throws(MixFault) {
        if text.isEmpty { throw MixFault(.emptyRequest) }
        switch framing {
        case .lines: try self.init(bytes: text + [UInt8(ascii: "\n")])
        case .resp: try self.init(bytes: text + Array("\r\n".utf8))
        case .postgres: try self.init(postgresQuery: String(decoding: text, as: UTF8.self))
        }
    }

    /// A RESP command: an array of bulk strings, in each of which placeholders may stand.
    package init(respCommand words: [String]) throws(MixFault) {
        var text = "*\(words.count)\r\n"
        for word in words {
            text += "$\(try RequestTemplate(word).byteCount)\r\n\(word)\r\n"
        }
        try self.init(text)
    }

    /// A PostgreSQL Query message.
    package init(postgresQuery text: String) throws(MixFault) {
        let byteCount = try RequestTemplate(text).byteCount
        try self.init(
            bytes: Postgres.message(UInt8(ascii: "Q"), Array(text.utf8) + [0], byteCount + 1))
    }
}

/// Messages of PostgreSQL's protocol, version 3.
package enum Postgres {
    /// The first message of a connection, for a server that trusts it.
    package static func startup(user: String, database: String) -> [UInt8] {
        let version: [UInt8] = [0, 3, 0, 0]
        let settings = Array("user\0\(user)\0database\0\(database)\0\0".utf8)
        return bigEndian(4 + version.count + settings.count) + version + settings
    }

    /// A Query message, for a ``Target``'s preparation.
    package static func query(_ text: String) -> [UInt8] {
        let body = Array(text.utf8) + [0]
        return message(UInt8(ascii: "Q"), body, body.count)
    }

    /// `byteCount` is the body's, once numbers stand in it.
    static func message(_ kind: UInt8, _ body: [UInt8], _ byteCount: Int) -> [UInt8] {
        [kind] + bigEndian(4 + byteCount) + body
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        let number = UInt32(truncatingIfNeeded: number)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
