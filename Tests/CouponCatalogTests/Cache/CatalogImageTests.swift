import Definitions
import CouponRules
import FlatStorage
import Foundation
import Testing

@testable import CouponCatalog

private let sources = {
    var sources = CatalogSources(program: "test", paths: ["shop", "b.yaml"])
    sources.folders = [CatalogSources.Folder(path: "shop", names: ["a.yaml", "ä.yaml"])]
    sources.files = [
        CatalogSources.File(
            path: "shop/a.yaml",
            stamp: FileStamp(
                byteCount: 12, contentChangedAt: -1, inodeChangedAt: .max, inode: .max),
            isYoung: true, contentHash: 7)
    ]
    return sources
}()

/// A catalog with a row in every table.
private let everything = """
    currency: USD
    timezone: Europe/Rome
    coupons:
    - id: plain
      codes: [PLAIN, {code: Mine, customer: cus_7, max_uses: 3, revenue: 9}, Straße]
      discount: {kind: percentage, percent: 12.5, cap: {USD: 500}}
      applies_to: {product: [p1, p2]}
      requires: {min_subtotal: 100, customers: [cus_7], contains: {product: [p9]}}
      blackout: ["2026-07-04", "2026-12-24/2026-12-26"]
      windows: [{days: [mon, tue], from: "09:00", to: "17:00"}]
      limits: {total: 9, budget: 1000}
    - codes: [NAMELESS]
      discount: {kind: tiers, tiers: [{min_items: 2, percent: 5}, {min_items: 4, percent: 9}]}
    - id: sets
      codes: [SETS]
      discount: {kind: buy_x_get_y, buy: {quantity: 2, applies_to: {product: [p1]}},
                 get: {quantity: 1, applies_to: {product: [p2]}, percent: 50}}
    - id: clauses
      codes: [CLAUSES]
      discounts: [{kind: percentage, percent: 5, applies_to: {category: [shoes]}}]
    - {id: auto, type: auto, discount: {kind: fixed_amount, amount: 100}}
    - id: open
      type: presale
      codes: [OPEN]
      offers: [{id: o1, applies_to: {event: ["241"]}, limit: 10, counter: spring,
                timezone: America/New_York, starts_at: 2026-06-01}]
    gift_cards:
    - {id: gc_1, code: GC-1, amount: 1500, balance: 1500, currency: USD}
    """

private func read(_ bytes: Span<UInt8>) throws(CatalogImageProblem) -> Catalog {
    try CatalogImage(bytes).catalog()
}

/// Reads an image, writes what was read, and compares.
private func isBroughtBack(_ catalog: borrowing Catalog) throws -> Bool {
    let image = catalog.image(madeFrom: sources)
    let copy = try read(image.bytes)
    let again = copy.image(madeFrom: try CatalogImage(image.bytes).sources)
    return again.bytes.isEqual(to: image.bytes)
}

/// What reading `bytes` throws; nil when they are read.
private func problem(of bytes: Span<UInt8>) -> CatalogImageProblem? {
    do {
        _ = try read(bytes)
        return nil
    } catch {
        return error
    }
}

@Suite struct `A catalog's image` {
    @Test(arguments: ["coupons: []", everything, tenPercent("id: a, codes: [A]")])
    func `brings back every table`(yaml: String) throws {
        let isBroughtBack = try isBroughtBack(compiled(yaml))
        #expect(isBroughtBack)
    }

    @Test func `brings back the sample catalog`() throws {
        let path = packageFolder.appending(path: "config/coupons.yaml").path
        let catalog = try Catalog.load(paths: [path])
        let codeCount = catalog.codeCount
        #expect(codeCount > 10)
        let isBroughtBack = try isBroughtBack(catalog)
        #expect(isBroughtBack)
    }

    @Test func `brings back several stores, and codes that they share or that differ in case`()
        throws
    {
        let catalog = try compiled([
            tenPercent("id: a, codes: [X]", "id: b, codes: [x]", head: "code_scope: coupon"),
            tenPercent(
                "id: c, case_sensitive: true, codes: [Save]",
                "id: d, case_sensitive: true, codes: [SAVE]", head: "store: north"),
        ])
        let image = catalog.image(madeFrom: sources)
        let copy = try read(image.bytes)
        let shared = copy.owners("X")
        let apart = ["Save", "SAVE", "save"].map { copy.owners($0, store: "north") }
        #expect(shared == ["a", "b"] && apart == [["c"], ["d"], []])
    }

