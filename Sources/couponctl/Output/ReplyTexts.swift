import CouponClient

/// The reply to release, for people: the outcome for each code.
enum ReleaseText {
    static func lines(_ reply: ReleaseReply, order: String, _ style: Style) -> [String] {
        let again = reply.replayed == true ? " before, nothing given back now" : ""
        var table = Table([.left, .left, .left])
        for code in reply.codes {
            let owner = code.coupon ?? code.giftCard ?? ""
            table.add(code.code ?? "(no code)", owner, whatCameBack(of: code))
        }
        let lines = [style.good("released") + " from order \(order)" + again]
        return reply.codes.isEmpty ? lines : lines + [""] + table.lines.map { "  " + $0 }
    }

    private static func whatCameBack(of code: ReleaseReply.ReleasedCode) -> String {
        switch (code.was, isGiftCard: code.giftCard != nil, code.useReturned ?? true) {
        case (.reserved, _, _): "was held, free again"
        case (.applied, isGiftCard: true, _): "was paid with, its money is back"
        case (.applied, isGiftCard: false, true): "was used, the use is back"
        case (.applied, isGiftCard: false, false): "was used, the use stays counted"
        }
    }
}

/// The reply to usage, for people.
enum UsageText {
    static func lines(_ reply: UsageReply, code: String, _ style: Style) -> [String] {
        guard let limits = reply.limits else {
            return ["\(code) has no limit here."]
        }
        var table = Table([.left, .right, .right, .right, .right])
        table.add("limit", "of", "used", "held", "left")
        for usage in limits {
            func text(_ number: Int64) -> String { AmountText.bare(number, usage.currency) }
            let kind = usage.currency.map { "\(usage.kind) \($0)" } ?? usage.kind
            table.add(
                kind, text(usage.limit), text(usage.used), text(usage.held), text(usage.remaining))
        }
        let lines = table.lines
        return lines.prefix(1).map(style.faint)
            + zip(lines.dropFirst(), limits).map { line, usage in
                usage.remaining == 0 ? style.bad(line) : line
            }
    }
}

/// A result without a fixed shape, for people: a line for each value, named by its path.
enum ResultText {
    static func lines(_ reply: ResultReply, _ style: Style) -> [String] {
        var table = Table([.left, .left])
        for (path, value) in leaves(of: reply.result, path: "") {
            table.add(path.isEmpty ? "result" : path, value)
        }
        return table.lines
    }

    private static func leaves(
        of value: JSONValue, path: String
    ) -> [(path: String, value: String)] {
        let prefix = path.isEmpty ? "" : path + "."
        switch value {
        case .object(let members) where !members.isEmpty:
            return members.sorted { $0.key < $1.key }
                .flatMap { leaves(of: $0.value, path: prefix + $0.key) }
        case .array(let elements) where !elements.isEmpty:
            return elements.enumerated()
                .flatMap { leaves(of: $0.element, path: prefix + String($0.offset)) }
        case .string(let text): return [(path, text)]
        default: return [(path, value.description)]
        }
    }
}

/// An error, for people: its message, then the details from the daemon.
enum ErrorText {
    static func lines(_ error: CouponClientError) -> [String] {
        let headline = "couponctl: \(error)"
        guard case .server(let serverError) = error.cause, let details = serverError.details else {
            return [headline]
        }
        return [headline] + ResultText.lines(ResultReply(result: details), .plain).map { "  " + $0 }
    }
}
