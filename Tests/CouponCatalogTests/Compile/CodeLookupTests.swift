import FlatStorage
import Testing

@testable import CouponCatalog

@Suite struct `Looking up a code` {
    @Test(arguments: ["SUMMER20", "summer20", " Summer20\n", "ＳＵＭＭＥＲ２０"])
    func `ignores case and form`(written: String) throws {
        let catalog = try compiled(tenPercent("id: a, codes: [Summer20]"))
        let owners = catalog.owners(written)
        #expect(owners == ["a"])
    }

    @Test func `shows the code as its author wrote it`() throws {
        let catalog = try compiled(tenPercent("id: a, codes: [Summer20, Straße]"))
        let texts = ["SUMMER20", "STRASSE"].map {
            catalog.matches($0).map { string(catalog.text(of: $0)) }
        }
        #expect(texts == [["Summer20"], ["Straße"]])
    }

    @Test(arguments: ["", "SUMMER2", "SUMMER200", "UMMER20", "SUMMER2O"])
    func `finds nothing near it`(written: String) throws {
        let catalog = try compiled(tenPercent("id: a, codes: [SUMMER20]"))
        let owners = catalog.owners(written)
        #expect(owners.isEmpty)
    }

    @Test func `keeps case-sensitive codes apart`() throws {
        let catalog = try compiled(
            tenPercent(
                "id: mixed, case_sensitive: true, codes: [Save]",
                "id: upper, case_sensitive: true, codes: [SAVE]", "id: other, codes: [Other]"))
        let owners = ["Save", "SAVE", "save", "OTHER"].map { catalog.owners($0) }
        #expect(owners == [["mixed"], ["upper"], [], ["other"]])
    }

    @Test func `asks the exact text before the folded one`() throws {
        let catalog = try compiled(
            tenPercent(
                "id: folded, codes: [save]", "id: exact, case_sensitive: true, codes: [SAVE]",
                head: "code_scope: coupon"))
        let owners = ["SAVE", "save"].map { catalog.owners($0) }
        #expect(owners == [["exact", "folded"], ["folded"]])
    }

    @Test func `walks every coupon that owns the code`() throws {
        let catalog = try compiled(
            tenPercent(
                "id: a, codes: [SPRING]", "id: b, codes: [x, spring]", "id: c, codes: [Spring]",
                head: "code_scope: coupon"))
        let owners = catalog.owners("SPRING").sorted()
        #expect(owners == ["a", "b", "c"])
    }

    @Test func `stays inside its store`() throws {
        let catalog = try compiled([
            tenPercent("id: a, codes: [SPRING]", head: "store: north"),
            tenPercent("id: a, codes: [SPRING]", head: "store: south"),
            tenPercent("id: z, codes: [OTHER]", head: "store: east"),
        ])
        let counts = ["north", "south", "east", "west"].map {
            catalog.matches("spring", store: $0).count
        }
        #expect(counts == [1, 1, 0, 0])
        let keys = (0..<3).map { string(catalog.usageKey(of: CouponID($0))) }
        #expect(keys == ["north\0a", "south\0a", "east\0z"])
    }

