import Definitions
import CouponRules
import Foundation
import Testing

/// Reads `yaml` as a file of the name `shop.yaml`.
func read(
    _ text: String, as format: CatalogReader.Format = .yaml
) -> (file: CatalogFile?, faults: [DefinitionFault]) {
    CatalogReader.read(text: text, path: "shop.yaml", format: format)
}

/// The only coupon of a file without faults.
func soleCoupon(_ text: String, as format: CatalogReader.Format = .yaml) throws -> CouponDefinition
{
    let (file, faults) = read(text, as: format)
    #expect(faults == [])
    let coupons = try #require(file).coupons
    try #require(coupons.count == 1)
    return coupons[0]
}

/// Checks that reading found exactly one fault, and where and what it is.
func expectOneFault(
    _ faults: [DefinitionFault], line: Int, field: String, _ fragment: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(faults.count == 1, "\(faults)", sourceLocation: sourceLocation)
    guard let fault = faults.first else { return }
    #expect(fault.place.line == line, "\(fault)", sourceLocation: sourceLocation)
    #expect(fault.field == field, "\(fault)", sourceLocation: sourceLocation)
    #expect(fault.message.contains(fragment), "\(fault)", sourceLocation: sourceLocation)
}

/// The folder that holds the package.
let packageFolder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

/// A folder that is gone when the test is over.
struct TemporaryFolder: ~Copyable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("coupon-reading-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    deinit {
        do { try FileManager.default.removeItem(at: url) } catch {
            Issue.record("The test's folder could not be removed: \(error)")
        }
    }

    var path: String { url.path }

    /// Writes a file and returns its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}

extension AttributeMap {
    /// In the order written.
    init(_ entries: (String, [String])...) {
        self.init(entries: entries.map { Entry(attribute: $0.0, values: $0.1) })
    }
}

/// `15.00 USD` as `usd(1500)`.
func usd(_ minorUnits: Int64) -> CurrencyAmount { amount("USD", minorUnits) }

func amount(_ currency: String, _ minorUnits: Int64) -> CurrencyAmount {
    CurrencyAmount(
        currency: Currency(currency) ?? .none, amount: Money(minorUnits: minorUnits))
}

func date(_ year: Int, _ month: Int, _ day: Int) throws -> CivilDate {
    try #require(CivilDate(year: year, month: month, day: day))
}

func percent(_ text: String) throws -> Percent { try #require(Percent(decimal: text)) }
