import CouponWire
import Testing

/// `{"op":…,…}` with the required fields of an operation, and `rest` behind them.
private func line(_ op: String, _ rest: String = "") -> String {
    let required =
        switch op {
        case "reserve", "apply": #""code":"A","order":"o1""#
        case "release": #""order":"o1""#
        default: #""code":"A""#
        }
    return #"{"op":"\#(op)",\#(required)\#(rest.isEmpty ? "" : ",")\#(rest)}"#
}

private let judging = ["validate", "reserve", "apply"]

@Suite struct `The grammar of validate, reserve and apply` {
    private static func check(
        _ rest: String, is description: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for op in judging {
            let order = op == "validate" ? "" : " order=o1"
            let expected = description.isEmpty ? "" : " " + description
            CouponWireTests.check(
                line(op, rest), is: "\(op) codes=[A]\(expected)\(order)",
                sourceLocation: sourceLocation)
        }
    }

    @Test func `reads the request of the manual`() {
        CouponWireTests.check(
            #"{"id":1,"op":"validate","code":"SUMMER20","customer":{"id":"cus_7","groups":["vip"],"orders":0}, "cart":{"currency":"USD","shipping":500,"lines":[{"product":"p1","quantity":2,"unit_price":2500,"category":["shoes"]}]}}"#,
            is:
                "validate codes=[SUMMER20] customer=cus_7<>+vip#0 cart=USD[p1×2@2500{category=shoes}] shipping=500"
        )
    }

