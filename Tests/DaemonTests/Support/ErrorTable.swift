// Requests that get an error instead of a verdict.

/// A request line and its error.
struct ErrorRow: Sendable {
    /// The request line, without its end. Each has the id 7, unless its reply cannot know it.
    var request: String
    var code: String
    /// The field in the request; nil for the whole line.
    var field: String?
    /// The id in the reply, as it is on the wire.
    var id = "7"
    var onAdminSocket = false

    init(
        _ code: String, _ request: String, field: String? = nil, id: String = "7",
        onAdminSocket: Bool = false
    ) {
        self.code = code
        self.request = request
        self.field = field
        self.id = id
        self.onAdminSocket = onAdminSocket
    }
}

enum ErrorTable {
    /// What the rows ask about.
    static let catalog = """
        currency: USD
        coupons:
        - {id: plain, codes: [PLAIN], discount: {kind: percentage, percent: 10}}
        """

    static let rows: [ErrorRow] =
        notJSON + notRequests + notFields + notValues + notMoney + notAllowed + notOnRecord
        + notServed

    private static let notJSON =
        [
            "x", "{", #"{"op":"ping""#, #"{"op":"ping"}}"#, #"{"op":"ping"}{"op":"ping"}"#,
            #"{"op":"ping",}"#, #"{'op':'ping'}"#, #"{"op":ping}"#, #"{"op":"ping","id":01}"#,
            #"{"op":"ping","id":+1}"#, #"{"op":"ping","id":"\x41"}"#,
            #"{"op":"ping","id":"\ud800"}"#, "{\"op\":\"ping\",\"id\":\"\t\"}",
            #"{"op":"ping"} // asks"#, #"{"op":"ping","id":NaN}"#, #"{"op":"ping","id":tru}"#,
        ].map { ErrorRow("bad_json", $0, id: "null") }

