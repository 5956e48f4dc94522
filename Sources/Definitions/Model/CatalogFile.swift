// A definition file as its author wrote it, every field typed and checked on its own, and what is
// wrong with it. What a field means for judging is decided when the catalog is compiled.

import CouponRules

/// One definition file, read and checked field by field.
package struct CatalogFile: Hashable, Sendable {
    package var path: String
    package var store = "default"
    package var codeScope = CodeScope.store
    package var timezone = "UTC"
    package var coupons: [CouponDefinition] = []
    package var giftCards: [GiftCardDefinition] = []

    package init(path: String) { self.path = path }
}

/// Who may claim a code that another coupon of the store already has.
package enum CodeScope: String, Sendable, CaseIterable {
    /// No coupon: a code belongs to one coupon of the store.
    case store
    /// Any other coupon: a code is unique inside its coupon only.
    case coupon
}

/// A card that pays with money paid in before.
package struct GiftCardDefinition: Hashable, Sendable {
    package var place: SourcePlace
    package var path: String

    package var id: String?
    /// As written; normalised when compiled.
    package var code: String
    /// What was paid in, and what of it is left: 0 ... `amount`.
    package var amount: Money
    package var balance: Money
    package var currency: Currency
    package var isActive = true
    package var expiresAt: WrittenMoment?
    package var purchasedBy: [MetadataEntry] = []
    package var createdAt: WrittenMoment?

    package init(
        place: SourcePlace, path: String, code: String, amount: Money, balance: Money,
        currency: Currency
    ) {
        self.place = place
        self.path = path
        self.code = code
        self.amount = amount
        self.balance = balance
        self.currency = currency
    }
}

/// A key and a text, in the order written.
package struct MetadataEntry: Hashable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// Where something stands in a definition file, for messages that a person can act on.
package struct SourcePlace: Hashable, Sendable {
    /// The path as the operator named it.
    package var file: String
    /// 1-based; 0 when the file as a whole is meant (it is missing, or cannot be read).
    package var line: Int
    /// In characters, 1-based; 0 when it is not known.
    package var column: Int

    package init(file: String, line: Int, column: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// As editors and terminals understand it: `coupons.yaml:12:5`, without what is not known.
    package var text: String {
        if line == 0 { return file }
        return column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
    }
}

/// One thing wrong with a definition.
package struct DefinitionFault: Error, Hashable, Sendable {
    package var place: SourcePlace
    /// The path of the field inside its file, such as `coupons[3].discount.percent`.
    package var field: String
    /// A sentence: what is wrong and, where it helps, what would be right.
    package var message: String

    package init(place: SourcePlace, field: String, message: String) {
        self.place = place
        self.field = field
        self.message = message
    }
}

extension DefinitionFault: CustomStringConvertible {
    /// `coupons.yaml:12:18: coupons[3].discount.percent: …`, without what is not known. One line,
    /// which does nothing to a terminal: texts of definitions are quoted in it.
    package var description: String {
        "\(place.text): \(field.isEmpty ? "" : field + ": ")\(message)".onOneLine
    }

    /// The same as a warning: `coupons.yaml:12:18: warning: coupons[3].ends_at: …`.
    package var warning: String {
        "\(place.text): warning: \(field.isEmpty ? "" : field + ": ")\(message)".onOneLine
    }
}

extension String {
    /// With control characters and line separators written out: `\n`, and others as `\u{1B}`.
    fileprivate var onOneLine: String {
        var line = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar == "\n": line.append(contentsOf: "\\n".unicodeScalars)
            case .control, .lineSeparator, .paragraphSeparator:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                line.append(contentsOf: "\\u{\(digits)}".unicodeScalars)
            default: line.append(scalar)
            }
        }
        return String(line)
    }
}
