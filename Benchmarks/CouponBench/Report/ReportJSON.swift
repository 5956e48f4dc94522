import Foundation

// A row is an object whose keys are the columns' names: a program asks for "requests per second"
// and need not count columns.

extension Report {
    /// For programs: one object, over several lines, keys sorted.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

extension Table: Encodable {
    private enum CodingKeys: CodingKey { case columns, rows }

    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var table = encoder.container(keyedBy: CodingKeys.self)
        try table.encode(columns, forKey: .columns)
        var list = table.nestedUnkeyedContainer(forKey: .rows)
        for row in rows {
            var object = list.nestedContainer(keyedBy: Name.self)
            for (column, value) in zip(columns, row) {
                try object.encode(value, forKey: Name(stringValue: column.name))
            }
        }
    }
}

extension Table.Value: Encodable {
    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .text(let text): try value.encode(text)
        // JSON has no other numbers than finite ones.
        case .number(let number, _) where number.isFinite: try value.encode(number)
        case .verdict(let verdict): try value.encode(verdict)
        case .number, .absent: try value.encodeNil()
        }
    }
}

extension Plot: Encodable {
    func encode(to encoder: any Encoder) throws {
        switch self {
        case .percentiles(let plot): try plot.encode(to: encoder)
        case .bars(let plot): try plot.encode(to: encoder)
        }
    }
}
