import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    /// An invalid request gets an error with the reason and the place, and the connection stays
    /// open.
    @Suite struct Errors {
        private static let ping = #"{"id":"still here","op":"ping"}"#

        /// Sends a valid request over a connection that has just had an error.
        private func checkGoesOn(
            _ client: LineClient, _ comment: Comment,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let reply = try client.ask(Self.ping)
            #expect(
                reply["id"] == "still here" && reply["result.ready"] == true, comment,
                sourceLocation: sourceLocation)
        }

        @Test func `name their code, the field and the request`() throws {
            try Shop.open(catalog: ErrorTable.catalog) { shop in
                _ = try shop.startDaemon()
                let storefront = try shop.connect()
                let admin = try LineClient(shop.adminSocket)
                for row in ErrorTable.rows {
                    let client = row.onAdminSocket ? admin : storefront
                    let reply = try client.ask(row.request)
                    let comment: Comment = "\(row.request) → \(reply.line)"
                    #expect(
                        reply.line.hasPrefix(
                            #"{"id":\#(row.id),"error":{"code":"\#(row.code)","message":""#),
                        comment)
                    #expect(reply["error.message"]?.stringValue?.isEmpty == false, comment)
                    #expect(reply["error.field"] == row.field.map(JSONValue.string), comment)
                    #expect(reply["error.details"] == nil && reply["valid"] == nil, comment)
                    try checkGoesOn(client, comment)
                }
                // Each was one error, and nothing was used.
                let stats = try admin.ask(#"{"op":"server.stats"}"#)
                #expect(stats["result.requests.errors"] == .integer(Int64(ErrorTable.rows.count)))
                #expect(stats["result.requests.applied"] == 0)
            }
        }

        /// Bytes that are not UTF-8, at any place.
        @Test func `report bytes that are not text`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x80]] {
                    let head = Array(#"{"id":"a","op":"validate","code":"x"#.utf8)
                    try client.send(bytes: head + bytes + Array("\"}\n".utf8))
                    let reply = try client.nextReply()
                    #expect(reply["id"] == .null && reply["error.code"] == "bad_json", "\(bytes)")
                    try checkGoesOn(client, "\(bytes)")
                }
            }
        }

        @Test func `restrict a socket to its role and its stores`() throws {
            let rows: [(socket: String, request: String, field: String?)] = [
                ("shop", #"{"op":"validate","code":"A"}"#, "store"),
                ("shop", #"{"op":"validate","code":"A","store":"other"}"#, "store"),
                ("shop", #"{"op":"validate","code":"A","store":"default"}"#, "store"),
                ("shop", #"{"op":"usage","code":"A","store":"other"}"#, "store"),
                ("shop", #"{"op":"apply","order":"o","code":"A","store":"other"}"#, "store"),
                ("shop", #"{"op":"validate","code":"A","store":"mine"}"#, nil),
                ("shop", #"{"op":"ping"}"#, nil),
                ("shop", #"{"op":"server.stats"}"#, "op"),
                ("view", #"{"op":"validate","code":"A"}"#, "op"),
                ("view", #"{"op":"apply","order":"o","code":"A"}"#, "op"),
                ("view", #"{"op":"server.snapshot"}"#, "op"),
                ("view", #"{"op":"server.stats"}"#, nil),
                ("view", #"{"op":"ping"}"#, nil),
                ("office", #"{"op":"server.snapshot"}"#, nil),
                ("office", #"{"op":"validate","code":"A"}"#, nil),
            ]
            try Shop.open { shop in
                let configuration = """
                    sockets:
                    - {path: \(shop.path("shop")), role: storefront, stores: [mine]}
                    - {path: \(shop.path("view")), role: viewer}
                    - {path: \(shop.path("office")), role: admin}
                    state: {directory: \(shop.state)}
                    catalog: [catalog.yaml]
                    """
                _ = try shop.startDaemon(
                    configuration: configuration,
                    serving: ["shop", "view", "office"].map(shop.path))
                var clients: [String: LineClient] = [:]
                for name in ["shop", "view", "office"] {
                    clients[name] = try LineClient(shop.path(name))
                }
                for row in rows {
                    let client = try #require(clients[row.socket])
                    let reply = try client.ask(row.request)
                    let comment: Comment = "\(row.socket): \(row.request) → \(reply.line)"
                    #expect(reply["error.code"] == row.field.map { _ in "forbidden" }, comment)
                    #expect(reply["error.field"] == row.field.map(JSONValue.string), comment)
                    try checkGoesOn(client, comment)
                }
            }
        }

        /// One error line without a request, then the end.
        @Test func `turn away clients that may not connect`() throws {
            try Shop.open { shop in
                let stranger = getuid() + 1
                let configuration = """
                    sockets:
                    - {path: \(shop.socket), role: storefront}
                    - {path: \(shop.path("others")), role: storefront, allow_uids: [\(stranger)]}
                    state: {directory: \(shop.state)}
                    catalog: [catalog.yaml]
                    limits: {connections: 2}
                    """
                _ = try shop.startDaemon(
                    configuration: configuration, serving: [shop.socket, shop.path("others")])
                let first = try shop.connect()
                try checkGoesOn(first, "the first")
                let stranded = try LineClient(shop.path("others")).remainingLines()
                #expect(stranded.count == 1)
                #expect(try Reply(stranded[0])["error.code"] == "forbidden")

                let second = try shop.connect()
                try checkGoesOn(second, "the second")
                let third = try shop.connect().remainingLines()
                #expect(third.count == 1)
                #expect(
                    third[0].hasPrefix(
                        #"{"id":null,"error":{"code":"too_many_connections","message":""#))
                try checkGoesOn(first, "the first, again")

                // A client that leaves makes room.
                second.endSending()
                #expect(try second.remainingLines().isEmpty)
                try checkGoesOn(try shop.connect(), "the next")
            }
        }

        @Test func `skip a line that is too long, and report the limit`() throws {
            try Shop.open { shop in
                let configuration = """
                    sockets: [{path: \(shop.socket), role: storefront}]
                    state: {directory: \(shop.state)}
                    catalog: [catalog.yaml]
                    limits: {line_bytes: 4096}
                    """
                _ = try shop.startDaemon(configuration: configuration, serving: [shop.socket])
                let client = try shop.connect()
                let reply = try client.ask(
                    #"{"id":7,"op":"ping","#.padding(toLength: 4097, withPad: " ", startingAt: 0))
                #expect(reply["id"] == .null && reply["error.code"] == "line_too_long")
                #expect(reply["error.message"]?.stringValue?.contains("4096") == true)
                try checkGoesOn(client, "after a long line")
            }
        }

        /// No order is dropped to make room: new ones are refused, old ones are still answered.
        @Test func `refuse another order when the order table is full`() throws {
            try Shop.open(catalog: ErrorTable.catalog) { shop in
                let configuration = """
                    sockets: [{path: \(shop.socket), role: storefront}]
                    state: {directory: \(shop.state)}
                    catalog: [catalog.yaml]
                    limits: {orders: 1}
                    """
                _ = try shop.startDaemon(configuration: configuration, serving: [shop.socket])
                let client = try shop.connect()
                let cart =
                    #""cart":{"currency":"USD","lines":[{"product":"p","quantity":1,"#
                    + #""unit_price":100}]}}"#
                func apply(_ order: String, _ code: String = "PLAIN") throws -> Reply {
                    try client.ask(
                        #"{"id":7,"op":"apply","order":"\#(order)","code":"\#(code)",\#(cart)"#)
                }
                #expect(try apply("o-1")["applied"] == true)
                let full = try apply("o-2")
                #expect(full["error.code"] == "overloaded", "\(full.line)")
                #expect(full["id"] == 7 && full["applied"] == nil)
                #expect(try apply("o-1")["replayed"] == true)
                // A refusal needs no room.
                #expect(try apply("o-3", "NOSUCH")["reason"] == "code_unknown")
                #expect(
                    try client.ask(#"{"op":"validate","code":"PLAIN",\#(cart)"#)["valid"] == true)
                try checkGoesOn(client, "after being full")
            }
        }
    }
}
