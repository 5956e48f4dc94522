import Foundation

/// The members of a reply that a soak compares.
struct SoakReply: Decodable {
    struct Code: Decodable {
        var code: String
        var discount: Int?
        var remaining: Int?
        var redemption: String?
        var reason: String?
        var limit: Int?
        var actual: Int?
        var held: Int?
        var was: String?
    }

    struct Fault: Decodable {
        var code: String
    }

    struct Usage: Decodable {
        struct Limit: Decodable {
            var kind: String
            var limit: Int
            var used: Int
            var held: Int
            var remaining: Int
        }

        var limits: [Limit]
    }

    var id: Int
    var valid: Bool?
    var reserved: Bool?
    var applied: Bool?
    var released: Bool?
    var replayed: Bool?
    var order: String?
    var reason: String?
    var subtotal: Int?
    var discount: Int?
    var total: Int?
    var codes: [Code]?
    var error: Fault?
    var result: Usage?

    /// Reads a reply line; nil if it is not one.
    init?(line: String) {
        guard let reply = try? JSONDecoder().decode(Self.self, from: Data(line.utf8)) else {
            return nil
        }
        self = reply
    }
}

/// A reply that is not what the model expects.
struct SoakDisagreement: Error, CustomStringConvertible {
    var request: String
    var reply: String
    /// What is wrong, one reason for each state that the order could be in.
    var reasons: [String]

    var description: String {
        """
        A reply disagrees with the model: \(reasons.joined(separator: "; or "))
          request: \(request)
          reply:   \(reply)
        """
    }
}
