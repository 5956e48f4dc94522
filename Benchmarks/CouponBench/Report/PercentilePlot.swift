import Foundation

// The distance from 100 % is what matters in a tail: the horizontal axis shows 0 %, 90 %, 99 %, … at
// equal distances, the vertical one times in equal ratios.

/// Latency over percentile, one curve for each candidate.
struct PercentilePlot: Encodable {
    struct Point: Encodable {
        /// 0 to 100.
        var percentile: Double
        var microseconds: Double
    }

    struct Series: Encodable {
        var name: String
        /// Ascending in both.
        var points: [Point]
        /// An index into ``Drawing/colors``: a candidate has the same one in all plots.
        var color: Int

        private enum CodingKeys: CodingKey { case name, points }
    }

    /// See ``Plot/name``.
    var name: String
    var title: String
    var series: [Series]

    private static let size = (width: 760.0, height: 420.0)
    private static let plotArea = (left: 80.0, top: 78.0, right: 36.0, bottom: 56.0)
    private static let percentiles = [0, 50, 90, 99, 99.9, percentileMax]
    /// What lies beyond stands on few requests.
    fileprivate static let percentileMax = 99.99

    private enum CodingKeys: CodingKey { case name, title, series }

    var svg: String {
        let area = Self.plotArea
        let (width, height) = (
            Self.size.width - area.left - area.right, Self.size.height - area.top - area.bottom
        )
        let base = area.top + height
        let axis = LogarithmicAxis(
            over: series.flatMap { $0.shownPoints.map(\.microseconds) }, length: height)
        var drawing = Drawing(width: Self.size.width, height: Self.size.height)
        drawing.words(title, x: area.left, y: 24, size: 15, isBold: true)
        for tick in axis.ticks {
            let y = base - axis.position(of: tick)
            drawing.line(
                from: .init(x: area.left, y: y), to: .init(x: area.left + width, y: y),
                color: Drawing.gridColor)
            drawing.words(
                NumberText.duration(microseconds: tick), x: area.left - 8, y: y + 4, anchor: .end,
                color: Drawing.faintInk)
        }
        for percentile in Self.percentiles {
            let x = area.left + Self.position(of: percentile) * width
            drawing.line(
                from: .init(x: x, y: area.top), to: .init(x: x, y: base),
                color: Drawing.gridColor)
            drawing.words(
                "\(percentile == percentile.rounded() ? "\(Int(percentile))" : "\(percentile)") %",
                x: x, y: base + 18, anchor: .middle, color: Drawing.faintInk)
        }
        drawing.words(
            "percentile of requests", x: area.left + width / 2, y: base + 42, anchor: .middle,
            color: Drawing.faintInk)
        drawing.upwardWords("latency, in equal ratios", x: 18, y: area.top + height / 2)

        for one in series {
            drawing.curve(
                one.shownPoints.map { point in
                    .init(
                        x: area.left + Self.position(of: point.percentile) * width,
                        y: base - axis.position(of: point.microseconds))
                }, color: Drawing.colors[one.color])
        }
        drawLegend(in: &drawing)
        return drawing.svg(title: title)
    }

    /// The share of the axis' length at which a percentile stands: equal for each nine.
    private static func position(of percentile: Double) -> Double {
        let nines = -log10(max(1 - percentile / 100, 1e-9))
        return nines / 4
    }

    private func drawLegend(in drawing: inout Drawing) {
        var x = Self.plotArea.left
        for one in series {
            drawing.rectangle(
                x: x, y: 43, width: 18, height: 4, fill: Drawing.colors[one.color])
            drawing.words(one.name, x: x + 24, y: 50)
            x += 24 + Double(one.name.count) * 7 + 22
        }
    }
}

extension PercentilePlot.Series {
    fileprivate var shownPoints: [PercentilePlot.Point] {
        points.filter { $0.percentile <= PercentilePlot.percentileMax }
    }
}
