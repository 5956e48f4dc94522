/// An SVG picture under way: what the plots have in common. Lengths are in its own units, which are
/// pixels at its natural size; the origin is at the top left.
struct Drawing {
    enum Anchor: String {
        case start, middle, end
    }

    struct Point {
        var x: Double
        var y: Double
    }

    /// Distinct also to readers who do not see all colours (Okabe and Ito's, yellow left out).
    static let colors = [
        "#0072b2", "#6b6b6b", "#d55e00", "#cc79a7", "#009e73", "#e69f00", "#56b4e9",
    ]
    static let ink = "#1a1a1a"
    static let faintInk = "#555555"
    static let gridColor = "#e2e2e2"

    private let width: Double
    private let height: Double
    private var markup = ""

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
        rectangle(x: 0, y: 0, width: width, height: height, fill: "#ffffff")
    }

    /// The whole picture; `title` is what it is called where it cannot be seen.
    func svg(title: String) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(text(width))" height="\(text(height))" \
        viewBox="0 0 \(text(width)) \(text(height))" role="img" font-family="sans-serif">
        <title>\(title.markupEscaped)</title>
        \(markup)</svg>

        """
    }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, fill: String
    ) {
        markup +=
            "<rect x=\"\(text(x))\" y=\"\(text(y))\" width=\"\(text(width))\" "
            + "height=\"\(text(height))\" fill=\"\(fill)\"/>\n"
    }

    mutating func line(from start: Point, to end: Point, color: String) {
        markup +=
            "<line x1=\"\(text(start.x))\" y1=\"\(text(start.y))\" x2=\"\(text(end.x))\" "
            + "y2=\"\(text(end.y))\" stroke=\"\(color)\"/>\n"
    }

    /// A line through several points.
    mutating func curve(_ points: [Point], color: String) {
        let list = points.map { "\(text($0.x)),\(text($0.y))" }.joined(separator: " ")
        markup +=
            "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\" "
            + "stroke-linejoin=\"round\"/>\n"
    }

    /// Words, whose base line is at `y`.
    mutating func words(
        _ words: String, x: Double, y: Double, anchor: Anchor = .start, size: Int = 12,
        color: String = Drawing.ink, isBold: Bool = false
    ) {
        markup +=
            "<text x=\"\(text(x))\" y=\"\(text(y))\" font-size=\"\(size)\" "
            + "text-anchor=\"\(anchor.rawValue)\" fill=\"\(color)\""
            + (isBold ? " font-weight=\"bold\"" : "") + ">\(words.markupEscaped)</text>\n"
    }

    /// Words that run upwards and have their middle at the point.
    mutating func upwardWords(_ words: String, x: Double, y: Double) {
        markup +=
            "<text transform=\"translate(\(text(x)) \(text(y))) rotate(-90)\" font-size=\"12\" "
            + "text-anchor=\"middle\" fill=\"\(Self.faintInk)\">\(words.markupEscaped)</text>\n"
    }

    /// A tenth of a pixel is as exact as anybody sees.
    private func text(_ length: Double) -> String {
        let tenths = Int((length * 10).rounded())
        return tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }
}