    @Test func `distinguishes a gift card from a coupon`() throws {
        let catalog = try compiled(
            "gift_cards:\n- {code: GC-1, amount: 500, currency: USD, expires_at: 2026-12-31}")
        let owners = catalog.owners("gc-1")
        #expect(owners == ["-"])
        let found = catalog.matches("gc-1").first
        let match = try #require(found)
        let facts = catalog.replyFacts(of: match).count
        #expect(facts == 0)
        let number = catalog.giftCard(of: match)
        let card = catalog.giftCard(try #require(number))
        let id = string(catalog.id(of: try #require(number)))
        #expect(id.hasPrefix("gc_"))
        let coupon = catalog.coupon(of: match)
        #expect(coupon == nil)
        #expect(card.balance.minorUnits == 500)
        #expect(card.expiresAt == (try instant("2027-01-01T00:00:00Z")))
    }

    @Test func `names what a gift card pays by its store and id`() throws {
        let catalog = try compiled([
            "store: north\ngift_cards:\n- {id: g, code: A, amount: 5, currency: USD}",
            "store: south\ngift_cards:\n- {id: g, code: A, amount: 5, currency: USD}",
        ])
        for (place, store) in ["north", "south"].enumerated() {
            let card = catalog.giftCard(of: catalog.matches("a", store: store)[0])
            let number = try #require(card)
            #expect(Int(number.index) == place)
            let (id, key) = (string(catalog.id(of: number)), string(catalog.usageKey(of: number)))
            #expect(id == "g")
            #expect(key == "\(store)\0g")
            let hash = catalog.usageKeyHash(of: number)
            #expect(hash == durableHash64(key.utf8.span))
        }
    }

    @Test func `names a use by the folded text, unless case matters`() throws {
        let catalog = try compiled(
            tenPercent(
                "id: a, codes: [Save, Straße]", "id: b, case_sensitive: true, codes: [Wow, Weiß]"))
        let keys = ["SAVE", "STRASSE", "Wow", "Weiß"].map { text in
            var key = ByteBuffer()
            for match in catalog.matches(text) { catalog.appendKeyText(of: match, to: &key) }
            return string(key.bytes)
        }
        #expect(keys == ["save", "strasse", "Wow", "Weiß"])
    }

    @Test func `finds each of 200,000 generated codes and none of their neighbours`() throws {
        var random = SeededNumbers(seed: 20_260_601)
        var texts = Set<String>()
        while texts.count < 200_000 { texts.insert(random.code(length: 8)) }
        // One in fifty is not ASCII, so that folded side texts are searched, too.
        let codes = texts.sorted().enumerated().map { $0 % 50 == 0 ? "é" + $1 : $1 }
        let folder = try TemporaryFolder()
        _ = try folder.write("codes.csv", "code\n" + codes.joined(separator: "\n") + "\n")
        let path = try folder.write(
            "coupons.yaml", tenPercent("id: a, codes_file: codes.csv"))
        let catalog = try Catalog.load(paths: [path])

        let found = catalog.store(named: "default".utf8.span)
        let store = try #require(found)
        var text = CodeText()
        var wrong: [String] = []
        for code in codes {
            try text.read(code.lowercased().utf8.span)
            var walk = catalog.findCodes(
                in: store, matching: text, foldedHash: text.foldedHash)
            if let match = catalog.nextCode(&walk, matching: text) {
                let isIt = catalog.text(of: match).isEqual(to: code.utf8.span)
                if !isIt || catalog.terms(of: match).usesLimit != 1 { wrong.append(code) }
            } else {
                wrong.append(code)
            }
            if catalog.nextCode(&walk, matching: text) != nil { wrong.append(code + " twice") }
            for neighbour in [code + "_", String(code.dropLast())] {
                try text.read(neighbour.utf8.span)
                var walk = catalog.findCodes(
                    in: store, matching: text, foldedHash: text.foldedHash)
                if catalog.nextCode(&walk, matching: text) != nil { wrong.append(neighbour) }
            }
        }
        #expect(wrong == [], "seed 20260601")

        let bytesPerCode = Double(catalog.codeByteCount) / Double(codes.count)
        print("\(codes.count) single-use codes of 8 letters take \(bytesPerCode) bytes each")
        #expect(bytesPerCode <= 40)
    }
}

@Suite struct `Two codes clash` {
    @Test(arguments: [
        ("id: a, codes: [SAVE]", "id: b, codes: [SAVE]", "is taken by another coupon"),
        (
            "id: a, codes: [SAVE]", "id: b, codes: [save]",
            "reads the same as “SAVE”, taken by another coupon"
        ),
        (
            "id: a, codes: [Straße]", "id: b, codes: [STRASSE]",
            "reads the same as “Straße”, taken by another coupon"
        ),
        (
            "id: a, case_sensitive: true, codes: [Save]", "id: b, codes: [SAVE]",
            "reads the same as “Save”, taken by another coupon"
        ),
        (
            "id: a, codes: [SAVE]", "id: b, case_sensitive: true, codes: [Save]",
            "reads the same as “SAVE”, taken by another coupon"
        ),
        (
            "id: a, case_sensitive: true, codes: [Save]",
            "id: b, case_sensitive: true, codes: [Save]", "is taken by another coupon"
        ),
    ])
    func `when one would answer to the other`(first: String, second: String, reason: String) throws
    {
        let faults = faultsCompiling(tenPercent(first), "\n" + tenPercent(second))
        #expect(faults.count == 1)
        let fault = try #require(faults.first)
        #expect(fault.hasPrefix("2.yaml:4: coupons[0].codes"))
        #expect(fault.hasSuffix("\(reason) at 1.yaml:3."))
    }

    @Test func `unless case keeps them apart`() {
        let faults = faultsCompiling(
            tenPercent(
                "id: a, case_sensitive: true, codes: [Save, SAVE]",
                "id: b, case_sensitive: true, codes: [saVe]"))
        #expect(faults == [])
    }

    @Test(arguments: [
        ("code_scope: coupon", "code_scope: coupon", 0), ("code_scope: coupon", "", 1),
        ("", "code_scope: coupon", 1), ("", "", 1),
    ])
    func `unless both files let coupons share codes`(first: String, second: String, count: Int) {
        let faults = faultsCompiling(
            tenPercent("id: a, codes: [SAVE]", head: first),
            tenPercent("id: b, codes: [SAVE]", head: second))
        #expect(faults.count == count)
    }

    @Test func `inside one coupon under either scope`() {
        let faults = faultsCompiling(
            tenPercent("id: a, codes: [SAVE, save]", head: "code_scope: coupon"))
        #expect(
            faults == [
                "1.yaml:3: coupons[0].codes: The code “save” reads the same as “SAVE”, "
                    + "taken by the same coupon at 1.yaml:3."
            ])
    }

    @Test func `with a gift card under either scope`() {
        let faults = faultsCompiling(
            tenPercent("id: a, codes: [GC1]", head: "code_scope: coupon")
                + "gift_cards: [{code: gc1, amount: 1, currency: USD}]")
        #expect(
            faults == [
                "1.yaml:4: gift_cards.code: The code “gc1” reads the same as “GC1”, "
                    + "taken by another coupon at 1.yaml:3."
            ])
    }

    @Test func `between rows of a codes file and anything else, each at its own line`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("codes.csv", "code\nA1\nB2\na1\nSAVE\n")
        let path = try folder.write(
            "coupons.yaml", tenPercent("id: a, codes: [SAVE], codes_file: codes.csv"))
        let thrown = #expect(throws: CatalogFaults.self) { _ = try Catalog.load(paths: [path]) }
        let faults = (thrown?.faults ?? []).map(\.description)
        let csv = folder.path + "/codes.csv"
        #expect(
            faults == [
                "\(csv):4: code: The code “a1” reads the same as “A1”, "
                    + "taken by the same coupon at \(csv):2.",
                "\(csv):5: code: The code “SAVE” is taken by the same coupon at \(path):3.",
            ])
    }
}

@Suite struct `A text that is not a code` {
    @Test func `is reported with its place, like every other fault`() {
        let long = String(repeating: "x", count: 256)
        let faults = faultsCompiling(
            tenPercent("id: a, codes: [\"\u{200B}\"]", "id: b, codes: [\(long), OK, ok]"))
        #expect(faults.count == 3)
        for (line, coupon) in [(3, 0), (4, 1)] {
            #expect(
                faults.contains {
                    $0.hasPrefix("1.yaml:\(line):")
                        && $0.contains(": coupons[\(coupon)].codes[0]: ")
                })
        }
        #expect(faults.contains { $0.contains("“ok” reads the same as “OK”") })
    }
}
