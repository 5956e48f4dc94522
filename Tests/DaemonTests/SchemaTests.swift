import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `The schemas` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 2},
               discount: {kind: percentage, percent: 10}}
            - id: c_fan
              type: presale
              codes: [{code: FAN, revenue: 900}]
              applies_to: {event: ["241"]}
              metadata: {campaign: "42"}
            """

        private static let requests = [
            #"{"id":"p","op":"ping"}"#,
            ShopRequests.validate("TEN", id: 1),
            ShopRequests.validate("NOSUCH", id: 2),
            #"{"op":"validate","code":"TEN"}"#,
            #"{"op":"validate","code":"FAN","explain":true,"context":{"event":241}}"#,
            #"{"op":"validate","code":"FAN","explain":true,\#(ShopRequests.cart)}"#,
            ShopRequests.apply("TEN", order: "o-1"),
            ShopRequests.apply("TEN", order: "o-1"),
            ShopRequests.apply("FAN", order: "o-1"),
            ShopRequests.apply("TEN", order: "o-2"),
            ShopRequests.apply("TEN", order: "o-3"),
            ShopRequests.usage("TEN"),
            ShopRequests.usage("NOSUCH"),
        ]

        /// These are wrong, and the daemon says so.
        private static let wrongRequests = [
            #"{"op":"validate"}"#,
            #"{"op":"validate","code":"TEN","colour":"red"}"#,
            #"{"op":"apply","code":"TEN",\#(ShopRequests.cart)}"#,
            #"{"op":"ping","code":"TEN"}"#,
            #"{"op":"validate","code":"TEN","cart":{"currency":"USD","lines":[{"product":"p"}]}}"#,
        ]

        /// Reads lines `request|reply <tab> json`, and answers each with whether it is valid.
        private static let program = """
            import json, sys, jsonschema
            schemas = {name: json.load(open(f"{sys.argv[1]}/{name}.schema.json"))
                       for name in ("request", "reply")}
            for schema in schemas.values():
                jsonschema.Draft202012Validator.check_schema(schema)
            for line in sys.stdin:
                name, text = line.rstrip("\\n").split("\\t")
                validator = jsonschema.Draft202012Validator(schemas[name])
                print(validator.is_valid(json.loads(text)))
            """

        @Test func `describe what is asked and what is answered`() throws {
            let purpose = "requests and replies against the schemas"
            guard let python = InstalledTool("python3", for: purpose) else { return }
            guard try python.run(["-c", "import jsonschema"]).status == 0 else {
                print("skipped, for want of python's jsonschema: \(purpose)")
                return
            }
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                var subjects: [(text: String, isValid: Bool)] = []
                for request in Self.requests {
                    subjects.append(("request\t\(request)", true))
                    subjects.append(("reply\t\(try client.ask(request).line)", true))
                }
                for request in Self.wrongRequests {
                    let reply = try client.ask(request)
                    #expect(reply["error.code"] == "bad_request", "\(reply.line)")
                    subjects.append(("request\t\(request)", false))
                    subjects.append(("reply\t\(reply.line)", true))
                }
                let checked = try python.run(
                    ["-c", Self.program, Built.root + "/Sources/CouponWire/Schemas"],
                    input: subjects.map { $0.text + "\n" }.joined())
                #expect(checked.status == 0, "\(checked.errors)")
                let answers = checked.output.split(separator: "\n")
                try #require(answers.count == subjects.count)
                for (subject, answer) in zip(subjects, answers) {
                    #expect(answer == (subject.isValid ? "True" : "False"), "\(subject.text)")
                }
            }
        }
    }
}
