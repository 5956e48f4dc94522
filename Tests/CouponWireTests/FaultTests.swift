import CouponWire
import Testing

@Suite struct `A faulty field` {
    /// Values, and the kinds of field that refuse them.
    private static let real = ["1.5", "1e2", "1.0", "1e400"]
    private static let structures = ["[1]", #"{"a":1}"#, "true"]

    private static func checkEach(
        _ values: [String], at field: String, sourceLocation: SourceLocation = #_sourceLocation,
        in line: (String) -> String
    ) {
        for value in values {
            check(line(value), isRefusedAt: field, sourceLocation: sourceLocation)
        }
    }

    @Test(
        arguments: [
            ("store", Self.real + Self.structures + ["[]", "{}", "\"\""]),
            (
                "mode",
                Self.real + Self.structures + [
                    "1", "\"\"", "\"All\"", "\"some\"", "\"ping\"", "\"id\"",
                ]
            ),
            ("auto", Self.real + ["0", "1", "\"true\"", "[]", "{}"]),
            ("explain", ["0", "\"\"", "{}"]),
            ("customer", Self.real + ["true", "[1]", "[[]]"]),
            ("cart", ["1", "\"\"", "true", "[1]", "1.5"]),
            ("context", ["1", "\"\"", "true", "[1]"]),
            ("order", Self.real + Self.structures + ["\"\"", "[]"]),
            ("hold_of", Self.real + Self.structures + ["\"\""]),
            (
                "booking_date",
                Self.real + Self.structures + ["\"\"", "\"2026-02-30\"", "\"tomorrow\"", "-1"]
            ),
            (
                "at",
                [
                    "253402300800", "99999999999999999999", "\"2026-06-01T25:00\"",
                    "\"2026-06-01Z\"", "\"1780306200\"",
                ]
            ),
            ("codes", ["1", "\"A\"", "{}", "[]"]),
            ("code", Self.real + ["true", "[1]"]),
            ("x", ["1", "null", "{}"]), ("", ["1"]), ("custmer", ["\"c\""]), ("Code", ["\"A\""]),
            ("ttl", ["1"]), ("metadata", ["{}"]), ("quantity", ["1"]), ("currency", ["\"USD\""]),
            ("coupon", ["\"c\""]), ("all", ["1"]), ("ping", ["1"]), ("code.discounts", ["1"]),
        ] as [(String, [String])])
    func `of the request is named`(field: String, values: [String]) {
        Self.checkEach(values, at: field) {
            #"{"id":3,"op":"validate","auto":true,"\#(field)":\#($0)}"#
        }
    }

    @Test(
        arguments: [
            ("codes[0]", ["[1.5]", "[null]", "[true]", "[[1]]", "[1e400]"]),
            ("codes[1]", [#"["A",null]"#, #"["A",2.5,false]"#]),
            (
                "codes[0].code",
                ["[{}]", "[[]]", #"[{"code":1.5}]"#, #"[{"code":null}]"#, #"[{"coupon":"c"}]"#]
            ),
            (
                "codes[1].amount",
                [
                    #"["A",{"code":"B","amount":-1}]"#, #"["A",{"code":"B","amount":"1"}]"#,
                    #"["A",{"code":"B","amount":9007199254740992}]"#,
                    #"["A",{"amount":1.0,"code":"B"}]"#,
                ]
            ),
            (
                "codes[1].coupon",
                [#"["A",{"code":"B","coupon":""}]"#, #"["A",{"code":"B","coupon":[]}]"#]
            ),
            (
                "codes[0].context",
                [#"[{"code":"B","context":7}]"#, #"[{"code":"B","context":["a"]}]"#]
            ),
            (
                "codes[0].context.event",
                [
                    #"[{"code":"B","context":{"event":{}}}]"#,
                    #"[{"code":"B","context":{"event":1.5}}]"#,
                ]
            ),
            ("codes[0].context.event[1]", [#"[{"code":"B","context":{"event":["a",null]}}]"#]),
            ("codes[2].x", [#"["A",{"code":"C"},{"code":"B","x":null}]"#]),
            ("codes", ["[\((0..<17).map(String.init).joined(separator: ","))]"]),
        ] as [(String, [String])])
    func `of a code is named with its place`(field: String, values: [String]) {
        Self.checkEach(values, at: field) { #"{"op":"apply","codes":\#($0),"order":"o"}"# }
    }

    @Test func `of the only code is named as well`() {
        check(#"{"op":"validate","code":{"code":"A","amount":-1}}"#, isRefusedAt: "code.amount")
        check(#"{"op":"validate","code":{"amount":1}}"#, isRefusedAt: "code.code")
    }

    @Test func `is codes when there is code too, and code when there is neither`() {
        check(#"{"op":"validate","code":"A","codes":["B"]}"#, isRefusedAt: "codes")
        check(#"{"op":"validate","codes":["B"],"code":"A"}"#, isRefusedAt: "code")
        check(#"{"op":"validate"}"#, isRefusedAt: "code")
        check(#"{"op":"validate","auto":false}"#, isRefusedAt: "code")
        check(#"{"op":"reserve","order":"o"}"#, isRefusedAt: "code")
        check(#"{"op":"usage"}"#, isRefusedAt: "code")
        check(#"{"op":"code.discounts"}"#, isRefusedAt: "code")
    }

    @Test(arguments: ["reserve", "apply", "release"])
    func `is the order where one is needed`(op: String) {
        let code = op == "release" ? "" : #","code":"A""#
        check(#"{"op":"\#(op)"\#(code)}"#, isRefusedAt: "order")
    }

    @Test(
        arguments: [
            ("customer.id", ["1.5", "true", "[]", "{}"]),
            ("customer.email", ["1", "true", "[]", "1.5"]),
            ("customer.groups", ["\"vip\"", "1", "{}", "true"]),
            ("customer.groups[0]", ["[null]", "[1.5]", "[\"\"]", "[[]]"]),
            ("customer.groups[2]", [#"["a",1,true,"b"]"#]),
            (
                "customer.orders",
                ["-1", "1.5", "1e1", "\"1\"", "9007199254740992", "99999999999999999999", "[]"]
            ),
            ("customer.name", ["\"Ann\"", "null"]), ("customer.quantity", ["1"]),
            ("customer.", ["1"]),
        ] as [(String, [String])])
    func `of the customer is named`(field: String, values: [String]) {
        let key =
            field.split(separator: ".", omittingEmptySubsequences: false)[1]
            .split(separator: "[").first ?? ""
        Self.checkEach(values, at: field) {
            #"{"op":"usage","code":"A","customer":{"\#(key)":\#($0)}}"#
        }
    }

    @Test(
        arguments: [
            (
                "cart.currency",
                [
                    #"{"lines":[]}"#, #"{"currency":"US","lines":[]}"#,
                    #"{"currency":"USDT","lines":[]}"#,
                    #"{"currency":"U$D","lines":[]}"#, #"{"currency":840,"lines":[]}"#,
                    #"{"currency":"","lines":[]}"#, "{}",
                ]
            ),
            (
                "cart.lines",
                [
                    #"{"currency":"USD"}"#, #"{"currency":"USD","lines":{}}"#,
                    #"{"currency":"USD","lines":1}"#,
                ]
            ),
            (
                "cart.shipping",
                [
                    #"{"currency":"USD","lines":[],"shipping":-1}"#, #"{"shipping":"5"}"#,
                    #"{"shipping":9007199254740992}"#, #"{"shipping":5.0}"#, #"{"shipping":{}}"#,
                ]
            ),
            ("cart.total", [#"{"currency":"USD","lines":[],"total":null}"#]),
            ("cart.id", [#"{"id":1}"#]),
            (
                "cart.lines[1]",
                [
                    #"{"currency":"USD","lines":[{"product":1,"quantity":1,"unit_price":1},7]}"#,
                    #"{"currency":"USD","lines":[{"product":1,"quantity":1,"unit_price":1},null]}"#,
                    #"{"currency":"USD","lines":[{"product":1,"quantity":1,"unit_price":1},["a"]]}"#,
                ]
            ),
        ] as [(String, [String])])
    func `of the cart is named`(field: String, carts: [String]) {
        Self.checkEach(carts, at: field) { #"{"op":"validate","code":"A","cart":\#($0)}"# }
    }

    @Test(arguments: [
        ("product", ["1.5", "true", "[]", "[1]", "{}", "\"\"", "null"]),
        (
            "quantity",
            [
                "0", "-1", "1.5", "2.0", "\"1\"", "[]", "9007199254740992", "9223372036854775807",
                "9223372036854775808", "-99999999999999999999", "1e0", "null",
            ]
        ),
        (
            "unit_price",
            ["-1", "0.5", "\"1\"", "true", "9007199254740992", "18446744073709551616", "null"]
        ),
        ("on_sale", ["1", "0", "\"true\"", "[]", "{}"]),
        ("id", ["\"\"", "1.5", "[]", "false"]),
        ("event", ["1.5", "true", "false", "{}", #"{"a":1}"#, "1e400"]),
    ])
    func `of a cart line is named with its place`(field: String, values: [String]) {
        var members = ["product": "\"p\"", "quantity": "1", "unit_price": "1"]
        for value in values {
            members[field] = value
            let bad = members.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }
            let good = #"{"product":"p","quantity":1,"unit_price":1,"event":["a","b"]}"#
            check(
                #"{"op":"validate","code":"A","cart":{"currency":"USD","lines":[\#(good),\#(good),{\#(bad.joined(separator: ","))}]}}"#,
                isRefusedAt: "cart.lines[2].\(field)")
        }
    }

    @Test(arguments: ["product", "quantity", "unit_price"])
    func `of a cart line is named when it is missing`(field: String) {
        let members = ["product", "quantity", "unit_price"].filter { $0 != field }
            .map { #""\#($0)":1"# }
        check(
            #"{"op":"validate","code":"A","cart":{"currency":"USD","lines":[{\#(members.joined(separator: ","))}]}}"#,
            isRefusedAt: "cart.lines[0].\(field)")
    }

    @Test func `of an attribute is named down to the value`() {
        let line = { (values: String) in
            #"{"op":"validate","code":"A","cart":{"currency":"USD","lines":[{"product":"p","quantity":1,"unit_price":1,"event":\#(values)}]}}"#
        }
        check(line(#"["a",{},"b"]"#), isRefusedAt: "cart.lines[0].event[1]")
        check(line(#"["a","b",[]]"#), isRefusedAt: "cart.lines[0].event[2]")
        check(line("[null]"), isRefusedAt: "cart.lines[0].event[0]")
        check(#"{"op":"usage","code":"A","context":{"a":[1,1.5]}}"#, isRefusedAt: "context.a[1]")
    }

    @Test(arguments: ["20260601", "\"20260601\"", "2026", "\"2026\""])
    func `is a time of digits that read as a day or a year`(value: String) {
        check(#"{"op":"validate","code":"A","at":\#(value)}"#, isRefusedAt: "at")
        check(
            #"{"op":"apply","code":"A","order":"o","booking_date":\#(value)}"#,
            isRefusedAt: "booking_date")
    }

    @Test(arguments: ["0", "-1", "604801", "1.5", "\"60\"", "[]", "true"])
    func `is the time to live of a hold outside of a second and a week`(value: String) {
        check(#"{"op":"reserve","code":"A","order":"o","ttl":\#(value)}"#, isRefusedAt: "ttl")
    }

    @Test(arguments: ["1", "1.5", "true", "[]", "{}"])
    func `is metadata other than strings`(value: String) {
        check(
            #"{"op":"apply","code":"A","order":"o","metadata":{"a":"b","c":\#(value)}}"#,
            isRefusedAt: "metadata.c")
        check(#"{"op":"apply","code":"A","order":"o","metadata":"x"}"#, isRefusedAt: "metadata")
    }
}

@Suite struct `The lengths of texts` {
    private static func text(_ byteCount: Int) -> String {
        String(repeating: "x", count: byteCount)
    }

    @Test(arguments: ["store", "order", "hold_of"])
    func `end at 255 bytes for ids`(field: String) {
        let id = Self.text(255)
        check(
            #"{"op":"validate","code":"A","\#(field)":"\#(id)"}"#,
            is: "validate codes=[A] \(field)=\(id)")
        check(#"{"op":"validate","code":"A","\#(field)":"\#(id)x"}"#, isRefusedAt: field)
        // Bytes count, not characters.
        let accented = String(repeating: "é", count: 128)
        check(#"{"op":"validate","code":"A","\#(field)":"\#(accented)"}"#, isRefusedAt: field)
    }
}
