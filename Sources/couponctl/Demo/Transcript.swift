import CouponClient
import Foundation

/// Prints each step of the demo, and keeps what did not come out as expected.
struct Transcript {
    private let style: Style
    private var stepCount = 0
    /// One sentence for each fact that was not as expected.
    private(set) var differences: [String] = []

    init(_ style: Style) { self.style = style }

    /// Says what happens next.
    func tell(_ comment: String) {
        print("\n" + style.strong("# " + comment))
    }

    /// Sends a request, prints it with its reply, and compares the reply's facts.
    ///
    /// - Parameters:
    ///   - comment: what the step shows.
    ///   - request: a request as a shop would write it.
    ///   - client: whom to ask.
    ///   - facts: what the reply has to hold, by path, such as `codes.0.reason`; null for
    ///     what it may not hold.
    /// - Throws: when no reply came.
    mutating func ask(
        _ comment: String, _ request: String, _ client: CouponClient,
        expecting facts: KeyValuePairs<String, JSONValue>
    ) throws(CouponClientError) {
        stepCount += 1
        tell(comment)
        print(style.faint("→ ") + request)
        let line = try client.send(line: request)
        print(style.faint("← ") + line)
        let reply = try JSONValue(line: line)
        for (path, expected) in facts {
            check(path, reply.value(at: path), expected)
        }
    }

    /// Notes whether a fact is as expected.
    mutating func check(_ name: String, _ actual: JSONValue?, _ expected: JSONValue) {
        if actual ?? .null == expected { return }
        let found = actual?.description ?? "nothing"
        let difference = "step \(stepCount): \(name) is \(found), expected \(expected)"
        differences.append(difference)
        print(style.bad("✗ " + difference))
    }

    /// The last word.
    func printSummary() {
        if differences.isEmpty {
            print("\n" + style.good("All \(stepCount) steps came out as expected."))
        } else {
            print("\n" + style.bad("\(differences.count) facts were not as expected:"))
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

    /// The value below this one, named by keys and indices with dots between; nil if there is none.
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
