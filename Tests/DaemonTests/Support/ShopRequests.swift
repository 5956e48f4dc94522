/// The request lines of a shop that sells two of a thing for 50.00 USD.
enum ShopRequests {
    static let cart =
        #""cart":{"currency":"USD","lines":[{"product":"p1","quantity":2,"unit_price":2500}]}"#

    static func validate(_ code: String, id: Int) -> String {
        #"{"id":\#(id),"op":"validate","code":"\#(code)",\#(cart)}"#
    }

    static func apply(_ code: String, order: String) -> String {
        #"{"op":"apply","order":"\#(order)","code":"\#(code)",\#(cart)}"#
    }

    static func reserve(_ code: String, order: String, ttl: Int = 600) -> String {
        #"{"op":"reserve","order":"\#(order)","code":"\#(code)","ttl":\#(ttl),\#(cart)}"#
    }

    static func release(_ order: String) -> String { #"{"op":"release","order":"\#(order)"}"# }

    static func usage(_ code: String) -> String { #"{"op":"usage","code":"\#(code)"}"# }
}

extension LineClient {
    /// The number of uses of `code`'s coupon, which has a total limit.
    func usedCount(of code: String) throws -> Int64? {
        guard case .integer(let count) = try ask(ShopRequests.usage(code))["result.limits.0.used"]
        else { return nil }
        return count
    }
}
