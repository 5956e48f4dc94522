// The kinds of value that definitions are made of: money, percentages, times, covers.

import CouponRules

extension DefinitionField {
    /// An amount of one currency that is known from elsewhere, in minor units.
    func money() -> Money? {
        if case .scalar(let text, _) = node.content, isDecimalFraction(text) {
            refuse("\(text) has a fraction: amounts are whole minor units, 1500 for 15.00 USD.")
            return nil
        }
        return countOrZero().map { Money(minorUnits: $0) }
    }

    /// `{USD: 1500}`, or a bare amount in the file's currency. With `leastAmount` 1 an amount of 0
    /// is refused. Empty when nothing could be read, or nothing is said.
    func amounts(leastAmount: Int64 = 1) -> AmountMap {
        if case .scalar = node.content {
            guard let amount = amount(atLeast: leastAmount) else { return [] }
            guard let currency = scope.currency else {
                refuse(
                    "A bare amount needs a currency: write {USD: \(amount.minorUnits)}, or name "
                        + "the file's `currency` at its top.")
                return []
            }
            return [CurrencyAmount(currency: currency, amount: amount)]
        }
        var amounts: AmountMap = []
        for (key, value) in map()?.all() ?? [] {
            guard let currency = Currency(key) else {
                value.refuse(
                    "`\(key.shortened)` is not a currency: write three letters, such as USD.")
                continue
            }
            guard let amount = value.amount(atLeast: leastAmount) else { continue }
            if amounts.contains(where: { $0.currency == currency }) {
                value.refuse("\(currency) is named twice here.")
                continue
            }
            amounts.append(CurrencyAmount(currency: currency, amount: amount))
        }
        return amounts
    }

    private func amount(atLeast least: Int64) -> Money? {
        guard let amount = money() else { return nil }
        if amount.minorUnits >= least { return amount }
        refuse("An amount of \(amount.minorUnits) does nothing here: it must be at least \(least).")
        return nil
    }

    /// Three letters, of either case.
    func currency() -> Currency? {
        guard let text = text() else { return nil }
        if let currency = Currency(text) { return currency }
        refuse("`\(text.shortened)` is not a currency: write three letters, such as USD.")
        return nil
    }

    /// A number or a text: more than 0, at most 100, with up to four digits after the point.
    func percent() -> Percent? {
        guard case .scalar(let text, let notation) = node.content, notation != .boolean else {
            refuse("Found \(node.described) where a percentage is expected.")
            return nil
        }
        if let percent = Percent(decimal: text) { return percent }
        refuse(
            "`\(text.shortened)` is not a percentage: write a number above 0 and up to 100, with "
                + "at most four digits after the point.")
        return nil
    }

    /// ISO 8601, a bare date, or Unix seconds.
    func moment() -> WrittenMoment? {
        guard let text = text() else { return nil }
        let bytes = Array(text.trimmed.utf8)
        do throws(Moment.Fault) {
            return try Moment.parse(bytes.span)
        } catch {
            refuse("`\(text.shortened)` \(error.explanation)")
            return nil
        }
    }

    /// The IANA name of a zone that the time-zone library knows.
    func timezone() -> String? {
        guard let name = name() else { return nil }
        if scope.knowsZone(name) { return name }
        refuse(
            "There is no time zone `\(name.shortened)`."
                + suggestion(for: name, among: FileScope.zoneNames))
        return nil
    }

    /// `2026-06-01`.
    private func date(_ text: some StringProtocol) -> CivilDate? {
        let bytes = Array(String(text).trimmed.utf8)
        if let moment = try? Moment.parse(bytes.span), case .date(let date) = moment { return date }
        refuse("`\(String(text).shortened)` is not a date: write a day such as 2026-12-24.")
        return nil
    }

