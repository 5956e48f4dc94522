import CouponRules
import CouponWire
import FlatStorage
import Foundation
import Testing

/// What a writer writes, as text.
private func written(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter(appendingTo: ByteBuffer())
    write(&writer)
    return copy(writer.bytes.bytes)
}

/// Lends the bytes of a text.
private func lend(_ text: String, _ body: (Span<UInt8>) -> Void) {
    let bytes = Array(text.utf8)
    body(bytes.span)
}

@Suite struct `Values in replies` {
    @Test func `follow the rules of commas`() {
        let text = written { writer in
            writer.beginArray()
            writer.money(Money(minorUnits: 5))
            writer.instant(Instant(secondsSinceEpoch: 0))
            writer.money(.zero)
            writer.endArray()
        }
        #expect(text == #"[5,"1970-01-01T00:00:00Z",0]"#)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_780_272_000_000, "2026-06-01T00:00:00Z"),
            (1_780_272_000_123, "2026-06-01T00:00:00.123Z"),
            (1_780_272_000_007, "2026-06-01T00:00:00.007Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (951_825_599_000, "2000-02-29T11:59:59Z"),
            (253_402_300_799_000, "9999-12-31T23:59:59Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00Z"),
        ] as [(Int64, String)])
    func `write instants in UTC`(milliseconds: Int64, text: String) {
        let instant = Instant(millisecondsSinceEpoch: milliseconds)
        #expect(written { $0.instant(instant) } == "\"\(text)\"")
    }

    @Test(
        arguments: [(1_780_272_000_000, "00.000"), (1_780_272_000_007, "00.007")]
            as [(Int64, String)])
    func `keep zero milliseconds on request`(milliseconds: Int64, seconds: String) {
        let instant = Instant(millisecondsSinceEpoch: milliseconds)
        #expect(
            written { $0.appendTime(instant, alwaysMilliseconds: true) }
                == "2026-06-01T00:00:\(seconds)Z")
    }

    @Test func `write open ends as null`() {
        #expect(written { $0.instant(.distantPast) } == "null")
        #expect(written { $0.instant(.distantFuture) } == "null")
    }

    @Test(
        arguments: [
            ("USD", 2_500, "25.00"), ("USD", 5, "0.05"), ("USD", 0, "0.00"), ("JPY", 2_500, "2500"),
            ("KWD", 2_500, "2.500"), ("CLF", 12, "0.0012"), ("XYZ", 199, "1.99"),
            ("USD", -150, "-1.50"),
            ("USD", 9_007_199_254_740_991, "90071992547409.91"),
        ] as [(String, Int64, String)])
    func `write amounts as people do`(code: String, minorUnits: Int64, text: String) throws {
        let currency = try #require(Currency(code))
        #expect(written { $0.appendAmount(Money(minorUnits: minorUnits), in: currency) } == text)
    }

    @Test func `are read back by the request parser`() {
        let everything = String(
            String.UnicodeScalarView((0...0x2FF).compactMap(Unicode.Scalar.init)))
        for text in [everything, "\u{10FFFF}", "a\u{0}b", String(everything.reversed())] {
            let json = written { writer in
                writer.beginObject()
                lend(text) { writer.key($0) }
                writer.string(copying: text)
                writer.endObject()
            }
            var parser = RequestParser(lineBytesMax: 65_536)
            #expect(
                parser.read(Array(#"{"op":"usage","code":"A","context":\#(json)}"#.utf8)).error
                    == nil)
            #expect(describe(parser) == "usage codes=[A] context={\(text)=\(text)}")
        }
    }
}

@Suite struct `A reply` {
    @Test func `begins a reply with the id as it was written`() {
        for (id, begin) in [("7", #"{"id":7,"#), (#""\u0061""#, #"{"id":"\u0061","#), ("", "{")] {
            lend(id) { bytes in
                let text = written { writer in
                    for _ in 1...2 {
                        ReplyEnvelope.begin(to: bytes, &writer)
                        writer.key("valid")
                        writer.boolean(true)
                        ReplyEnvelope.end(&writer)
                    }
                }
                #expect(text == "\(begin)\"valid\":true}\n\(begin)\"valid\":true}\n")
            }
        }
    }

    @Test func `writes errors`() {
        lend("1") { id in
            let fault = RequestFault(
                code: .badRequest, field: "context.\"", message: "No \"x\".", operation: .ping)
            #expect(
                written { ErrorReply.write(fault, to: id, &$0) }
                    == #"{"id":1,"error":{"code":"bad_request","message":"No \"x\".","field":"context.\""}}"#
                    + "\n")
            #expect(
                written { ErrorReply.write(.notFound, message: "No such order.", to: id, &$0) }
                    == #"{"id":1,"error":{"code":"not_found","message":"No such order."}}"# + "\n")
            let conflict = written { writer in
                ErrorReply.begin(.conflict, to: id, &writer)
                writer.key("message")
                writer.string("Taken.")
                writer.key("details")
                writer.beginObject()
                writer.endObject()
                ErrorReply.end(&writer)
            }
            #expect(
                conflict == #"{"id":1,"error":{"code":"conflict","message":"Taken.","details":{}}}"#
                    + "\n")
        }
    }

    @Test func `names each error once`() {
        let names = ErrorCode.allCases.map { "\($0.name)" }
        #expect(Set(names).count == names.count)
        #expect(names.contains("unknown_op") && names.contains("internal"))
    }
}

