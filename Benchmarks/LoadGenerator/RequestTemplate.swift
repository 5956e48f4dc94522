// A template is a request as it goes on the wire, with zeros where digits are written for each
// request again. Every placeholder stands for ten digits for any number: so a request's length
// is known beforehand (protocols with lengths in front need that), and filling in is a copy of the
// bytes and a few stores.

/// The bytes of one request, with places for numbers that differ from request to request:
///
/// - `${n}`: a running number, 0 for the first request of a run; no other request of it has the same
/// - `${below:LIMIT}`: a random number, at least 0 and less than `LIMIT`
/// - `${run}`: a number made from the run's seed, the same in all its requests
///
/// Each is written as ten digits, padded with zeros; JSON has such only inside a string.
package struct RequestTemplate: Sendable {
    /// How many bytes take a placeholder's place.
    package static let numberByteCount = 10
    /// The largest `LIMIT`: all numbers of ten digits.
    package static let limitMax: UInt64 = 10_000_000_000

    /// What is written in a place.
    enum Number: Equatable {
        case running
        case run
        case random(below: UInt64)
    }

    struct Place: Equatable {
        var offset: Int
        var number: Number
    }

    /// The request with zeros in its places.
    private(set) var bytes: [UInt8] = []
    private(set) var places: [Place] = []

    /// Bytes of each request made from the template.
    package var byteCount: Int { bytes.count }

    /// A template of this text, which is all of the request, also what ends it.
    package init(_ text: String) throws(MixFault) {
        try self.init(bytes: Array(text.utf8))
    }

    /// As ``init(_:)``, for requests that are not text.
    package init(bytes text: [UInt8]) throws(MixFault) {
        var rest = text[...]
        while let start = rest.firstPlaceholder {
            bytes += rest[..<start]
            guard let end = rest[start...].firstIndex(of: UInt8(ascii: "}")) else {
                throw MixFault(
                    .openPlaceholder(text: String(decoding: rest[start...], as: UTF8.self)))
            }
            let name = String(decoding: rest[(start + 2)..<end], as: UTF8.self)
            places.append(Place(offset: bytes.count, number: try Self.number(named: name)))
            bytes += repeatElement(UInt8(ascii: "0"), count: Self.numberByteCount)
            rest = rest[(end + 1)...]
        }
        bytes += rest
        if bytes.isEmpty { throw MixFault(.emptyRequest) }
    }

    private static func number(named name: String) throws(MixFault) -> Number {
        switch name {
        case "n": return .running
        case "run": return .run
        default:
            guard name.hasPrefix("below:") else { throw MixFault(.unknownPlaceholder(name: name)) }
            let text = String(name.dropFirst("below:".count))
            guard let limit = UInt64(text), (1...limitMax).contains(limit) else {
                throw MixFault(.badLimit(text: text))
            }
            return .random(below: limit)
        }
    }
}

extension ArraySlice<UInt8> {
    /// Where the next `${` stands.
    fileprivate var firstPlaceholder: Int? {
        indices.dropLast().first {
            self[$0] == UInt8(ascii: "$") && self[$0 + 1] == UInt8(ascii: "{")
        }
    }
}

/// What is wrong with a mix or one of its requests, and where it was read.
package struct MixFault: Error, Equatable {
    package enum Reason: Equatable, Sendable {
        case unreadableFile(explanation: String)
        case emptyFile
        case emptyRequest
        case badWeight(text: String)
        case unknownPlaceholder(name: String)
        case openPlaceholder(text: String)
        case badLimit(text: String)
    }

    package var reason: Reason
    /// The mix file, nil for a request from elsewhere.
    package var path: String?
    /// The line of the mix file, from 1; nil where all of the file is at fault.
    package var line: Int?

    init(_ reason: Reason, path: String? = nil, line: Int? = nil) {
        self.reason = reason
        self.path = path
        self.line = line
    }
}

extension MixFault: CustomStringConvertible {
    /// One line, for example `orders.jsonl:3: …`.
    package var description: String {
        let place = (path.map { "\($0):" } ?? "") + (line.map { "\($0):" } ?? "")
        return place.isEmpty ? explanation : "\(place) \(explanation)"
    }

    private var explanation: String {
        switch reason {
        case .unreadableFile(let explanation): "cannot be read: \(explanation)"
        case .emptyFile: "there is no request in the file"
        case .emptyRequest: "the request is empty"
        case .badWeight(let text):
            "the weight \(text) is not a whole number from 1 to \(Mix.weightMax)"
        case .unknownPlaceholder(let name):
            "${\(name)} is not a placeholder: use ${n}, ${below:LIMIT} and ${run}"
        case .openPlaceholder(let text): "a placeholder has no closing brace: \(text.prefix(40))"
        case .badLimit(let text):
            "${below:\(text)} has no limit from 1 to \(RequestTemplate.limitMax)"
        }
    }
}
