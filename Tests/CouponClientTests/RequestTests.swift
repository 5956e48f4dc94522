import CouponClient
import Foundation
import Testing

@Suite struct `A request in JSON` {
    /// `value` as the client writes it, and read back to the same value.
    private func check<Value: Codable & Equatable>(
        _ value: Value, is expected: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = try encoder.encode(value)
        #expect(String(decoding: line, as: UTF8.self) == expected, sourceLocation: sourceLocation)
        let readBack = try JSONDecoder().decode(Value.self, from: line)
        #expect(readBack == value, sourceLocation: sourceLocation)
    }

    @Test func `leaves out what was not given`() throws {
        try check(ValidateRequest(Checkout(codes: ["A"])), is: #"{"code":"A"}"#)
        try check(ValidateRequest(Checkout(codes: [], auto: true)), is: #"{"auto":true}"#)
        try check(ReleaseRequest(order: "o"), is: #"{"order":"o"}"#)
        try check(UsageRequest(code: "A"), is: #"{"code":"A"}"#)
        try check(PingRequest(), is: "{}")
    }

    @Test func `writes one plain code as code, any others as codes`() throws {
        try check(Checkout(codes: ["A", "B"]), is: #"{"codes":["A","B"]}"#)
        try check(
            Checkout(codes: [CodeRequest("A", amount: 5)]),
            is: #"{"codes":[{"amount":5,"code":"A"}]}"#)
        try check(
            Checkout(codes: [CodeRequest("A", coupon: "c", context: ["event": "e1"])]),
            is: #"{"codes":[{"code":"A","context":{"event":"e1"},"coupon":"c"}]}"#)
    }

    @Test func `has every restriction of a code`() throws {
        let code = CodeRequest("A", coupon: "c", amount: 0, context: ["event": ["e1", "e2"]])
        try check(
            Checkout(codes: [code, "B"]),
            is: #"{"codes":[{"amount":0,"code":"A","context":{"event":["e1","e2"]},"#
                + #""coupon":"c"},"B"]}"#)
    }

    @Test func `has every field of a release and of a question about usage`() throws {
        try check(
            ReleaseRequest(order: "o", code: "A", coupon: "c", store: "s"),
            is: #"{"code":"A","coupon":"c","order":"o","store":"s"}"#)
        try check(
            UsageRequest(
                code: "A", customer: Customer(email: "a@b"), context: ["site": "1"],
                bookingDate: "2026-07-01", store: "s"),
            is: #"{"booking_date":"2026-07-01","code":"A","context":{"site":"1"},"#
                + #""customer":{"email":"a@b"},"store":"s"}"#)
    }

    @Test func `reads a customer that is only an id`() throws {
        let line = Data(#"{"codes":["A",{"code":"B"}],"customer":"cus_7"}"#.utf8)
        let checkout = try JSONDecoder().decode(Checkout.self, from: line)
        #expect(checkout == Checkout(codes: ["A", "B"], customer: Customer(id: "cus_7")))
    }

    @Test func `writes a line's attributes beside its fields`() throws {
        let line = CartLine(
            product: "p1", quantity: 2, unitPrice: 2_500, id: "l1", onSale: false,
            attributes: ["category": ["shoes", "sale"], "event": "241"])
        try check(
            Cart(currency: "USD", lines: [line], shipping: 500),
            is: #"{"currency":"USD","lines":[{"category":["shoes","sale"],"event":"241","#
                + #""id":"l1","on_sale":false,"product":"p1","quantity":2,"unit_price":2500}],"#
                + #""shipping":500}"#)
    }

    @Test func `refuses an attribute with the name of a field`() throws {
        let line = CartLine(
            product: "p1", quantity: 2, unitPrice: 2_500, attributes: ["quantity": "3"])
        let cart = Cart(currency: "USD", lines: [line])
        let fault = #expect(throws: CouponClientError.self) {
            try CouponClient(socketPath: "/nowhere").validate(Checkout(codes: ["A"], cart: cart))
        }
        #expect(fault?.cause == .requestNotValid("quantity is a field, not an attribute"))
    }

    @Test func `has every field of a checkout`() throws {
        let checkout = Checkout(
            codes: ["A"], cart: Cart(currency: "JPY", lines: []),
            customer: Customer(id: "c", email: "a@b", groups: ["vip"], orders: 0), store: "s",
            mode: .partial, auto: false, context: ["channel": "web"], holdOf: "h",
            bookingDate: "2026-07-04", explain: true)
        let fields =
            #""auto":false,"booking_date":"2026-07-04","cart":{"currency":"JPY","lines":[]},"#
            + #""code":"A","context":{"channel":"web"},"#
            + #""customer":{"email":"a@b","groups":["vip"],"id":"c","orders":0},"explain":true,"#
            + #""hold_of":"h","#
        try check(
            ApplyRequest(checkout, order: "o", metadata: ["k": "v"]),
            is: "{" + fields
                + #""metadata":{"k":"v"},"mode":"partial","order":"o","store":"s"}"#)
        try check(
            ReserveRequest(checkout, order: "o", ttlSeconds: 60),
            is: "{" + fields + #""mode":"partial","order":"o","store":"s","ttl":60}"#)
        try check(
            ValidateRequest(checkout, order: "o", at: "2026-06-01"),
            is: #"{"at":"2026-06-01","# + fields
                + #""mode":"partial","order":"o","store":"s"}"#)
    }
}
