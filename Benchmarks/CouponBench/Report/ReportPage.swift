// One file that needs nothing else: the drawings stand in it, and there is no script.

extension Report {
    /// For readers: a whole HTML document.
    var html: String {
        var page = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>\(title.markupEscaped)</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <h1>\(title.markupEscaped)</h1>

            """
        if !facts.isEmpty {
            page += "<dl>\n"
            for fact in facts {
                page += "<dt>\(fact.name.markupEscaped)</dt>"
                page += "<dd>\(fact.value.markupEscaped)</dd>\n"
            }
            page += "</dl>\n"
        }
        for section in sections { page += section.html }
        return page + "</body>\n</html>\n"
    }

    private static let style = """
        body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #ffffff;
          max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; }
        h2 { font-size: 1.2rem; margin-top: 2.5rem; }
        dl { display: grid; grid-template-columns: max-content auto; gap: .1rem 1.2rem; }
        dt { color: #555555; }
        dd { margin: 0; }
        table { border-collapse: collapse; margin: 1rem 0; font-size: .9rem; }
        th, td { padding: .3rem .7rem; text-align: left; vertical-align: top;
          border-bottom: 1px solid #e0e0e0; }
        th { border-bottom-color: #1a1a1a; font-weight: 600; }
        th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
        td.met { color: #00694f; font-weight: 600; }
        td.missed { color: #b23a00; font-weight: 600; }
        p.note { color: #444444; font-size: .9rem; }
        figure { margin: 1.5rem 0; }
        svg { max-width: 100%; height: auto; }
        """
}

extension Report.Section {
    fileprivate var html: String {
        var markup = "<section>\n<h2>\(title.markupEscaped)</h2>\n"
        for paragraph in about { markup += "<p>\(paragraph.markupEscaped)</p>\n" }
        if let table { markup += table.html }
        for note in notes { markup += "<p class=\"note\">\(note.markupEscaped)</p>\n" }
        for plot in plots { markup += "<figure>\n\(plot.svg)</figure>\n" }
        return markup + "</section>\n"
    }
}

extension Table {
    fileprivate var html: String {
        var markup = "<table>\n<thead><tr>"
        for (index, column) in columns.enumerated() {
            let isNumber = rows.contains { $0[index].isNumber }
            markup += isNumber ? "<th class=\"number\">" : "<th>"
            markup += "\(column.heading.markupEscaped)</th>"
        }
        markup += "</tr></thead>\n<tbody>\n"
        for row in rows {
            let cells = row.map { "<td\($0.markupClass)>\($0.shown.markupEscaped)</td>" }
            markup += "<tr>\(cells.joined())</tr>\n"
        }
        return markup + "</tbody>\n</table>\n"
    }
}

extension Table.Value {
    fileprivate var markupClass: String {
        switch self {
        case .number, .absent: " class=\"number\""
        case .verdict(.met): " class=\"met\""
        case .verdict(.missed): " class=\"missed\""
        case .verdict(.notJudged), .text: ""
        }
    }
}

extension String {
    /// With the characters that mean something in HTML and SVG replaced.
    var markupEscaped: String {
        var escaped = ""
        for character in self {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
