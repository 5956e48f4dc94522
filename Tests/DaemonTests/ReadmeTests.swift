import Foundation
import Testing

// The commands of the README are run: a reader who copies them gets the output that it shows.

extension `The built daemon` {
    @Suite struct `The README` {
        /// A fenced block that is marked by a comment on its own line.
        private static func block(marked mark: String) throws -> [Substring] {
            let lines = try Built.text("README.md")
                .split(separator: "\n", omittingEmptySubsequences: false)
            let marks = lines.indices.filter { lines[$0] == "<!-- \(mark) -->" }
            try #require(marks.count == 1, "\(mark)")
            let fenced = lines[(marks[0] + 1)...]
            try #require(fenced.first?.hasPrefix("```") == true, "\(mark)")
            return Array(fenced.dropFirst().prefix { $0 != "```" })
        }

        /// Calls `body` with a shop that serves the sample catalog, as the README's session does.
        private func serveSamples(_ body: (Shop) throws -> Void) throws {
            try Shop.open { shop in
                _ = try shop.startDaemon([
                    "--socket", shop.socket, "--admin-socket", shop.adminSocket, "--state",
                    shop.state, "--catalog", Built.root + "/config/coupons.yaml",
                ])
                try body(shop)
            }
        }

        @Test(arguments: [("php", "php"), ("python", "python3"), ("javascript", "node")])
        func `has examples that work`(language: String, interpreter: String) throws {
            let example = try Self.block(marked: "example: \(language)").joined(separator: "\n")
            let purpose = "the README's example in \(language)"
            guard let tool = InstalledTool(interpreter, for: purpose) else { return }
            try serveSamples { shop in
                try shop.write(example + "\n", to: "example")
                let program = try tool.run(
                    [shop.path("example")], variables: ["COUPOND_SOCKET": shop.socket])
                #expect(program.status == 0, "\(program.errors)")
                #expect(program.output == "1000 off\n", "\(program.errors)")
            }
        }

        @Test func `shows a session as it runs`() throws {
            let lines = try Self.block(marked: "session")
            let prompts = lines.indices.filter { lines[$0].hasPrefix("$ ") }
            #expect(prompts.first == 0)
            guard InstalledTool("socat", for: "the README's session") != nil,
                let shell = InstalledTool("sh", for: "the README's session")
            else { return }
            try serveSamples { shop in
                for (index, prompt) in prompts.enumerated() {
                    let end = index + 1 < prompts.count ? prompts[index + 1] : lines.count
                    let expected = lines[(prompt + 1)..<end]
                    let command = lines[prompt].dropFirst(2)
                        .replacing("/tmp/coupond.sock", with: shop.socket)
                    #expect(command.contains(shop.socket))
                    let program = try shell.run(["-c", String(command)])
                    #expect(program.status == 0, "\(program.errors)")
                    #expect(program.output == expected.map { $0 + "\n" }.joined())
                }
            }
        }
    }
}
