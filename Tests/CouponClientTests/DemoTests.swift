import CouponClient
import Foundation
import Testing

@testable import couponctl

@Suite struct `The demo` {
    @Test(
        arguments: [
            ("a", 1), ("b.1.c", "x"), ("b.0", true), ("b.2", nil), ("b.x", nil), ("a.b", nil),
            ("z", nil), ("b.-1", nil),
        ] as [(String, JSONValue?)])
    func `finds a fact by its path`(path: String, expected: JSONValue?) throws {
        let reply = try JSONValue(line: #"{"a":1,"b":[true,{"c":"x"}]}"#)
        #expect(reply.value(at: path) == expected)
    }

    @Test func `notes every fact that is not as expected`() throws {
        try ScriptedServer.run([
            { peer in
                try peer.answer(#"{"id":$ID,"valid":true,"discount":5}"#)
                try peer.answer(#"{"id":$ID,"valid":false}"#)
            }
        ]) { server in
            let client = server.client()
            var transcript = Transcript(.plain)
            try transcript.ask(
                "As expected.", #"{"id":"a","op":"validate"}"#, client,
                expecting: ["id": "a", "valid": true, "discount": 5, "replayed": .null])
            #expect(transcript.differences.isEmpty)

            try transcript.ask(
                "Not as expected.", #"{"id":"b","op":"validate"}"#, client,
                expecting: ["valid": true, "discount": 5, "id": .null])
            #expect(
                transcript.differences == [
                    "step 2: valid is false, expected true",
                    "step 2: discount is nothing, expected 5",
                    "step 2: id is \"b\", expected null",
                ])
        }
    }

    @Test func `removes its folder with everything in it`() throws {
        let folder = try DemoFolder()
        try folder.write(FlashCatalog(limit: 3, percent: 50))
        let text = try String(contentsOf: folder.catalog, encoding: .utf8)
        #expect(text.contains("codes: [FLASH3]") && text.contains("limits: {total: 3}"))
        // Sockets in it have to fit the kernel's addresses.
        #expect(folder.socket.path.utf8.count <= 107)
        try folder.remove()
        #expect(!FileManager.default.fileExists(atPath: folder.url.path))
    }

    @Test func `says what it cannot find`() {
        let daemon = #expect(throws: DemoFault.self) { try DemoInputs.daemon("/nowhere/coupond") }
        #expect(
            daemon?.description
                == "/nowhere/coupond does not exist or cannot be run: give --coupond PATH.")
        let catalog = #expect(throws: DemoFault.self) { try DemoInputs.catalog("/nowhere/c.yaml") }
        #expect(
            catalog?.description == "The catalog /nowhere/c.yaml does not exist or cannot be read.")
    }
}
