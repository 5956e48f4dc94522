import Foundation
import Testing

@Suite struct `The sample catalog` {
    private static let path = "config/coupons.yaml"

    private func ask(_ requests: String...) throws -> String {
        var shop = try DocumentationShop(definitions: SourceTree.text(Self.path))
        var reply = ""
        for request in requests { reply = try shop.reply(to: request, as: .storefront) }
        return reply
    }

    private static func cart(_ lines: String) -> String {
        #""cart":{"currency":"USD","lines":[\#(lines)]}"#
    }

    private static let album = cart(#"{"product":"album","quantity":1,"unit_price":12000}"#)

    @Test func `shows every key that a definition can have`() throws {
        let text = try SourceTree.text(Self.path)
        let words = Set(text.split { !$0.isLetter && $0 != "_" }.map { String($0) })
        let keys = try `The page about definitions`.keysRead()
        #expect(keys.count > 80)
        #expect(keys.subtracting(words) == [])
    }

    @Test func `serves every limit that it shows`() throws {
        let reply = try ask(
            #"{"op":"apply","order":"o","code":"LIMITED","customer":"c","booking_date":"2026-07-01","#
                + "\(Self.album)}",
            #"{"op":"usage","code":"LIMITED","customer":"c","booking_date":"2026-07-01"}"#)
        let limits = [
            ("total", 1000), ("code", 900), ("customer", 2), ("day", 50), ("week", 200),
            ("month", 500), ("booking_date", 10),
        ]
        let rows = limits.map { kind, limit in
            #"{"kind":"\#(kind)","limit":\#(limit),"used":1,"held":0,"remaining":\#(limit - 1)}"#
        }
        let budget =
            #"{"kind":"budget","currency":"USD","limit":1000000,"used":1200,"held":0,"#
            + #""remaining":998800}"#
        #expect(reply == #"{"result":{"limits":[\#((rows + [budget]).joined(separator: ","))]}}"#)
    }

    @Test func `combines one code of a group, and none with an exclusive one`() throws {
        for (codes, reason) in [
            (#""LOYAL8","LOYAL5""#, #""reason":"not_combinable""#),
            (#""LOYAL8","ALONE40""#, #""reason":"not_combinable""#),
            (#""LOYAL8","FIFTEEN""#, #""valid":true,"currency""#),
        ] {
            let reply = try ask(#"{"op":"validate","codes":[\#(codes)],\#(Self.album)}"#)
            #expect(reply.contains(reason), "\(reply)")
        }
    }

    @Test func `considers the automatic coupon`() throws {
        let prints = Self.cart(
            #"{"product":"print-a4","category":"prints","quantity":10,"unit_price":500}"#)
        let reply = try ask(#"{"op":"validate","auto":true,\#(prints)}"#)
        #expect(reply.contains(#""discount":500,"#), "\(reply)")
        #expect(reply.contains(#"{"code":null,"coupon":"cou_auto_volume","valid":true,"#))
    }

    /// The first offer that fits is taken, and the door sale shares the counter of the second.
    @Test func `has offers that share a counter`() throws {
        let ticket =
            #"{"product":"t","event":"241","price_level":"12","quantity":1,"unit_price":900}"#
        let seller = try ask(
            #"{"op":"validate","code":"50off","context":{"seller":1},\#(Self.cart(ticket))}"#)
        #expect(seller.contains(#""remaining":99,"offer":"14","ticket_limit":10"#), "\(seller)")
        let door = #"{"op":"apply","order":"o","code":"50off",\#(Self.cart(ticket))}"#
        let withoutSeller = try ask(door)
        #expect(
            withoutSeller.contains(#""remaining":499,"offer":"15""#), "\(withoutSeller)")
        let shared = try ask(door, #"{"op":"usage","code":"DOORS"}"#)
        #expect(
            shared == #"{"result":{"limits":[{"kind":"offer","limit":500,"used":1,"held":0,"#
                + #""remaining":499}]}}"#)
    }

    @Test func `has gift cards that can pay`() throws {
        let reply = try ask(
            #"{"op":"validate","codes":["GC-2025-002","GC-2025-001"],"mode":"partial","#
                + "\(Self.album)}")
        #expect(reply.contains(#""gift_card_amount":12000,"amount_due":0"#), "\(reply)")
        // The card that expires pays first and leaves nothing for the other.
        #expect(reply.contains(#""gift_card":"gc_small","valid":false,"reason":"no_effect""#))
    }
}
