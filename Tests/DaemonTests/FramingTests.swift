import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    /// One request per line, one reply per line, in order, for every split of the bytes.
    @Suite struct Framing {
        private static let limit = 65_536
        private static let ping = #"{"id":"still here","op":"ping"}"#

        private static let catalog = """
            coupons:
            - {id: plain, codes: [PLAIN], discount: {kind: percentage, percent: 10}}
            """

        /// Lines of a careless client, between valid ones.
        private static let dialogue = [
            #"{"id":1,"op":"ping"}"#, "",
            #"{"id":"é","op":"validate","code":"plain","cart":{"currency":"USD","#
                + #""lines":[{"product":"p","quantity":3,"unit_price":333}]}}"# + "\r",
            "\r", "nonsense", "{\"id\":3,\"op\":\"validate\",\"code\":\"Ｎｏ such\"}", "",
            #"{"id":4,"op":"usage","code":"PLAIN"}"#,
        ].map { $0 + "\n" }.joined()
        /// Blank lines have none.
        private static let dialogueReplyCount = 5

        @Test func `a dialogue is the same at every split, and in one piece`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let bytes = Array(Self.dialogue.utf8)
                let whole = try shop.connect()
                try whole.send(bytes: bytes)
                whole.endSending()
                let replies = try whole.remainingLines()
                #expect(replies.count == Self.dialogueReplyCount)
                #expect(try replies.map { try Reply($0)["id"] } == [1, "é", .null, 3, 4])
                #expect(try Reply(replies[1])["discount"] == 100)
                #expect(try Reply(replies[2])["error.code"] == "bad_json")

                // Another client's round trip lies between the halves: the first has been read.
                let other = try shop.connect()
                let client = try shop.connect()
                for cut in 1..<bytes.count {
                    try client.send(bytes: Array(bytes[..<cut]))
                    #expect(try other.ask(Self.ping)["id"] == "still here")
                    try client.send(bytes: Array(bytes[cut...]))
                    #expect(
                        try client.nextLines(replies.count) == replies, "cut at byte \(cut)")
                }

                for byte in bytes { try client.send(bytes: [byte]) }
                #expect(try client.nextLines(replies.count) == replies, "byte by byte")

                let repetitions = 50
                try client.send(String(repeating: Self.dialogue, count: repetitions))
                for repetition in 0..<repetitions {
                    #expect(
                        try client.nextLines(replies.count) == replies, "glued, \(repetition)")
                }
            }
        }

        @Test func `ten thousand requests at once are answered in their order`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let count = 10_000
                try client.send(
                    (0..<count).map {
                        #"{"id":\#($0),"op":"validate","code":"C\#($0)"}"# + "\n"
                    }.joined())
                for (id, line) in try client.nextLines(count).enumerated() {
                    #expect(
                        line.hasPrefix(
                            #"{"id":\#(id),"valid":false,"reason":"code_unknown","codes":["#
                                + #"{"code":"C\#(id)","#))
                }
            }
        }

        /// A ping of exactly `byteCount` bytes, white space included.
        private static func ping(byteCount: Int) -> String {
            let (head, tail) = (#"{"id":"long","#, #""op":"ping"}"#)
            let padding = byteCount - head.utf8.count - tail.utf8.count
            return head + String(repeating: " ", count: padding) + tail
        }

        @Test func `a line may have as many bytes as the limit, but not one more`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                func expectPong(sourceLocation: SourceLocation = #_sourceLocation) throws {
                    let reply = try client.nextReply()
                    #expect(
                        reply["id"] == "long" && reply["result.ready"] == true,
                        sourceLocation: sourceLocation)
                }
                func expectRefusal(sourceLocation: SourceLocation = #_sourceLocation) throws {
                    let reply = try client.nextReply()
                    #expect(
                        reply["id"] == .null && reply["error.code"] == "line_too_long",
                        sourceLocation: sourceLocation)
                }
                let good = Self.ping(byteCount: Self.limit)
                try client.send(good + "\n")
                try expectPong()
                try client.send(good + "\r\n")
                try expectPong()
                try client.send(Self.ping(byteCount: Self.limit + 1) + "\n" + good + "\n")
                try expectRefusal()
                try expectPong()
                // Many times over the limit: one error, for any content.
                try client.send(String(repeating: Self.ping, count: 20_000) + "\n" + good + "\n")
                try expectRefusal()
                try expectPong()
                // The error comes when the line exceeds the limit or ends, and only once.
                try client.send(String(repeating: "x", count: 3 * Self.limit))
                let other = try shop.connect()
                #expect(try other.ask(Self.ping)["id"] == "still here")
                try client.send("\n" + Self.ping + "\n")
                try expectRefusal()
                #expect(try client.nextReply()["id"] == "still here")
            }
        }

        @Test func `blank lines get no reply`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                try client.send(String(repeating: "\n\r\n \t\n", count: 10_000))
                #expect(try client.ask(Self.ping)["id"] == "still here")
            }
        }

        @Test func `a client that has ended sending gets every reply, then the end`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let count = 5_000
                try client.send(
                    (0..<count).map { #"{"id":\#($0),"op":"ping"}"# + "\n" }.joined()
                        + #"{"id":"cut off","op":"pi"#)
                client.endSending()
                let lines = try client.remainingLines()
                #expect(lines.count == count)
                for (id, line) in lines.enumerated() {
                    #expect(line.hasPrefix(#"{"id":\#(id),"result":"#))
                }
                #expect(try client.isClosed())
            }
        }

        /// The daemon stops reading from it, which stops it and delays no other client.
        @Test func `a client that never reads does not disturb others`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let deaf = try shop.connect()
                let other = try shop.connect()
                var sentCount = 0
                var stuckCount = 0
                // It is stuck if the daemon took nothing while it answered other clients.
                while stuckCount < 3 && deaf.partlySent.isEmpty {
                    let count = try deaf.sendUntilFull(#"{"op":"ping"}"# + "\n")
                    sentCount += count
                    stuckCount = count == 0 ? stuckCount + 1 : 0
                    #expect(try other.ask(Self.ping)["id"] == "still here")
                }
                for _ in 0..<100 {
                    #expect(try other.ask(Self.ping)["id"] == "still here")
                }
                // Then it reads, and no reply is missing.
                try deaf.send(bytes: deaf.partlySent)
                if !deaf.partlySent.isEmpty { sentCount += 1 }
                deaf.endSending()
                #expect(sentCount > 1_000)
                #expect(try deaf.remainingLines().count == sentCount)
            }
        }

        @Test func `two hundred clients are served at once`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let clients = try (0..<200).map { _ in try shop.connect() }
                for round in 0..<5 {
                    for (number, client) in clients.enumerated() {
                        try client.send(#"{"id":"\#(number).\#(round)","op":"ping"}"# + "\n")
                    }
                    for (number, client) in clients.enumerated().reversed() {
                        #expect(
                            try client.nextReply()["id"] == .string("\(number).\(round)"))
                    }
                }
                #expect(
                    try shop.askAdmin(#"{"op":"server.stats"}"#)["result.requests.connections"]
                        == 201)
            }
        }

        /// In the middle of a line, with replies unread, or without a request.
        @Test func `a client that disconnects leaves nothing behind`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let other = try shop.connect()
                for index in 0..<150 {
                    let client = try shop.connect()
                    switch index % 3 {
                    case 0: try client.send(#"{"id":1,"op":"validate","co"#)
                    case 1:
                        let pings = String(repeating: Self.ping + "\n", count: 200)
                        try client.send(pings + #"{"op""#)
                    default: break
                    }
                }
                #expect(try other.ask(Self.ping)["id"] == "still here")
                let admin = try LineClient(shop.adminSocket)
                // The two here, and the one that waits.
                try shop.eventually("the connections are gone") {
                    try admin.ask(#"{"op":"server.stats"}"#)["result.requests.connections"] == 3
                }
                #expect(try other.ask(Self.ping)["id"] == "still here")
            }
        }
    }
}
