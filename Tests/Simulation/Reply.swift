/// What a reply says, as far as the model cares.
struct Reply: Equatable {
    /// The number that was given as its id.
    var id = -1
    /// `error.code`; empty where it is none.
    var error = ""
    var valid = false
    var applied = false
    var reserved = false
    var released = false
    var replayed = false
    var discount = 0
    var total = 0
    /// In the order of the codes.
    var redemptions: [String] = []

    /// What a replay repeats.
    var facts: Facts { Facts(redemptions: redemptions, discount: discount, total: total) }

    struct Facts: Equatable {
        var redemptions: [String]
        var discount: Int
        var total: Int
    }

    /// Reads a line: members by their names, at the depths where replies have them.
    init(reading line: [UInt8]) {
        var depth = 0
        var key = ""
        var isInError = false
        var position = 0
        while position < line.count {
            let byte = line[position]
            position += 1
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth == 2 && key == "error" { isInError = true }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
            case UInt8(ascii: "\""):
                let string = Self.string(line, from: &position)
                if position < line.count && line[position] == UInt8(ascii: ":") {
                    key = string
                } else if depth == 2 && isInError && key == "code" {
                    error = string
                } else if key == "redemption" {
                    redemptions.append(string)
                }
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let number = Self.number(line, from: &position)
                if depth == 1 { take(number, of: key) }
            case UInt8(ascii: "t") where depth == 1: take(of: key)
            default: break
            }
        }
    }

    private mutating func take(_ number: Int, of key: String) {
        switch key {
        case "id": id = number
        case "discount": discount = number
        case "total": total = number
        default: break
        }
    }

    private mutating func take(of key: String) {
        switch key {
        case "valid": valid = true
        case "applied": applied = true
        case "reserved": reserved = true
        case "released": released = true
        case "replayed": replayed = true
        default: break
        }
    }

    private static func string(_ line: [UInt8], from position: inout Int) -> String {
        let start = position
        while position < line.count, line[position] != UInt8(ascii: "\"") {
            position += line[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = min(position, line.count)
        position = end + 1
        return String(decoding: line[start..<end], as: UTF8.self)
    }

    private static func number(_ line: [UInt8], from position: inout Int) -> Int {
        var number = Int(line[position - 1] - UInt8(ascii: "0"))
        while position < line.count, line[position] >= UInt8(ascii: "0"),
            line[position] <= UInt8(ascii: "9")
        {
            number = number * 10 + Int(line[position] - UInt8(ascii: "0"))
            position += 1
        }
        return number
    }
}