    /// A list of days and of ranges of days, `2026-12-24/2026-12-26`, both ends included.
    func blackout() -> [BlackoutDefinition] {
        list().compactMap { entry in
            guard let text = entry.text() else { return nil }
            let ends = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = entry.date(ends[0]) else { return nil }
            guard ends.count == 2 else { return BlackoutDefinition(first: first, last: first) }
            guard let last = entry.date(ends[1]) else { return nil }
            if first <= last { return BlackoutDefinition(first: first, last: last) }
            entry.refuse("The range `\(text)` ends before it begins.")
            return nil
        }
    }

    /// A map, or a list of maps of which any will do.
    func cover() -> [AttributeMap] {
        let maps =
            if case .list = node.content {
                list().map { $0.attributes(ofLines: true) }
            } else {
                [attributes(ofLines: true)]
            }
        // A map without a rule covers everything, and so does a list in which one stands.
        return maps.contains(where: \.isEmpty) ? [] : maps
    }

    /// `{attribute: [value, …]}`. An empty list of values is left out. `ofLines`: the attributes are
    /// those of cart lines, whose numbers are none.
    func attributes(ofLines: Bool) -> AttributeMap {
        var attributes = AttributeMap()
        for (key, values) in map()?.all() ?? [] {
            if key.trimmed.isEmpty || key.utf8.count > 255 {
                values.refuse("An attribute's name has 1 to 255 bytes.")
                continue
            }
            if ofLines, let hint = numbersOfALine[key] {
                values.refuse(
                    "`\(key)` is not an attribute that cart lines can be chosen by.\(hint)")
                continue
            }
            let texts = values.texts()
            if !texts.isEmpty { attributes.entries.append(.init(attribute: key, values: texts)) }
        }
        return attributes
    }

    /// A list of texts that each say something, as they were written.
    func texts() -> [String] { listOfTexts().compactMap { $0.nonEmptyText() } }

    /// The elements of a list, of which a single one may have been written as a bare text.
    func listOfTexts() -> [DefinitionField] {
        guard case .scalar(let text, _) = node.content else { return list() }
        refuse("Found \(node.described) where a list is expected: write [\(text.shortened)].")
        return []
    }

    /// A flat map of texts of the author's own.
    func metadata() -> [MetadataEntry] {
        (map()?.all() ?? []).compactMap { key, value in
            value.text().map { MetadataEntry(key: key, value: $0) }
        }
    }
}

/// What a cart line has besides its attributes, and what to write instead.
private let numbersOfALine = [
    "id": "", "unit_price": "", "quantity": " `requires` has `min_items` and `max_items`.",
    "on_sale": " There is `exclude_sale_items`.",
]

extension Moment.Fault {
    /// How it ends a sentence that began with the text.
    package var explanation: String {
        switch self {
        case .notATime:
            "is not a time: write 2026-06-01, 2026-06-01T09:30, the latter with Z or an offset such "
                + "as +02:00, or Unix seconds."
        case .noSuchDate: "names a day that the calendar does not have."
        case .millisecondsNotSeconds: "is too large for Unix seconds: are these milliseconds?"
        case .compactDate:
            "would be Unix seconds of the year 1970: write a day as 2027-08-31, with its hyphens."
        case .spreadsheetDay:
            "is a day as spreadsheets count them: format the cell as a text such as 2027-08-31."
        }
    }
}

extension Moment {
    /// Whether a window between these two is certainly empty, both read in one zone. It is false
    /// where that depends on the zone: one side has an offset, the other does not.
    static func isEmptyWindow(from start: Moment?, to end: Moment?) -> Bool {
        guard let start, let end else { return false }
        if case .instant(let startsAt) = start, case .instant(let endsAt) = end {
            return endsAt <= startsAt
        }
        guard let startsAt = start.civil(asEnd: false), let endsAt = end.civil(asEnd: true) else {
            return false
        }
        return endsAt <= startsAt
    }

    /// The reading on the wall; a date that ends a window is the midnight after it.
    private func civil(asEnd: Bool) -> CivilTime? {
        switch self {
        case .instant: nil
        case .local(let time): time
        case .date(let date): CivilTime(startOf: asEnd ? date.next : date)
        }
    }
}

/// Digits, a point and digits: an amount that was written in whole units.
private func isDecimalFraction(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy(\.isDigits)
}
