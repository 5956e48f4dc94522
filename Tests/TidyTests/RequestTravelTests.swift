import Testing

@Suite struct `The page about how a request travels` {
    private struct Hop {
        var file: String
        var function: String

        /// Why the sources contradict it; nil when they agree.
        func fault(in sources: [SwiftSource]) -> String? {
            guard let source = sources.first(where: { $0.path == "Sources/" + file }) else {
                return "\(file) does not exist"
            }
            let isDeclared = source.declarations.contains {
                $0.keyword == "func" && $0.name == function
            }
            return isDeclared ? nil : "\(file) does not declare \(function)"
        }
    }

    private static func hops(_ travel: String) throws -> [Hop] {
        try DocumentationPage("Sources/CouponService/CouponService.docc/RequestTravel.md")
            .table("travel: \(travel)").rows
            .map { Hop(file: $0[1].codeWord, function: $0[2].codeWord) }
    }

    @Test(arguments: ["validate", "apply"])
    func `names files and functions that exist`(travel: String) throws {
        let hops = try Self.hops(travel)
        #expect(hops.count > 10)
        #expect(hops.compactMap { $0.fault(in: SwiftSource.all) } == [])
    }

    @Test func `would be noticed when it is out of date`() {
        let source = SwiftSource("struct A {\n    func run() {}\n}\n", path: "Sources/T/A.swift")
        #expect(Hop(file: "T/A.swift", function: "run").fault(in: [source]) == nil)
        #expect(
            Hop(file: "T/A.swift", function: "walk").fault(in: [source])
                == "T/A.swift does not declare walk")
        #expect(
            Hop(file: "T/B.swift", function: "run").fault(in: [source])
                == "T/B.swift does not exist")
    }
}
