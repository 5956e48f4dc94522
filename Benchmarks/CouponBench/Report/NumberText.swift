/// Numbers as a reader wants them.
enum NumberText {
    /// With so many digits behind the point, and commas between the thousands: `612,345.6`.
    static func grouped(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let units = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && units > 0 ? "-" : ""
        let whole = sign + grouped(units / scale)
        if decimals == 0 { return whole }
        let fraction = String(units % scale)
        return whole + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// With as many digits behind the point as it takes to show three digits, two at most.
    static func short(_ value: Double) -> String {
        grouped(value, decimals: abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2)
    }

    /// A time given in microseconds, in the unit that reads best: `250 µs`, `1.5 ms`, `2 s`.
    static func duration(microseconds: Double) -> String {
        let (value, unit) =
            switch microseconds {
            case ..<1_000: (microseconds, "µs")
            case ..<1_000_000: (microseconds / 1_000, "ms")
            default: (microseconds / 1_000_000, "s")
            }
        var text = grouped(value, decimals: 2)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return "\(text) \(unit)"
    }

    private static func grouped(_ value: Int) -> String {
        let digits = Array(String(value))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }
}

extension Table.Value {
    /// As text and page show it.
    var shown: String {
        switch self {
        case .text(let text): text
        case .number(let value, let decimals): NumberText.grouped(value, decimals: decimals)
        case .verdict(let verdict): verdict.rawValue
        case .absent: "–"
        }
    }

    /// Numbers are aligned at their last digit, words at their first letter.
    var isNumber: Bool {
        switch self {
        case .number, .absent: true
        case .text, .verdict: false
        }
    }
}

extension Table.Column {
    /// The name with its unit.
    var heading: String { unit.isEmpty ? name : "\(name), \(unit)" }
}
