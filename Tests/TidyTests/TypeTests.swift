import Foundation
import Testing

@Suite struct `A type` {
    private static let types = SurveyedType.survey(SwiftSource.all)

    private static func survey(_ texts: (path: String, text: String)...) -> [SurveyedType] {
        SurveyedType.survey(texts.map { SwiftSource($0.text, path: $0.path) })
    }

    @Test func `is one idea: at most 600 lines over all its extensions`() {
        #expect(Self.types.count > 200)
        for type in Self.types {
            #expect(type.lineCount <= 600, "\(type.target).\(type.name), \(type.path)")
        }
    }

    @Test func `has a name that no other target gives a type`() {
        let named = Dictionary(grouping: Self.types.filter { !$0.isPrivate }, by: \.name)
        for (name, types) in named {
            #expect(types.count == 1, "\(name): \(types.map(\.path))")
        }
    }

    @Test func `keeps its state private, or a comment says why it is "not private"`() {
        for type in Self.types {
            #expect(type.openProperties == [], "\(type.path)")
        }
    }

    @Test func `would be noticed when it grows in extensions`() {
        let filler = String(repeating: "    func f() {}\n", count: 298)
        let types = Self.survey(
            ("Sources/A/Long.swift", "struct Long {\n\(filler)}\n"),
            ("Sources/A/Long+More.swift", "extension Long {\n\(filler)}\nextension Span {\n}\n"),
            ("Sources/B/Other.swift", "extension Long.Part {\n    struct Inner {\n    }\n}\n"))
        #expect(types.map(\.name) == ["Long"])
        #expect(types[0].lineCount == 604)
    }

    @Test func `would be noticed with the name of another`() {
        let types = Self.survey(
            ("Sources/A/Field.swift", "package enum Field {}\n"),
            ("Sources/B/Field.swift", "private enum Field {}\nstruct Field2 { enum Field {} }\n"),
            ("Sources/C/Field.swift", "struct Field {}\n"))
        #expect(types.filter { !$0.isPrivate }.map(\.name) == ["Field", "Field2", "Field"])
    }

    /// The shape that two types of more than a thousand lines each had.
    @Test func `would be noticed with scratch memory that every file may change`() {
        let checkout = Self.survey(
            (
                "Sources/CouponService/Checkout.swift",
                """
                /// Judges requests. What it holds is memory that is used again for each.
                struct Checkout: ~Copyable {
                    var purchase = Purchase()
                    /// What the request asks about: see `Entry`.
                    var entries = FlatArray<Entry>(capacity: 16)
                    private let inPlace = InPlace()

                    mutating func begin(_ parser: borrowing RequestParser) { entries.removeAll() }
                }
                """
            ),
            (
                "Sources/CouponService/Combining.swift",
                "extension Checkout {\n    mutating func combine(_ ledger: borrowing Ledger) {}\n}\n"
            ))
        #expect(checkout[0].openProperties == ["purchase", "entries"])
        let judge = Self.survey(
            (
                "Sources/CouponRules/Judge.swift",
                """
                package struct Judge: ~Copyable {
                    package private(set) var refusals: [Refusal] = []
                    package internal(set) var discount = Money.zero
                    var lots: Heap<UnitLot>
                    var isGood: Bool { refusals.isEmpty }
                    package mutating func begin(_ purchase: borrowing Purchase) {}
                }
                """
            ),
            (
                "Sources/CouponRules/Discounting.swift",
                "extension Judge {\n    mutating func price() {}\n}\n"
            ))
        #expect(judge[0].openProperties == ["discount", "lots"])
    }

    @Test func `may be open when it only carries facts, or says why`() {
        let facts = Self.survey(
            (
                "Sources/A/Facts.swift",
                "struct Facts {\n    var name = \"\"\n    var count: Int { didSet { } }\n}\n"
            ),
            ("Sources/A/Reading.swift", "extension Facts {\n    mutating func read() {}\n}\n"))
        #expect(facts[0].openProperties == [])
        let reasoned = Self.survey(
            (
                "Sources/A/Table.swift",
                """
                struct Table {
                    /// The rows. Not private: the reader in the other file fills them.
                    var rows = 0
                    @usableFromInline var base = 0
                    static var tables = 0
                    mutating func add() {}
                }
                """
            ),
            ("Sources/A/Reading.swift", "extension Table {\n    mutating func read() {}\n}\n"))
        #expect(reasoned[0].openProperties == [])
    }
}

@Suite struct `A function` {
    private static func long(in source: SwiftSource) -> [String] {
        source.declarations.filter {
            !$0.isType && $0.keyword != "extension" && $0.lineCount > 70
        }.map { "\(source.path):\($0.firstLine + 1) \($0.name), \($0.lineCount) lines" }
    }

    @Test func `fits a screen: at most 70 lines`() {
        #expect(SwiftSource.all.flatMap(Self.long) == [])
    }

    @Test func `would be noticed when it is long`() {
        let body = String(repeating: "        step(\"}\")\n", count: 69)
        let text = "struct A {\n    func run(\n    ) {\n\(body)    }\n    func end() {}\n}\n"
        let source = SwiftSource(text, path: "Sources/A/A.swift")
        #expect(Self.long(in: source) == ["Sources/A/A.swift:2 run, 72 lines"])
    }
}

@Suite struct `The scanner of Swift sources` {
    @Test func `sees no code in comments and literals`() {
        let source = SwiftSource(
            #"""
            // struct A {
            let a = "struct B { \(f("}", 1)) }" /* } */, b = #"}"\#(1)"# + "\"{"
            """#, path: "Sources/A/A.swift")
        #expect(source.codeLines[0].allSatisfy { $0 == " " })
        #expect(source.codeLines[1].split(separator: " ") == ["let", "a", "=", ",", "b", "=", "+"])
    }

    @Test func `finds declarations, what they are in and their parameters`() {
        let source = SwiftSource(
            """
            @frozen
            package final class Reader<T: P>: Q {
                var size: Int { get { 1 } }
                lazy var made = { 1 }()
                class func make(of size: Int = f { 2 }, _ more: [Int]) -> Int { if let x = y { 1 } }
                init?(from: Int) {
                    let local = 1
                    func inner() {}
                }
            }
            """, path: "Sources/A/A.swift")
        let found = source.declarations
        #expect(found.map(\.name) == ["Reader", "size", "made", "make", "init", "inner"])
        #expect(found.map(\.parent) == [nil, 0, 0, 0, 0, 4])
        #expect(found.map(\.lastLine) == [9, 2, 3, 4, 8, 7])
        #expect(found[1...2].map(\.isStored) == [false, true])
        #expect(found[3].parameters == ["of", "size", "_", "more"])
        #expect(found[4].parameters == ["from"])
    }
}