@Suite struct `The message of a refusal` {
    private static func message(
        _ reason: Reason, currency: String = "USD", attribute: String = "",
        _ change: (inout Refusal) -> Void = { _ in }
    ) -> String {
        var refusal = Refusal(reason)
        change(&refusal)
        var message = ""
        lend(attribute) { bytes in
            message = written {
                RefusalMessage.write(
                    refusal, currency: Currency(currency) ?? .none, attribute: bytes, &$0)
            }
        }
        return message
    }

    @Test(arguments: Reason.allCases)
    func `is one sentence, also without any facts`(reason: Reason) throws {
        for currency in ["USD", ""] {
            let json = Self.message(reason, currency: currency)
            let text = try JSONDecoder().decode([String].self, from: Data("[\(json)]".utf8))[0]
            #expect(text.hasSuffix(".") && text.first?.isUppercase == true)
            #expect(text.filter { $0 == "." }.count == 1 && text.count < 80)
        }
    }

    @Test func `of each reason is its own`() {
        let messages = Reason.allCases.map { Self.message($0) }
        #expect(Set(messages).count == messages.count)
    }

    @Test func `speaks of no cart where there is none`() {
        #expect(
            Self.message(.noEligibleItems, currency: "")
                == "\"This code does not cover this purchase.\"")
        #expect(
            Self.message(.noEligibleItems) == "\"No item in the cart is covered by this code.\"")
    }

    @Test func `states the facts`() {
        #expect(
            Self.message(.belowMinimumAmount) { $0.missing = 2_500 }
                == #""Spend 25.00 USD more to use this code.""#)
        #expect(
            Self.message(.belowMinimumAmount, currency: "JPY") { $0.missing = 2_500 }
                == #""Spend 2500 JPY more to use this code.""#)
        #expect(
            Self.message(.aboveMaximumAmount, currency: "KWD") { $0.limit = 2_500 }
                == #""This code is for carts of at most 2.500 KWD.""#)
        #expect(
            Self.message(.belowMinimumQuantity) { $0.missing = 1 }
                == #""Add 1 more item to use this code.""#)
        #expect(
            Self.message(.belowMinimumQuantity) { $0.missing = 2 }
                == #""Add 2 more items to use this code.""#)
        #expect(
            Self.message(.aboveMaximumQuantity) { $0.limit = 4 }
                == #""This code is for at most 4 items.""#)
        #expect(
            Self.message(.notStarted) { $0.startsAt = Instant(secondsSinceEpoch: 1_780_272_000) }
                == #""This code is not valid yet; it starts 2026-06-01T00:00:00Z.""#)
        #expect(
            Self.message(.expired) { $0.endedAt = Instant(secondsSinceEpoch: 1_780_272_000) }
                == #""This code has expired; it ended 2026-06-01T00:00:00Z.""#)
        #expect(
            Self.message(.notFirstOrder) { $0.limit = 0 }
                == #""This code is for first orders only.""#)
        #expect(
            Self.message(.notFirstOrder) { $0.limit = 1 }
                == #""This code is for customers with at most 1 previous order.""#)
        #expect(
            Self.message(.usageLimitReached) { $0.held = 1 }
                == #""All uses of this code are taken; some are held and may become free again.""#)
        #expect(
            Self.message(.currencyNotSupported, currency: "CHF")
                == #""This code has no amount in CHF.""#)
        #expect(
            Self.message(.contextNotEligible, attribute: "chan\"nel") {
                $0.scope = .attribute(.unmentioned)
            } == #""This code does not apply to this chan\"nel.""#)
        #expect(
            Self.message(.customerRequired) { $0.scope = .previousOrders }
                == #""This code requires the number of the customer's previous orders.""#)
    }
}