    @Test(arguments: [
        ("", ""),
        (#""store":"s""#, "store=s"),
        (#""mode":"all""#, ""), (#""mode":"partial""#, "mode=partial"),
        (#""auto":true"#, "auto=true"), (#""auto":false"#, ""),
        (#""explain":true"#, "explain=true"),
        (#""customer":"cus""#, "customer=cus<>"), (#""customer":7"#, "customer=7<>"),
        (#""customer":{}"#, "customer=<>"), (#""customer":{"id":7}"#, "customer=7<>"),
        (#""customer":{"id":"c","email":" Ann@Example.COM\t"}"#, "customer=c<ann@example.com>"),
        (#""customer":{"groups":[]}"#, "customer=<>"),
        (#""customer":{"groups":["a",2]}"#, "customer=<>+a+2"),
        (#""customer":{"orders":9007199254740991}"#, "customer=<>#9007199254740991"),
        (#""cart":{"currency":"usd","lines":[]}"#, "cart=USD[]"),
        (#""cart":{"lines":[],"shipping":0,"currency":"jPy"}"#, "cart=JPY[] shipping=0"),
        (
            #""context":{"channel":"web","site":7,"event":["a",1]}"#,
            "context={channel=web site=7 event=a|1}"
        ),
        (#""context":{"product":"p"}"#, "context={product=p}"),
        (#""context":{"id":"x","":"empty"}"#, "context={id=x =empty}"),
    ])
    func `has these optional fields`(rest: String, description: String) {
        Self.check(rest, is: description)
    }

    @Test(arguments: [
        (#"{"product":"p","quantity":1,"unit_price":0}"#, "p×1@0"),
        (
            #"{"id":"l1","product":7,"quantity":3,"unit_price":9007199254740991,"on_sale":true}"#,
            "l1:7×3@9007199254740991!"
        ),
        (
            #"{"unit_price":1,"event":"e","quantity":1,"variant":[1,"b"],"product":"p","on_sale":false}"#,
            "p×1@1{event=e variant=1|b}"
        ),
        (#"{"product":"p","quantity":1,"unit_price":1,"category":[]}"#, "p×1@1{category=}"),
        (
            #"{"product":"p","quantity":1,"unit_price":1,"code":"c","order":5,"cart":["x"]}"#,
            "p×1@1{code=c order=5 cart=x}"
        ),
        (#"{"product":"p","quantity":1,"unit_price":1,"category":""}"#, "p×1@1{category=}"),
    ])
    func `has these cart lines`(cartLine: String, description: String) {
        Self.check(
            #""cart":{"currency":"EUR","lines":[\#(cartLine),\#(cartLine)]}"#,
            is: "cart=EUR[\(description) \(description)]")
    }

    @Test(arguments: [
        (#""code":"A""#, "[A]"), (#""code":7"#, "[7]"), (#""code":"""#, "[]"),
        (#""code":{"code":"A"}"#, "[A]"), (#""codes":["A"]"#, "[A]"),
        (#""codes":["A",7]"#, "[A 7]"),
        (
            #""codes":[{"code":"A","coupon":"c","amount":5,"context":{"event":"9"}},{"code":8}]"#,
            "[A@c≤5{event=9} 8]"
        ),
        (#""code":{"amount":0,"coupon":3,"code":"A","context":{"event":[]}}"#, "[A@3≤0{event=}]"),
        (
            #""codes":[\#((1...16).map { "\"\($0)\"" }.joined(separator: ","))]"#,
            "[\((1...16).map(String.init).joined(separator: " "))]"
        ),
    ])
    func `has one code or up to sixteen`(codes: String, description: String) {
        for (op, order) in [("validate", ""), ("reserve", " order=o"), ("apply", " order=o")] {
            let rest = order.isEmpty ? "" : #","order":"o""#
            CouponWireTests.check(
                #"{"op":"\#(op)",\#(codes)\#(rest)}"#, is: "\(op) codes=\(description)\(order)")
        }
    }

    @Test func `needs no code where auto coupons are considered`() {
        CouponWireTests.check(#"{"op":"validate","auto":true}"#, is: "validate auto=true")
        CouponWireTests.check(
            #"{"op":"apply","auto":true,"order":"o"}"#, is: "apply auto=true order=o")
    }

    @Test func `has the order and the session whose holds are its own`() {
        CouponWireTests.check(
            line("validate", #""order":12,"hold_of":"session""#),
            is: "validate codes=[A] order=12 hold_of=session")
        CouponWireTests.check(
            line("reserve", #""hold_of":5"#), is: "reserve codes=[A] order=o1 hold_of=5")
    }

    @Test func `has each one field that the others lack`() {
        CouponWireTests.check(line("validate", #""at":0"#), is: "validate codes=[A] at=0")
        CouponWireTests.check(line("reserve", #""ttl":1"#), is: "reserve codes=[A] order=o1 ttl=1")
        CouponWireTests.check(
            line("reserve", #""ttl":604800"#), is: "reserve codes=[A] order=o1 ttl=604800")
        CouponWireTests.check(
            line("apply", #""metadata":{"client":"Ann","":"x"}"#),
            is: "apply codes=[A] order=o1 metadata={client:Ann :x}")
        for (op, field) in [
            ("reserve", "at"), ("apply", "at"), ("validate", "ttl"), ("apply", "ttl"),
            ("validate", "metadata"), ("reserve", "metadata"),
        ] {
            CouponWireTests.check(line(op, #""\#(field)":null"#), isRefusedAt: field)
        }
    }

    @Test(arguments: [
        (#""2026-06-01""#, "day 20605"), (#""2026-06-01T09:30""#, "local 1780306200000"),
        (#""2026-06-01T09:30:00.25Z""#, "1780306200250"),
        (#""2026-06-01T11:30:00+02:00""#, "1780306200000"),
        ("1780306200", "1780306200000"),
        ("0", "0"), ("253402300799", "253402300799000"),
    ])
    func `reads times in every form`(time: String, description: String) {
        CouponWireTests.check(
            line("validate", #""at":\#(time),"booking_date":\#(time)"#),
            is: "validate codes=[A] at=\(description) booking_date=\(description)")
    }

    @Test func `forgets the request before`() {
        var parser = RequestParser(lineBytesMax: 1_000)
        let full =
            #"{"op":"apply","store":"s","codes":["A","B"],"mode":"partial","auto":true,"explain":true,"customer":{"id":1,"groups":["g"],"orders":1,"email":"é@x"},"cart":{"currency":"USD","lines":[{"product":1,"quantity":1,"unit_price":1,"x":"y"}],"shipping":1},"context":{"a":"b"},"order":"o","hold_of":"h","booking_date":1,"metadata":{"k":"v"}}"#
        #expect(parser.read(Array(full.utf8)).error == nil)
        #expect(describe(parser).hasPrefix("apply codes=[A B] store=s mode=partial auto=true"))
        #expect(parser.read(Array(line("validate").utf8)).error == nil)
        #expect(describe(parser) == "validate codes=[A]")
    }
}

@Suite struct `The grammar of the other operations` {
    @Test(arguments: [
        (#"{"op":"release","order":"o"}"#, "release order=o"),
        (#"{"op":"release","order":7,"store":2}"#, "release store=2 order=7"),
        (#"{"op":"release","order":"o","code":"A"}"#, "release codes=[A] order=o"),
        (#"{"op":"release","order":"o","coupon":"c"}"#, "release coupon=c order=o"),
        (#"{"op":"release","order":"o","code":null,"coupon":null}"#, "release order=o"),
        (
            #"{"op":"usage","code":"X","booking_date":"2026-07-01","customer":"cus_7","context":{"site":"1"}}"#,
            "usage codes=[X] customer=cus_7<> context={site=1} booking_date=day 20635"
        ),
        (#"{"op":"usage","code":5,"store":"s"}"#, "usage codes=[5] store=s"),
        (
            #"{"op":"code.discounts","code":"A","coupon":"c","store":"s"}"#,
            "code.discounts codes=[A] store=s coupon=c"
        ),
    ])
    func `has these fields`(line: String, description: String) {
        check(line, is: description)
    }

    @Test(arguments: [
        ("release", "codes"), ("release", "cart"), ("release", "customer"), ("release", "at"),
        ("release", "mode"), ("usage", "codes"), ("usage", "cart"), ("usage", "order"),
        ("usage", "at"), ("usage", "coupon"), ("code.discounts", "order"),
        ("code.discounts", "customer"), ("code.discounts", "codes"),
    ])
    func `has no field of another one`(op: String, field: String) {
        check(line(op, #""\#(field)":null"#), isRefusedAt: field)
    }

    @Test(arguments: ["release", "usage", "code.discounts"])
    func `has codes as plain texts only`(op: String) {
        check(
            #"{"op":"\#(op)","order":"o","code":{"code":"A"}}"#,
            isRefusedAt: op == "release" ? "code" : "order")
        check(#"{"op":"\#(op)","code":{"code":"A"}}"#, isRefusedAt: "code")
    }
}

@Suite struct `The liberties of PHP and vendors` {
    @Test(arguments: [
        "store", "codes", "mode", "auto", "customer", "cart", "context", "hold_of", "booking_date",
        "explain",
    ])
    func `an optional field may be null`(field: String) {
        check(line("validate", #""\#(field)":null"#), is: "validate codes=[A]")
    }

    @Test func `also inside`() {
        check(
            #"{"op":"validate","code":{"code":"A","coupon":null,"amount":null,"context":null},"customer":{"id":null,"email":null,"groups":null,"orders":null},"cart":{"currency":"USD","shipping":null,"lines":[{"id":null,"product":"p","quantity":1,"unit_price":1,"on_sale":null,"event":null}]},"context":{"site":null}}"#,
            is: "validate codes=[A] customer=<> cart=USD[p×1@1]")
        check(line("apply", #""metadata":{"a":null}"#), is: "apply codes=[A] order=o1")
        check(line("reserve", #""ttl":null"#), is: "reserve codes=[A] order=o1")
    }

    @Test(arguments: [
        (#"{"op":null}"#, "op"), (#"{"op":"validate","code":null}"#, "code"),
        (#"{"op":"apply","code":"A","order":null}"#, "order"),
        (#"{"op":"release","order":null}"#, "order"),
        (#"{"op":"validate","code":{"code":null}}"#, "code.code"),
        (#"{"op":"validate","code":"A","cart":{"currency":null,"lines":[]}}"#, "cart.currency"),
        (#"{"op":"validate","code":"A","cart":{"currency":"USD","lines":null}}"#, "cart.lines"),
    ])
    func `a required field may not`(line: String, field: String) {
        check(line, isRefusedAt: field)
    }

    @Test func `an empty list is read as an empty object`() {
        check(
            line("validate", #""customer":[],"context":[]"#), is: "validate codes=[A] customer=<>")
        check(line("apply", #""metadata":[]"#), is: "apply codes=[A] order=o1")
        check(#"{"op":"validate","code":{"code":"A","context":[]}}"#, is: "validate codes=[A]")
        check(line("validate", #""cart":[]"#), isRefusedAt: "cart.currency")
        check(#"{"op":"validate","code":[]}"#, isRefusedAt: "code.code")
        check(
            line("validate", #""cart":{"currency":"USD","lines":[[]]}"#),
            isRefusedAt: "cart.lines[0].product")
    }

    @Test(arguments: [
        ("7", "7"), ("-7", "-7"), ("0", "0"), ("-0", "0"),
        ("9223372036854775808", "9223372036854775808"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ])
    func `an integer is read as its decimal text`(number: String, text: String) {
        check(
            #"{"op":"apply","store":\#(number),"code":\#(number),"order":\#(number),"customer":\#(number),"context":{"a":[\#(number)]}}"#,
            is:
                "apply codes=[\(text)] store=\(text) customer=\(text)<> context={a=\(text)} order=\(text)"
        )
    }

    @Test func `an empty customer id or e-mail is absent`() {
        check(line("validate", #""customer":"""#), is: "validate codes=[A]")
        check(
            line("validate", #""customer":{"id":"","email":""}"#),
            is: "validate codes=[A] customer=<>")
        check(
            line("validate", #""customer":{"email":" \t\u00a0"}"#),
            is: "validate codes=[A] customer=<>")
    }

    @Test(arguments: [
        ("ANN@EXAMPLE.COM", "ann@example.com"), ("  a@b  ", "a@b"), ("É@X.FR", "é@x.fr"),
        ("\u{A0}ΑΒΓ@x ", "αβγ@x"), ("İ@x", "i̇@x"), ("a[`{@Z", "a[`{@z"),
    ])
    func `an e-mail address is trimmed and put in small letters`(written: String, read: String) {
        check(
            line("validate", #""customer":{"email":"\#(written)"}"#),
            is: "validate codes=[A] customer=<\(read)>")
    }

    @Test func `escapes are read in keys and texts`() {
        check(
            #"{"\u006fp":"\u0076alidate","c\u006fde":"\u0041\n\ud83d\ude00","context":{"\u00e9":"\u0000"}}"#,
            is: "validate codes=[A\n😀] context={é=\0}")
    }
}
