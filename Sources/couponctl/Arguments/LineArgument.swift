import ArgumentParser
import CouponClient

// PRODUCT:QUANTITY:UNIT_PRICE[:name=value,name=value…]
//
// A product cannot contain ":", and an attribute's value cannot contain ",". Both are possible in a JSON
// request (--request).

extension CartLine {
    /// Reads the argument of `--line`.
    init(argument: String) throws(ValidationError) {
        let parts = argument.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, let product = parts.first, !product.isEmpty else {
            throw ValidationError(
                "A line is PRODUCT:QUANTITY:UNIT_PRICE[:name=value,…], not \"\(argument)\".")
        }
        guard let quantity = Int64(parts[1]), quantity >= 1 else {
            throw ValidationError(
                "The quantity in \"\(argument)\" must be a whole number from 1, not \"\(parts[1])\"."
            )
        }
        guard let unitPrice = Int64(parts[2]), unitPrice >= 0 else {
            throw ValidationError(
                "The unit price in \"\(argument)\" must be a whole number of minor units,"
                    + " not \"\(parts[2])\".")
        }
        self.init(product: String(product), quantity: quantity, unitPrice: unitPrice)
        guard parts.count == 4 else { return }
        for pair in parts[3].split(separator: ",", omittingEmptySubsequences: false) {
            try add(NamedValue(argument: String(pair)))
        }
    }

    private mutating func add(_ pair: NamedValue) throws(ValidationError) {
        switch pair.name {
        case "id": id = pair.value
        case "on_sale":
            guard let isOnSale = Bool(pair.value) else {
                throw ValidationError("on_sale must be true or false, not \"\(pair.value)\".")
            }
            onSale = isOnSale
        case "product", "quantity", "unit_price":
            throw ValidationError("Give \(pair.name) before the attributes of the line.")
        default:
            attributes[pair.name, default: []].values.append(pair.value)
        }
    }
}

/// A `name=value` pair of the command line.
struct NamedValue: Equatable {
    var name: String
    var value: String

    /// Reads `name=value`. The value may be empty and may contain equals signs.
    init(argument: String) throws(ValidationError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = parts.first, !name.isEmpty else {
            throw ValidationError("\"\(argument)\" is not name=value.")
        }
        self.name = String(name)
        value = String(parts[1])
    }
}

extension Sequence<NamedValue> {
    /// The values by name, those of one name together.
    var grouped: [String: AttributeValues] {
        reduce(into: [:]) { groups, pair in
            groups[pair.name, default: []].values.append(pair.value)
        }
    }
}