    private static let notRequests = [
        ErrorRow("bad_request", "[]", id: "null"), ErrorRow("bad_request", "7", id: "null"),
        ErrorRow("bad_request", "null", id: "null"),
        ErrorRow("bad_request", #""ping""#, id: "null"),
        ErrorRow("bad_request", #"{"id":7}"#, field: "op"),
        ErrorRow("bad_request", #"{"id":7,"op":7}"#, field: "op"),
        ErrorRow("bad_request", #"{"id":1.5,"op":"ping"}"#, field: "id", id: "null"),
        ErrorRow("bad_request", #"{"id":true,"op":"ping"}"#, field: "id", id: "null"),
        ErrorRow("bad_request", #"{"id":[],"op":"ping"}"#, field: "id", id: "null"),
        ErrorRow("unknown_op", #"{"id":7,"op":"coupon.explode"}"#, field: "op"),
        ErrorRow("unknown_op", #"{"id":7,"op":""}"#, field: "op"),
        ErrorRow("unknown_op", #"{"id":7,"op":"Ping"}"#, field: "op"),
    ]

    /// Missing, misspelt, repeated, and those of other operations.
    private static let notFields = [
        validate("", field: "code"),
        validate(#""code":"A","codes":["B"]"#, field: "codes"),
        validate(#""code":"A","custmer":"c""#, field: "custmer"),
        validate(#""code":"A","customer":{"id":"c","nmae":"d"}"#, field: "customer.nmae"),
        validate(#""code":"A","cart":{"currency":"USD","lines":[],"tax":1}"#, field: "cart.tax"),
        validate(#""code":"A","metadata":{"a":"b"}"#, field: "metadata"),
        validate(#""code":"A","ttl":5"#, field: "ttl"),
        validate(#""code":"A","code":"A""#, field: "code"),
        validate(#""code":"A","customer":{"id":"c","id":"c"}"#, field: "customer.id"),
        validate(#""code":"A","cart":{"lines":[]}"#, field: "cart.currency"),
        validate(#""code":"A","cart":{"currency":"USD"}"#, field: "cart.lines"),
        validate(
            #""code":"A","cart":{"currency":"USD","lines":[{"product":"p","unit_price":1}]}"#,
            field: "cart.lines[0].quantity"),
        ErrorRow("bad_request", #"{"id":7,"op":"apply","code":"A"}"#, field: "order"),
        ErrorRow(
            "bad_request", #"{"id":7,"op":"apply","code":"A","order":"o","at":"2026-06-01"}"#,
            field: "at"),
        ErrorRow("bad_request", #"{"id":7,"op":"ping","code":"A"}"#, field: "code"),
        ErrorRow("bad_request", #"{"id":7,"op":"usage"}"#, field: "code"),
        ErrorRow("bad_request", #"{"id":7,"op":"usage","code":"A","order":"o"}"#, field: "order"),
        ErrorRow("bad_request", #"{"id":7,"op":"code.discounts"}"#, field: "code"),
        ErrorRow(
            "bad_request", #"{"id":7,"op":"code.discounts","code":"A","cart":{}}"#, field: "cart"),
        validate(#""auto":false"#, field: "code"),
        validate(#""code":{"code":"A","price":1}"#, field: "code.price"),
        validate(#""codes":["A",{"coupon":"c"}]"#, field: "codes[1].code"),
        ErrorRow("bad_request", #"{"id":7,"op":"reserve","code":"A"}"#, field: "order"),
        ErrorRow(
            "bad_request", #"{"id":7,"op":"reserve","code":"A","order":"o","at":"2026-06-01"}"#,
            field: "at"),
        ErrorRow(
            "bad_request", #"{"id":7,"op":"reserve","code":"A","order":"o","metadata":{}}"#,
            field: "metadata"),
        ErrorRow("bad_request", #"{"id":7,"op":"release"}"#, field: "order"),
        ErrorRow(
            "bad_request", #"{"id":7,"op":"release","order":"o","codes":["A"]}"#, field: "codes"),
    ]

    private static let notValues = [
        validate(#""code":true"#, field: "code"),
        validate(#""codes":[]"#, field: "codes"),
        validate(
            #""codes":[\#(Array(repeating: "\"A\"", count: 17).joined(separator: ","))]"#,
            field: "codes"),
        validate(#""code":"A","customer":["c"]"#, field: "customer"),
        validate(#""code":"A","customer":{"id":"c","orders":-1}"#, field: "customer.orders"),
        validate(#""code":"A","mode":"some""#, field: "mode"),
        validate(#""code":"A","auto":1"#, field: "auto"),
        validate(#""codes":["A",{"code":"B","amount":-1}]"#, field: "codes[1].amount"),
        validate(#""code":{"code":"B","context":"here"}"#, field: "code.context"),
        ErrorRow(
            "bad_request", #"{"id":7,"op":"reserve","code":"A","order":"o","ttl":0}"#,
            field: "ttl"),
        ErrorRow(
            "bad_request", #"{"id":7,"op":"reserve","code":"A","order":"o","ttl":604801}"#,
            field: "ttl"),
        validate(#""code":"A","explain":"yes""#, field: "explain"),
        validate(#""code":"A","context":{"country":1.5}"#, field: "context.country"),
        validate(#""code":"A","at":"2026-02-30""#, field: "at"),
        validate(#""code":"A","at":1780304400000"#, field: "at"),
        validate(#""code":"A","at":"soon""#, field: "at"),
        validate(
            #""code":"A","cart":{"currency":"DOLLAR","lines":[]}"#, field: "cart.currency"),
        line(#""quantity":0,"unit_price":1"#, field: "cart.lines[1].quantity"),
        line(#""quantity":1.0,"unit_price":1"#, field: "cart.lines[1].quantity"),
        line(#""quantity":1e0,"unit_price":1"#, field: "cart.lines[1].quantity"),
        line(#""quantity":1,"unit_price":-1"#, field: "cart.lines[1].unit_price"),
        line(#""quantity":1,"unit_price":"1""#, field: "cart.lines[1].unit_price"),
        line(
            #""quantity":1,"unit_price":9007199254740992"#, field: "cart.lines[1].unit_price"),
    ]

    /// Sums beyond the integers that every JSON reader keeps exact.
    private static let notMoney = [
        line(#""quantity":2,"unit_price":9007199254740991"#, field: "cart.lines[1]"),
        line(#""quantity":1,"unit_price":9007199254740991"#, field: "cart.lines[1]"),
        validate(
            #""code":"PLAIN","cart":{"currency":"USD","shipping":9007199254740991,"#
                + #""lines":[{"product":"p","quantity":1,"unit_price":1}]}"#,
            field: "cart.shipping"),
    ]

    /// Forbidden by the role, even if the request has other errors.
    private static let notAllowed = [
        ErrorRow("forbidden", #"{"id":7,"op":"server.stats"}"#, field: "op"),
        ErrorRow("forbidden", #"{"id":7,"op":"server.reload"}"#, field: "op"),
        ErrorRow("forbidden", #"{"id":7,"op":"coupon.create"}"#, field: "op"),
        ErrorRow("forbidden", #"{"id":7,"op":"server.stats","what":1}"#, field: "op"),
    ]

    /// Orders that are recorded for another request, or not at all.
    private static let notOnRecord = [
        ErrorRow("not_found", #"{"id":7,"op":"usage","code":"NOSUCH"}"#, field: "code"),
        ErrorRow(
            "not_found", #"{"id":7,"op":"usage","code":"PLAIN","store":"other"}"#, field: "code"),
        ErrorRow("not_found", #"{"id":7,"op":"code.discounts","code":"NOSUCH"}"#, field: "code"),
        ErrorRow(
            "not_found", #"{"id":7,"op":"code.discounts","code":"PLAIN","coupon":"other"}"#,
            field: "code"),
        ErrorRow("not_found", #"{"id":7,"op":"release","order":"o"}"#, field: "order"),
        ErrorRow(
            "not_found", #"{"id":7,"op":"release","order":"o","code":"PLAIN"}"#, field: "order"),
    ]

    /// Every operation that comes later.
    private static let notServed = [
        "coupon.create", "coupon.get", "coupon.list", "coupon.update", "coupon.replace",
        "coupon.disable", "coupon.enable", "coupon.archive", "coupon.delete", "coupon.assign",
        "code.create", "code.generate", "code.get", "code.list", "code.delete", "activity",
        "gift_card.create", "gift_card.get", "gift_card.list", "gift_card.disable",
        "gift_card.enable", "gift_card.credit", "server.metrics",
    ].map {
        ErrorRow("unprocessable", #"{"id":7,"op":"\#($0)"}"#, field: "op", onAdminSocket: true)
    }

    private static func validate(
        _ members: String, field: String, code: String = "bad_request"
    ) -> ErrorRow {
        let rest = members.isEmpty ? "" : ",\(members)"
        return ErrorRow(code, #"{"id":7,"op":"validate"\#(rest)}"#, field: field)
    }

    /// A cart whose second line says `members`; the first is valid.
    private static func line(_ members: String, field: String) -> ErrorRow {
        validate(
            #""code":"PLAIN","cart":{"currency":"USD","lines":["#
                + #"{"product":"p","quantity":1,"unit_price":1},{"product":"q",\#(members)}]}"#,
            field: field)
    }
}
