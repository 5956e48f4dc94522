import Foundation

/// An order that used a code until it left the records.
struct ArchivedSoakOrder: Equatable {
    var order: String
    var code: String
    var discount: Int
}

/// The lines of the archive, compared with what must be there.
struct SoakArchive {
    /// Lines by the redemption of their code.
    private var orders: [String: [ArchivedSoakOrder]] = [:]
    private(set) var lineCount = 0

    private struct Line: Decodable {
        struct Code: Decodable {
            var code: String
            var discount: Int
            var redemption: String
        }

        var order: String
        var state: String
        var codes: [Code]
    }

    /// Reads all files of a folder.
    init(folder: String) throws(ProcessFault) {
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
                let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
                try add(lines: text, of: name)
            }
        } catch {
            throw .file(path: folder, reason: "\(error)")
        }
    }

    /// Reads the text of one file.
    init(lines text: String) throws(ProcessFault) { try add(lines: text, of: "the archive") }

    private mutating func add(lines text: String, of name: String) throws(ProcessFault) {
        for line in text.split(separator: "\n") {
            lineCount += 1
            guard let found = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
                let code = found.codes.first, found.codes.count == 1, found.state == "applied"
            else { throw .file(path: name, reason: "not the line of an applied order: \(line)") }
            orders[code.redemption, default: []].append(
                ArchivedSoakOrder(order: found.order, code: code.code, discount: code.discount))
        }
    }

    /// What differs from `expected`, the orders by redemption. Those in `possible` may be there once.
    func differences(
        from expected: [String: ArchivedSoakOrder], possibly possible: [String: ArchivedSoakOrder]
    ) -> [String] {
        var differences: [String] = []
        for (redemption, order) in expected {
            let found = orders[redemption] ?? []
            if found == [order] { continue }
            differences.append(
                found.isEmpty
                    ? "\(order.order) (\(redemption)) is missing"
                    : found.count > 1
                        ? "\(order.order) (\(redemption)) is there \(found.count) times"
                        : "\(order.order) (\(redemption)) is there as \(found[0])")
        }
        for (redemption, found) in orders where expected[redemption] == nil {
            if let order = possible[redemption], found == [order] { continue }
            differences.append("\(found[0].order) (\(redemption)) was not applied at its end")
        }
        return differences.sorted()
    }
}
