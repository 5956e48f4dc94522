// What a coupon takes off a cart. Numbers are 128 bits wide where they are multiplied.

extension Reference {
    /// What is there to be discounted: originally, or after other codes.
    struct Values: Equatable {
        var lines: [Int64]
        var shipping: Int64

        init(of cart: Cart) {
            lines = cart.lines.map(\.value)
            shipping = cart.shipping ?? 0
        }

        init(lines: [Int64], shipping: Int64) {
            self.lines = lines
            self.shipping = shipping
        }

        var sum: Int64 { lines.reduce(0, +) }
        var total: Int64 { sum + shipping }

        func less(_ gain: Values) -> Values {
            Values(
                lines: zip(lines, gain.lines).map { $0 - $1 }, shipping: shipping - gain.shipping)
        }

        static func nothing(_ count: Int) -> Values {
            Values(lines: Array(repeating: 0, count: count), shipping: 0)
        }
    }

    static func share(_ percent: Int64, of amount: Int64, _ rounding: String) -> Int64 {
        let parts = Int128(percent) * Int128(amount)
        let (whole, rest) = (Int64(parts / 1_000_000), parts % 1_000_000)
        let isUp =
            switch rounding {
            case "down": false
            case "half_even": rest > 500_000 || (rest == 500_000 && whole % 2 == 1)
            default: rest >= 500_000
            }
        return whole + (isUp ? 1 : 0)
    }

    /// Largest remainder; ties to the larger weight, then to the earlier line.
    static func proportional(_ amount: Int64, over weights: [Int64]) -> [Int64] {
        let total = weights.reduce(Int128(0)) { $0 + Int128($1) }
        guard total > 0, amount > 0 else { return weights.map { _ in 0 } }
        let products = weights.map { Int128($0) * Int128(amount) }
        var shares = products.map { Int64($0 / total) }
        let order = weights.indices.sorted { left, right in
            let (a, b) = (products[left] % total, products[right] % total)
            if a != b { return a > b }
            if weights[left] != weights[right] { return weights[left] > weights[right] }
            return left < right
        }
        for place in order.prefix(Int(amount - shares.reduce(0, +))) { shares[place] += 1 }
        return shares
    }

    /// The same for each; the part above a line's value goes to the others.
    static func even(_ amount: Int64, over weights: [Int64]) -> [Int64] {
        var shares = weights.map { _ in Int64(0) }
        var open = Array(weights.indices)
        var rest = amount
        while !open.isEmpty {
            let each = rest / Int64(open.count)
            let full = open.filter { weights[$0] <= each }
            if full.isEmpty {
                for place in open { shares[place] = each }
                rest -= each * Int64(open.count)
                let larger = open.sorted {
                    weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1
                }
                for place in larger.prefix(Int(rest)) { shares[place] += 1 }
                return shares
            }
            for place in full {
                shares[place] = weights[place]
                rest -= weights[place]
            }
            open.removeAll { full.contains($0) }
        }
        return shares
    }
}

// MARK: One discount on some lines

extension Reference {
    /// Some units of a cart, and what they are worth.
    struct Chosen {
        let cart: Cart
        /// Units of each line that take part.
        var units: [Int64]
        /// What the discount is computed on, and what is left to take it off.
        let basis: [Int64]
        let left: [Int64]

        func worth(_ line: Int, of values: [Int64]) -> Int64 {
            guard units[line] > 0 else { return 0 }
            let product = Int128(values[line]) * Int128(units[line])
            return Int64(product / Int128(cart.lines[line].quantity))
        }

        var basisWorth: [Int64] { units.indices.map { worth($0, of: basis) } }
        var leftWorth: [Int64] { units.indices.map { worth($0, of: left) } }

        /// Lines in the order in which their units are chosen.
        func order(dearest: Bool) -> [Int] {
            units.indices.sorted { one, other in
                let (a, b) = (cart.lines[one], cart.lines[other])
                if a.unitPrice != b.unitPrice { return (a.unitPrice > b.unitPrice) == dearest }
                if left[one] != left[other] { return left[one] > left[other] }
                if units[one] != units[other] { return units[one] < units[other] }
                return one < other
            }
        }

        /// Leaves at most so many of the units, in that order.
        mutating func keep(_ most: Int64?, dearest: Bool) {
            guard var most else { return }
            for line in order(dearest: dearest) {
                units[line] = min(units[line], most)
                most -= units[line]
            }
        }
    }

