import CouponStore
import Foundation

// Codes are made from numbers, so that a load generator can ask for a random one without a list: two
// letters and ten digits, twelve characters as shops print them. Code k of n is `SU` and k.

/// A folder of definitions with so many single-use codes from a codes file, and two coupons without:
/// `PLAIN`, which has no limit, and `EACH`, which every customer may use once.
struct CodesCatalog: Sendable {
    /// The folder, as a daemon takes it.
    let path: String
    let codeCount: Int

    private static let prefix = "SU"
    private static let digitCount = 10
    private static let pieceRowCount = 65_536

    /// Writes the definitions into a folder of this name.
    init(_ name: String, codes codeCount: Int, on bench: Workbench) throws(ProcessFault) {
        path = try bench.folder(name)
        self.codeCount = codeCount
        try write(Self.definitions(withCodes: codeCount > 0), to: "coupons.yaml")
        if codeCount > 0 { try writeCodes(changed: 0, edition: 0) }
    }

    /// Gives the last `changedCount` codes other texts, different ones for each edition from 1 to 20.
    func change(last changedCount: Int, edition: Int) throws(ProcessFault) {
        try writeCodes(changed: changedCount, edition: edition)
    }

    /// A validate of a code that ``change(last:edition:)`` leaves alone, a random one of those below
    /// `limit`.
    static func validate(below limit: Int) -> String {
        validate(code: "\(prefix)${below:\(limit)}")
    }

    static func validate(code: String) -> String {
        #"{"id":1,"op":"validate","code":"\#(code)",\#(cart)}"#
    }

    /// The same code used up, by an order of its own.
    static func apply(below limit: Int) -> String {
        apply(code: "\(prefix)${below:\(limit)}")
    }

    /// An order of its own that uses a code; `customer` may have a placeholder.
    static func apply(
        code: String, customer: String? = nil, bookingDate: String? = nil
    ) -> String {
        let customer = customer.map { #""customer":{"id":"\#($0)"},"# } ?? ""
        let booking = bookingDate.map { #""booking_date":"\#($0)","# } ?? ""
        return #"{"id":1,"op":"apply","code":"\#(code)","order":"o-${run}-${n}","#
            + "\(customer)\(booking)\(cart)}"
    }

    private static let cart = """
        "cart":{"currency":"USD","lines":[{"product":"p1","quantity":2,"unit_price":2500}]}
        """

    private static func definitions(withCodes hasCodes: Bool) -> String {
        let withoutCodes = """
            currency: USD
            coupons:
            - id: cou_plain
              codes: [PLAIN]
              discount: {kind: percentage, percent: 20}
            - id: cou_each
              codes: [EACH]
              limits: {per_customer: 1}
              discount: {kind: percentage, percent: 20}

            """
        if !hasCodes { return withoutCodes }
        return withoutCodes + """
            - id: cou_single
              codes_file: codes.csv
              limits: {per_code: 1}
              discount: {kind: percentage, percent: 20}

            """
    }

    private func writeCodes(changed changedCount: Int, edition: Int) throws(ProcessFault) {
        let changedPrefix = "S" + String(UnicodeScalar(UInt8(ascii: "A") + UInt8(edition)))
        let (file, next) = ("\(path)/codes.csv", "\(path)/codes.csv.next")
        do {
            try Data("code\n".utf8).write(to: URL(filePath: next))
            let output = try FileHandle(forWritingTo: URL(filePath: next))
            try output.seekToEnd()
            var rows = CodeRows(digitCount: Self.digitCount)
            let keptCount = codeCount - changedCount
            for (prefix, end) in [(Self.prefix, keptCount), (changedPrefix, codeCount)] {
                while rows.nextNumber < end {
                    let count = min(Self.pieceRowCount, end - rows.nextNumber)
                    try output.write(contentsOf: rows.take(count, prefix: prefix))
                }
            }
            try output.close()
            // In one step, as an operator's tool should: a reload never sees half of it.
            try PosixDisk().rename(next, to: file)
        } catch {
            throw .file(path: file, reason: "\(error)")
        }
    }

    private func write(_ text: String, to name: String) throws(ProcessFault) {
        do {
            try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        } catch {
            throw .file(path: "\(path)/\(name)", reason: error.localizedDescription)
        }
    }
}

/// Rows of a codes file, their numbers counting up from 0.
private struct CodeRows {
    private(set) var nextNumber = 0
    private var digits: [UInt8]

    init(digitCount: Int) {
        digits = Array(repeating: UInt8(ascii: "0"), count: digitCount)
    }

    mutating func take(_ count: Int, prefix: String) -> [UInt8] {
        let prefix = Array(prefix.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * (prefix.count + digits.count + 1))
        for _ in 0..<count {
            bytes += prefix
            bytes += digits
            bytes.append(UInt8(ascii: "\n"))
            countUp()
        }
        nextNumber += count
        return bytes
    }

    private mutating func countUp() {
        for place in digits.indices.reversed() {
            if digits[place] != UInt8(ascii: "9") {
                digits[place] += 1
                return
            }
            digits[place] = UInt8(ascii: "0")
        }
    }
}