    @Test func `answers every question as the catalog does`() throws {
        let catalog = try compiled(everything)
        let image = catalog.image(madeFrom: sources)
        let copy = try read(image.bytes)
        for code in ["plain", "MINE", "strasse", "STRASSE", "nameless", "gc-1", "open", "none"] {
            let (found, expected) = (copy.owners(code), catalog.owners(code))
            #expect(found == expected, "\(code)")
        }
        let mine = try #require(copy.matches("mine").first)
        let terms = copy.terms(of: mine)
        let customer = copy.symbol("cus_7")
        #expect(terms.usesLimit == 3 && terms.customer == customer)
        for index in 0..<catalog.couponCount {
            let coupon = CouponID(index)
            let (place, expectedPlace) = (copy.place(of: coupon), catalog.place(of: coupon))
            #expect(place == expectedPlace)
            let facts = string(copy.replyFacts(of: coupon))
            let expectedFacts = string(catalog.replyFacts(of: coupon))
            #expect(facts == expectedFacts)
        }
        // Noon of a summer's day in each zone: the transitions came along.
        let noon = try instant("2026-07-01T12:00:00Z")
        for zone in 0..<catalog.zones.count {
            let zone = ZoneID(index: UInt32(zone))
            let (time, expected) = (
                copy.zones.civilTime(of: noon, in: zone),
                catalog.zones.civilTime(of: noon, in: zone)
            )
            #expect(time == expected)
        }
        let zoneCount = copy.zones.count
        #expect(zoneCount == 3)
    }

    @Test func `says what the catalog was compiled from`() throws {
        let image = try compiled("coupons: []").image(madeFrom: sources)
        let loaded = try CatalogImage(image.bytes).sources
        #expect(loaded == sources)
    }

    // MARK: Refused

    @Test func `that is cut off anywhere is refused`() throws {
        let image = try compiled(tenPercent("id: a, codes: [A]")).image(madeFrom: sources)
        for length in 0..<image.count {
            let problem = problem(of: image.bytes(in: 0..<length))
            switch problem {
            case .foreign: #expect(length == 0)
            case .wrongLength(nil, length): #expect(length < CatalogImageFormat.headerLength)
            case .wrongLength(UInt64(image.count), length): break
            default: Issue.record("\(length) bytes: \(String(describing: problem))")
            }
        }
    }

    @Test func `that is too long is refused`() throws {
        var image = try compiled("coupons: []").image(madeFrom: sources)
        image.append(0)
        let (found, problem) = (image.count, problem(of: image.bytes))
        #expect(problem == .wrongLength(expected: UInt64(found - 1), found: found))
    }

    @Test func `in which any byte was changed is refused`() throws {
        var image = try compiled(tenPercent("id: a, codes: [A]")).image(madeFrom: sources)
        for offset in 0..<image.count {
            let bit = UInt8(1) << UInt8(offset % 8)
            image[offset] ^= bit
            let isRefused = problem(of: image.bytes) != nil
            #expect(isRefused, "byte \(offset)")
            image[offset] ^= bit
        }
        let isRead = problem(of: image.bytes) == nil
        #expect(isRead)
    }

    @Test(arguments: ["{", "a text that is longer than the header of an image would be, by far"])
    func `that is something else is refused`(text: String) {
        #expect(problem(of: text.utf8.span) == .foreign)
    }

    @Test func `of another format or layout is not reported as damaged`() throws {
        let image = try compiled("coupons: []").image(madeFrom: sources)
        var other = ByteBuffer()
        other.append(image.bytes)
        other[8] = 4
        let format = problem(of: other.bytes)
        #expect(format == .otherFormat(4))
        other[8] = 3

        other[16] ^= 1
        let damaged = problem(of: other.bytes)
        #expect(damaged == .headerDamaged)
        seal(&other)
        let layout = problem(of: other.bytes)
        #expect(layout == .otherLayout)
    }

    /// Content that contradicts itself can only be made on purpose.
    @Test(arguments: [0, 1, 5, 20])
    func `that ends too early behind a checksum that holds is refused`(missing: Int) throws {
        let image = try compiled("coupons: []").image(madeFrom: sources)
        var other = ByteBuffer()
        other.append(image.bytes(in: 0..<(image.count - missing)))
        seal(&other)
        let problem = problem(of: other.bytes)
        if missing == 0 {
            #expect(problem == nil)
        } else {
            guard case .contradiction = problem else {
                Issue.record("\(String(describing: problem))")
                return
            }
        }
    }

    private func seal(_ image: inout ByteBuffer) {
        typealias Format = CatalogImageFormat
        let content = Format.headerLength..<image.count
        image.setLittleEndian(UInt64(content.count), at: Format.lengthOffset)
        let contentChecksum = hash64(image.bytes(in: content), seed: 0)
        image.setLittleEndian(contentChecksum, at: Format.contentChecksumOffset)
        let header = hash64(image.bytes(in: 0..<Format.headerChecksumOffset), seed: 0)
        image.setLittleEndian(header, at: Format.headerChecksumOffset)
    }
}

@Suite struct `The layout of a catalog's rows` {
    @Test(arguments: [
        "Coupon ", "limits: UseLimits ", "perBookingDate: Int64 8 8 8",
        #"kind: CouponKind 1 1 1 ["discount", "presale", "reserve""#,
        "allocationMethod: AllocationMethod 1 1 1 [",
        "percent: Optional<Percent>", "CodeOptions ", "GiftCard ", "Offer ", "TimeWindow ",
        "UInt16 2 2 2",
    ])
    func `lists members and cases`(part: String) {
        #expect(CatalogLayout.text.contains(part), "\(CatalogLayout.text)")
    }
}
