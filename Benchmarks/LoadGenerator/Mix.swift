import Foundation

/// Requests and how often each is sent: one of weight 20 is picked twenty times as often as one of
/// weight 1, at random.
package struct Mix: Sendable {
    package static let weightMax = 1_000_000

    package typealias Entry = (weight: Int, template: RequestTemplate)

    let entries: [Entry]

    /// - Parameter entries: at least one; weights are 1 to ``weightMax``.
    package init(_ entries: [Entry]) {
        precondition(!entries.isEmpty, "a mix has a request")
        precondition(
            entries.allSatisfy { (1...Self.weightMax).contains($0.weight) }, "a weight is in bounds"
        )
        self.entries = entries
    }

    /// A mix of one request.
    package init(_ template: RequestTemplate) {
        self.init([(weight: 1, template: template)])
    }

    /// Reads a mix file: a request in each line, with a weight and a space before it where it is to
    /// be other than 1. Empty lines, and those that start with `#`, are passed over. The framing says
    /// what is put around the text of a request (see ``RequestTemplate/init(request:framing:)``).
    package static func read(path: String, framing: Framing = .lines) throws(MixFault) -> Mix {
        let text: Data
        do {
            text = try Data(contentsOf: URL(filePath: path))
        } catch {
            let explanation = (error as NSError).localizedFailureReason ?? "\(error)"
            throw MixFault(.unreadableFile(explanation: explanation), path: path)
        }
        return try Mix(text: Array(text), path: path, framing: framing)
    }

    init(text: [UInt8], path: String, framing: Framing) throws(MixFault) {
        var entries: [Entry] = []
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let line = line.trimmingSpace
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            do throws(MixFault) {
                let (weight, request) = try Self.weight(of: line)
                entries.append(
                    (weight, try RequestTemplate(request: Array(request), framing: framing)))
            } catch {
                throw MixFault(error.reason, path: path, line: index + 1)
            }
        }
        if entries.isEmpty { throw MixFault(.emptyFile, path: path) }
        self.init(entries)
    }

    /// Cuts the weight off. A line that does not start with a digit has none.
    private static func weight(
        of line: ArraySlice<UInt8>
    ) throws(MixFault) -> (weight: Int, request: ArraySlice<UInt8>) {
        guard let first = line.first, first.isDigit else { return (1, line) }
        let word = line.prefix { !$0.isSpace }
        let text = String(decoding: word, as: UTF8.self)
        guard let weight = Int(text), (1...weightMax).contains(weight) else {
            throw MixFault(.badWeight(text: text))
        }
        return (weight, line[word.endIndex...].trimmingSpace)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isSpace: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\r")
    }
}

extension ArraySlice<UInt8> {
    fileprivate var trimmingSpace: ArraySlice<UInt8> {
        let text = drop { $0.isSpace }
        guard let last = text.lastIndex(where: { !$0.isSpace }) else { return text }
        return text[...last]
    }
}
