import CouponWire
import Testing

@Suite struct `The id of a request` {
    @Test(arguments: [
        "1", "-1", "0", "-0", "null", "\"\"", "\"a b\"", #""\u0061\"\\\/\n""#, "\"é😀\"",
        "123456789012345678901234567890", "-99999999999999999999", "18446744073709551615",
    ])
    func `is echoed byte for byte`(id: String) {
        for line in [
            #"{"id":\#(id),"op":"ping"}"#, #"{"op":"ping","id":\#(id)}"#,
            #"{ "op" : "ping" , "id" :  \#(id)  }"#, "{\"id\":\t\(id)\r,\"op\":\"ping\"}",
            #"{"\u0069d":\#(id),"op":"ping"}"#, #"{"\u0069\u0064":\#(id),"op":"ping"}"#,
        ] {
            #expect(read(line) == Reading(operation: .ping, id: id), "\(line)")
        }
    }

    @Test func `is not made up`() {
        #expect(read(#"{"op":"ping"}"#) == Reading(operation: .ping))
        #expect(read(#"{"op":"ping","x":{"id":7}}"#).id == nil)
    }

    @Test(arguments: ["1.5", "1e2", "1e400", "true", "false", "[]", "[1]", "{}", #"{"id":1}"#])
    func `is a string, an integer or null`(id: String) {
        let expected = Reading(error: .badRequest, field: "id", operation: .ping, id: "null")
        #expect(read(#"{"id":\#(id),"op":"ping"}"#) == expected)
    }

    @Test func `is echoed with the faults of a request that can be read`() {
        #expect(read(#"{"id":"a","op":"apply","x":1}"#).id == "\"a\"")
        #expect(
            read(#"{"x":1e999,"op":"ping","id":99999999999999999999}"#).id
                == "99999999999999999999")
        #expect(read(#"{"id":7}"#).id == "7")
    }

    @Test(arguments: [#"{"id":1,"op":"ping""#, "", "x", "[1]", "7", "null", #""id""#])
    func `is null for what cannot be read`(line: String) {
        #expect(read(line).id == "null")
    }

    @Test(arguments: [
        #"{"id":1,"id":2,"op":"ping"}"#, #"{"id":1,"op":"ping","id":true}"#,
        #"{"id":[],"op":"ping","id":1}"#, #"{"id":1,"\u0069d":1,"op":"ping"}"#,
    ])
    func `is null when there are two`(line: String) {
        #expect(
            read(line) == Reading(error: .badRequest, field: "id", operation: .ping, id: "null"))
    }

    @Test func `does not outlive its request`() {
        var parser = RequestParser(lineBytesMax: 100)
        #expect(parser.read(Array(#"{"id":1,"op":"ping"}"#.utf8)).id == "1")
        #expect(parser.read(Array(#"{"op":"ping"}"#.utf8)).id == nil)
    }
}

@Suite struct `The operation of a request` {
    @Test(arguments: Operation.allCases)
    func `is found by its name`(operation: Operation) {
        let reading = read(#"{"id":1,"op":"\#(operation.name)"}"#)
        #expect(reading.operation == operation)
    }

    @Test(arguments: [
        "\"\"", "\"Ping\"", "\"ping \"", "\"order\"", "\"all\"", "\"pin\"", "\"pingping\"",
    ])
    func `is unknown under any other name`(name: String) {
        #expect(
            read(#"{"id":1,"op":\#(name)}"#)
                == Reading(error: .unknownOperation, field: "op", id: "1"))
    }

    @Test(arguments: ["1", "null", "true", "[]", "[\"ping\"]", "{}"])
    func `is a string`(op: String) {
        #expect(
            read(#"{"op":\#(op)}"#) == Reading(error: .badRequest, field: "op"))
    }

    @Test func `is required`() {
        #expect(read("{}") == Reading(error: .badRequest, field: "op"))
        #expect(read(#"{"code":"A"}"#) == Reading(error: .badRequest, field: "op"))
    }

    @Test func `is named beside a faulty field, before or behind it`() {
        let expected = Reading(error: .badRequest, field: "quantity", operation: .apply)
        #expect(read(#"{"op":"apply","quantity":1}"#) == expected)
        #expect(read(#"{"quantity":1,"op":"apply"}"#) == expected)
    }

    @Test func `is not named when there are two`() {
        #expect(
            read(#"{"op":"ping","op":"apply"}"#) == Reading(error: .badRequest, field: "op"))
    }

    @Test(arguments: ["[]", "[{}]", "7", "\"ping\"", "null", "true", "1e999", "-0"])
    func `needs an object around it`(line: String) {
        #expect(read(line) == Reading(error: .badRequest, id: "null"))
    }

    @Test func `of an administrator may have any arguments here`() {
        check(
            #"{"op":"coupon.create","set":{"id":"c","deep":{"er":[1.5,true,null]}},"x":1e5}"#,
            is: "coupon.create")
    }

    @Test(arguments: ["ping", "server.stats", "server.metrics", "server.reload", "server.snapshot"])
    func `may have no arguments at all`(op: String) {
        #expect(read(#"{"id":1,"op":"\#(op)"}"#).error == nil)
        check(#"{"op":"\#(op)","store":"s"}"#, isRefusedAt: "store")
        check(#"{"op":"\#(op)","x":null}"#, isRefusedAt: "x")
    }
}
