import ArgumentParser
import CouponClient

// CODE[:name=value,name=value…]
//
// A code that contains a colon is given as a plain argument or in a JSON request (--request).

extension CodeRequest {
    /// Reads the argument of `--code`.
    init(argument: String) throws(ValidationError) {
        let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let code = parts.first, !code.isEmpty else {
            throw ValidationError("A code is CODE[:name=value,…], not \"\(argument)\".")
        }
        self.init(String(code))
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
            try add(NamedValue(argument: String(pair)))
        }
    }

    private mutating func add(_ pair: NamedValue) throws(ValidationError) {
        switch pair.name {
        case "coupon": coupon = pair.value
        case "amount":
            guard let limit = Int64(pair.value), limit >= 0 else {
                throw ValidationError(
                    "An amount is a whole number of minor units, not \"\(pair.value)\".")
            }
            amount = limit
        default:
            context[pair.name, default: []].values.append(pair.value)
        }
    }
}
