import ArgumentParser
import CouponClient
import Foundation
import Testing

@testable import couponctl

@Suite struct `A line on the command line` {
    @Test(arguments: [
        ("p1:2:2500", CartLine(product: "p1", quantity: 2, unitPrice: 2_500)),
        ("p 1:1:0", CartLine(product: "p 1", quantity: 1, unitPrice: 0)),
        (
            "p1:1:5:category=shoes,category=sale,event=a=b",
            CartLine(
                product: "p1", quantity: 1, unitPrice: 5,
                attributes: ["category": ["shoes", "sale"], "event": "a=b"])
        ),
        (
            "p1:1:5:id=l:1,on_sale=true,note=",
            CartLine(
                product: "p1", quantity: 1, unitPrice: 5, id: "l:1", onSale: true,
                attributes: ["note": ""])
        ),
    ])
    func `is product, quantity, unit price and attributes`(argument: String, expected: CartLine)
        throws
    {
        #expect(try CartLine(argument: argument) == expected)
    }

    @Test(arguments: [
        ("p1", "A line is PRODUCT:QUANTITY:UNIT_PRICE"), ("p1:1", "A line is"),
        (":1:5", "A line is"), ("p1:0:5", "whole number from 1, not \"0\""),
        ("p1:-1:5", "not \"-1\""), ("p1:1.5:5", "not \"1.5\""), ("p1::5", "not \"\""),
        ("p1:1:25.00", "minor units, not \"25.00\""), ("p1:1:-5", "not \"-5\""),
        ("p1:1:99999999999999999999", "not \"99999999999999999999\""),
        ("p1:1:5:", "\"\" is not name=value"), ("p1:1:5:a", "\"a\" is not name=value"),
        ("p1:1:5:=a", "\"=a\" is not name=value"), ("p1:1:5:a=b,", "\"\" is not name=value"),
        ("p1:1:5:on_sale=yes", "true or false, not \"yes\""),
        ("p1:1:5:quantity=2", "Give quantity before the attributes"),
    ])
    func `is refused with what is wrong`(argument: String, message: String) {
        let error = #expect(throws: ValidationError.self) { try CartLine(argument: argument) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}

@Suite struct `The command line` {
    @Test func `becomes a checkout`() throws {
        let arguments =
            "validate A B --line p1:2:2500 --currency JPY --shipping 5 --customer c"
            + " --email a@b --group vip --group pro --orders 0 --context channel=web --store s"
            + " --code C:coupon=c1,amount=5,event=1,event=2 --hold-of h --booking-date 2026-07-04"
            + " --auto --mode partial --explain --at 2026-06-01 --order o"
        let parsed = try Couponctl.parseAsRoot(arguments.split(separator: " ").map(String.init))
        let command = try #require(parsed as? ValidateCommand)
        let line = CartLine(product: "p1", quantity: 2, unitPrice: 2_500)
        let expected = Checkout(
            codes: [
                "A", "B",
                CodeRequest("C", coupon: "c1", amount: 5, context: ["event": ["1", "2"]]),
            ], cart: Cart(currency: "JPY", lines: [line], shipping: 5),
            customer: Customer(id: "c", email: "a@b", groups: ["vip", "pro"], orders: 0),
            store: "s", mode: .partial, auto: true, context: ["channel": "web"],
            holdOf: "h", bookingDate: "2026-07-04", explain: true)
        #expect(command.options.checkout == expected)
        #expect(command.at == "2026-06-01" && command.order == "o")
    }

    @Test(arguments: [
        ("validate", "Give a code, or --auto."), ("validate A --shipping 5", "give a --line too"),
        ("validate A --request f", "Give --request alone"),
        ("validate --request f --at 2026-06-01", "in the request, not beside --request"),
        ("apply --request f --order o", "in the request, not beside --request"),
        ("reserve --request f --ttl 5", "in the request, not beside --request"),
        ("validate --request f --code A", "Give --request alone"),
        ("validate A --mode some", "provide one of 'all' and 'partial'"),
        ("validate --code :amount=5", "A code is CODE"),
        ("validate --code A:", "\"\" is not name=value"),
        ("validate --code A:amount=1.5", "minor units, not \"1.5\""),
        ("validate --code A:amount=-1", "minor units, not \"-1\""),
        ("release", "--order"), ("reserve A --order o --ttl soon", "'soon' is invalid"),
        ("apply A --order o --metadata a=1 --metadata a=2", "Give each name in --metadata once."),
        ("ping --timeout 0", "--timeout must be more than 0"),
        ("ping --timeout nan", "--timeout must be more than 0"),
        ("validate A --context web", "\"web\" is not name=value"), ("sell A", "sell"),
    ])
    func `is refused with what is wrong`(arguments: String, message: String) {
        let error = #expect(throws: (any Error).self) {
            try Couponctl.parseAsRoot(arguments.split(separator: " ").map(String.init))
        }
        let text = error.map { Couponctl.fullMessage(for: $0) } ?? ""
        #expect(text.contains(message), "\(text)")
    }

    @Test func `finds the sockets by role`() {
        let environment = ["COUPOND_SOCKET": "/s", "COUPOND_ADMIN_SOCKET": "/a"]
        #expect(ConnectionOptions.Role.storefront.defaultPath(in: environment) == "/s")
        #expect(ConnectionOptions.Role.admin.defaultPath(in: environment) == "/a")
        #expect(
            ConnectionOptions.Role.storefront.defaultPath(in: [:]) == "/run/coupond/coupond.sock")
        #expect(ConnectionOptions.Role.admin.defaultPath(in: [:]) == "/run/coupond/admin.sock")
    }
}

@Suite struct `A request file` {
    @Test(arguments: [
        (
            "{\n  \"op\": \"apply\",\r\n  \"code\": \"A\"\n}\n",
            #"{   "op": "apply",   "code": "A" }"#
        ),
        (#"{"code":"A"}"#, #"{"op":"apply","code":"A"}"#), ("{ }", #"{"op":"apply"}"#),
    ])
    func `becomes one line for its operation`(text: String, line: String) throws {
        let file = try RequestFile(text: text, for: ApplyRequest.operation)
        #expect(file.line == line)
    }

    @Test(arguments: [
        ("", "not a JSON object"), ("[]", "not a JSON object"),
        (#"{"op":"release"}"#, "op must be \"apply\", not \"release\""),
        (#"{"op":1}"#, "op must be \"apply\", not 1"),
    ])
    func `is refused with what is wrong`(text: String, message: String) {
        let error = #expect(throws: ValidationError.self) {
            try RequestFile(text: text, for: ApplyRequest.operation)
        }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}
