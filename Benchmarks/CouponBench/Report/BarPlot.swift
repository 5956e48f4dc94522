/// Bars in groups, each with its name before and its figure behind it.
struct BarPlot: Encodable {
    struct Bar: Encodable {
        var name: String
        /// From 0 up.
        var value: Double
        /// An index into ``Drawing/colors``: a candidate has the same one in all plots.
        var color: Int

        private enum CodingKeys: CodingKey { case name, value }
    }

    struct Group: Encodable {
        var title: String
        var bars: [Bar]
    }

    /// See ``Plot/name``.
    var name: String
    var title: String
    /// What the bars measure, with its unit.
    var quantity: String
    var groups: [Group]

    private enum CodingKeys: CodingKey { case name, title, quantity, groups }

    private static let width = 760.0
    private static let left = 170.0
    /// Room for the figure behind the longest bar.
    private static let right = 90.0
    private static let top = 44.0
    private static let bottom = 56.0
    private static let barHeight = 16.0
    private static let barDistance = 20.0
    private static let headingHeight = 26.0
    private static let groupGap = 10.0

    var svg: String {
        let barsHeight = groups.reduce(0.0) { height, group in
            height + Self.headingHeight + Double(group.bars.count) * Self.barDistance
                + Self.groupGap
        }
        let base = Self.top + barsHeight
        let axis = LinearAxis(
            upTo: groups.flatMap { $0.bars.map(\.value) }.max() ?? 0,
            length: Self.width - Self.left - Self.right)
        var drawing = Drawing(width: Self.width, height: base + Self.bottom)
        drawing.words(title, x: 16, y: 24, size: 15, isBold: true)
        for tick in axis.ticks {
            let x = Self.left + axis.position(of: tick)
            drawing.line(
                from: .init(x: x, y: Self.top), to: .init(x: x, y: base), color: Drawing.gridColor)
            drawing.words(
                Self.text(tick), x: x, y: base + 18, anchor: .middle, color: Drawing.faintInk)
        }
        drawing.words(
            quantity, x: Self.left + axis.position(of: .infinity) / 2, y: base + 42,
            anchor: .middle, color: Drawing.faintInk)

        var y = Self.top
        for group in groups {
            drawing.words(group.title, x: 16, y: y + 17, size: 12, isBold: true)
            y += Self.headingHeight
            for bar in group.bars {
                let length = axis.position(of: bar.value)
                drawing.words(bar.name, x: Self.left - 8, y: y + 12, anchor: .end)
                drawing.rectangle(
                    x: Self.left, y: y, width: length, height: Self.barHeight,
                    fill: Drawing.colors[bar.color])
                drawing.words(Self.text(bar.value), x: Self.left + length + 6, y: y + 12)
                y += Self.barDistance
            }
            y += Self.groupGap
        }
        return drawing.svg(title: title)
    }

    private static func text(_ value: Double) -> String {
        value == value.rounded()
            ? NumberText.grouped(value, decimals: 0) : NumberText.short(value)
    }
}