    /// The discount on each line, for all kinds except shipping. `bound` is the most.
    static func shares(
        of discount: Discount, tier: Tier?, over chosen: Chosen, currency: String, bound: Int64?
    ) -> [Int64] {
        let (basis, left) = (chosen.basisWorth, chosen.leftWorth)
        let most = min(discount.cap[currency] ?? .max, bound ?? .max, left.reduce(0, +))
        let amount = (tier?.amount ?? discount.amount)[currency] ?? 0
        var own: [Int64]?
        let sum: Int64
        switch discount.kind {
        case "fixed_per_item":
            own = basis.indices.map { line in
                let each = min(amount, chosen.cart.lines[line].unitPrice)
                return min(each * chosen.units[line], basis[line], left[line])
            }
            sum = own?.reduce(0, +) ?? 0
        case "fixed_per_line":
            own = basis.indices.map { min(amount, basis[$0], left[$0]) }
            sum = own?.reduce(0, +) ?? 0
        case "fixed_price":
            own = basis.indices.map { line in
                min(max(0, basis[line] - amount * chosen.units[line]), left[line])
            }
            sum = own?.reduce(0, +) ?? 0
        default:
            if let percent = tier.map(\.percent) ?? discount.percent {
                sum = share(percent, of: basis.reduce(0, +), discount.rounding)
            } else {
                sum = amount
            }
        }
        let money = min(sum, most)
        switch discount.spread {
        case "even":
            if let own, sum <= most { return own }
            return even(money, over: left)
        case "cheapest", "dearest":
            return charged(money, to: chosen, dearest: discount.spread == "dearest")
        default:
            if let own, sum <= most { return own }
            return proportional(money, over: left)
        }
    }

    /// One unit takes the whole amount, at most what is left of it.
    private static func charged(_ money: Int64, to chosen: Chosen, dearest: Bool) -> [Int64] {
        var shares = chosen.units.map { _ in Int64(0) }
        var whole = chosen
        whole.units = chosen.cart.lines.map(\.quantity)
        for line in whole.order(dearest: dearest) where chosen.units[line] > 0 {
            let unit = chosen.left[line] / chosen.cart.lines[line].quantity
            guard unit > 0 else { continue }
            shares[line] = min(money, unit)
            return shares
        }
        return shares
    }

    /// The units that are got: `nil` lines are not covered by what is bought or got.
    struct Sets {
        /// Units that are triggers at most, and units that could be got when there are none.
        var triggers: Int64 = 0
        var count: Int64 = 0
        var got: [Int64] = []
    }

    static func sets(
        _ discount: Discount, buys: [Bool], gets: [Bool], ticketLimit: Int64?, _ chosen: Chosen
    ) -> Sets {
        let quantity = chosen.cart.lines.map(\.quantity)
        func count(_ isMeant: (Int) -> Bool) -> Int64 {
            quantity.indices.reduce(0) { $0 + (isMeant($1) ? quantity[$1] : 0) }
        }
        let bought = count { buys[$0] && !gets[$0] }
        let shared = count { buys[$0] && gets[$0] }
        let got = count { !buys[$0] && gets[$0] }
        /// Whether so many sets can be made.
        func fits(_ sets: Int64) -> Bool {
            let triggers = sets * discount.buy.quantity
            let left = got + shared - max(0, triggers - bought)
            return triggers <= bought + shared && left > (sets - 1) * discount.get.quantity
        }
        // Every set needs more than the one before it, so halving finds the largest.
        var (fitting, failing) = (Int64(0), min(discount.timesMax ?? .max - 1, bought + shared) + 1)
        while failing - fitting > 1 {
            let middle = (failing + fitting) / 2
            if fits(middle) { fitting = middle } else { failing = middle }
        }
        var result = Sets(triggers: bought + shared, count: fitting)
        var free = quantity.indices.map { gets[$0] ? quantity[$0] : 0 }
        var needed = max(0, fitting * discount.buy.quantity - bought)
        for line in chosen.order(dearest: true) where buys[line] && gets[line] {
            let taken = min(free[line], needed)
            free[line] -= taken
            needed -= taken
        }
        var most = min(fitting * discount.get.quantity, ticketLimit ?? .max)
        result.got = free.map { _ in 0 }
        var rest = chosen
        rest.units = free
        for line in rest.order(dearest: false) {
            result.got[line] = min(free[line], most)
            most -= result.got[line]
        }
        return result
    }
}
