import CouponClient
import Foundation

/// Prints each step of the demo and collects the facts that are not as expected.
struct Transcript {
    private let style: Style
    private var stepCount = 0
    /// One sentence for each fact that was not as expected.
    private(set) var differences: [String] = []

    init(_ style: Style) { self.style = style }

    /// Prints what happens next.
    func announce(_ comment: String) {
        print("\n" + style.strong("# " + comment))
    }

    /// Sends a request, prints it with its reply, and compares the reply's facts.
    ///
    /// - Parameters:
    ///   - comment: what the step shows.
    ///   - request: a request as a shop would write it.
    ///   - client: the client that sends it.
    ///   - facts: the expected members of the reply, by path, such as `codes.0.reason`; null for a
    ///     member that must be absent.
    /// - Throws: if no reply comes.
    mutating func ask(
        _ comment: String, _ request: String, _ client: CouponClient,
        expecting facts: KeyValuePairs<String, JSONValue>
    ) throws(CouponClientError) {
        stepCount += 1
        announce(comment)
        print(style.faint("→ ") + request)
        let line = try client.send(line: request)
        print(style.faint("← ") + line)
        let reply = try JSONValue(line: line)
        for (path, expected) in facts {
            check(path, reply.value(at: path), expected)
        }
    }

    /// Compares a fact with the expected one.
    mutating func check(_ name: String, _ actual: JSONValue?, _ expected: JSONValue) {
        if actual ?? .null == expected { return }
        let found = actual?.description ?? "nothing"
        let difference = "step \(stepCount): \(name) is \(found), expected \(expected)"
        differences.append(difference)
        print(style.bad("✗ " + difference))
    }

    /// Prints whether all steps were as expected.
    func printSummary() {
        if differences.isEmpty {
            print("\n" + style.good("All \(stepCount) steps are as expected."))
        } else {
            print("\n" + style.bad("\(differences.count) facts are not as expected:"))
            for difference in differences { print("  " + difference) }
        }
    }
}

extension JSONValue {
    /// Reads a line of JSON.
    init(line: String) throws(CouponClientError) {
        do {
            self = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
        } catch {
            throw CouponClientError(.replyNotValid("\(error)"))
        }
    }

    /// The value at a path of keys and indices separated by dots; nil if there is none.
    func value(at path: String) -> JSONValue? {
        var value: JSONValue? = self
        for step in path.split(separator: ".") {
            if case .array(let elements) = value {
                value = Int(step).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            } else {
                value = value?[String(step)]
            }
        }
        return value
    }
}
