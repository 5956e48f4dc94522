import CouponStore
import Foundation

// The state that is damaged: orders o-1 … o-7 with a record each. The snapshot holds 1 and 2; the first
// segment has these, the second one 3 and 4, the third one the rest and the mark that 7 is durable.

/// A way to damage a state, and what can be saved of it.
package struct DamageCase: Sendable, CustomStringConvertible {
    package struct Saved: Equatable, Sendable {
        package var orders: Int
        /// Uses of the coupon that all orders use.
        package var used: UInt64
        /// The first and the last lost record; nil where nothing is lost, and a last one of nil where
        /// their number is unknown.
        package var lost: [UInt64?]

        package init(orders: Int, used: UInt64, lost: [UInt64?] = []) {
            self.orders = orders
            self.used = used
            self.lost = lost
        }
    }

    package let name: String
    /// Whether a start refuses.
    package var isRefused = true
    /// Whether the tool that shows the journal reports it.
    package var isShown = true
    package var upToDamage: Saved
    package var pastDamage: Saved
    package let damage: @Sendable (StateFiles) throws -> Void

    package var description: String { name }

    init(
        _ name: String, _ upToDamage: Saved, _ pastDamage: Saved, isRefused: Bool = true,
        isShown: Bool = true, _ damage: @escaping @Sendable (StateFiles) throws -> Void
    ) {
        self.name = name
        self.upToDamage = upToDamage
        self.pastDamage = pastDamage
        self.isRefused = isRefused
        self.isShown = isShown
        self.damage = damage
    }

    /// Writes the state, and damages it.
    package func make(in directory: String) throws {
        var state = try StateSketch(in: directory)
        for order in 1...2 { state.apply("o-\(order)") }
        try state.compact()
        for order in 3...4 { state.apply("o-\(order)") }
        state.roll()
        for order in 5...7 { state.apply("o-\(order)") }
        state.mark()
        try state.close()
        try damage(StateFiles(directory))
    }

    private static let all = Saved(orders: 7, used: 7)

    package static let table: [DamageCase] = [
        DamageCase("nothing", all, all, isRefused: false, isShown: false) { _ in },
        DamageCase(
            "a bit of a batch", Saved(orders: 2, used: 2, lost: [3, 7]),
            Saved(orders: 6, used: 7, lost: [3, 3])
        ) { files in
            try StateFiles.flip(
                files.segments[1], at: StateFiles.batches(of: files.segments[1])[0] + 99)
        },
        DamageCase(
            "a bit of a batch in the last segment", Saved(orders: 5, used: 5, lost: [6, 7]),
            Saved(orders: 6, used: 7, lost: [6, 6])
        ) { files in
            let path = try files.segments[2]
            try StateFiles.flip(path, at: StateFiles.batches(of: path)[1] + 40)
        },
        DamageCase(
            "a batch that was never written", Saved(orders: 4, used: 4, lost: [5, 7]),
            Saved(orders: 6, used: 7, lost: [5, 5])
        ) { files in
            let path = try files.segments[2]
            let batches = try StateFiles.batches(of: path)
            try StateFiles.wipe(path, batches[0]..<batches[1])
        },
        DamageCase(
            "two batches, and the last record of all", Saved(orders: 2, used: 2, lost: [3, 7]),
            Saved(orders: 5, used: 6, lost: [3, 3, 7, 7])
        ) { files in
            let (second, third) = (try files.segments[1], try files.segments[2])
            try StateFiles.flip(second, at: StateFiles.batches(of: second)[0])
            try StateFiles.flip(third, at: StateFiles.batches(of: third)[2] + 70)
        },
        DamageCase(
            "the header of the last segment", Saved(orders: 4, used: 4, lost: [5, 7]), all
        ) { files in try StateFiles.flip(files.segments[2], at: 20) },
        DamageCase(
            "a segment that is missing", Saved(orders: 2, used: 2, lost: [3, 7]),
            Saved(orders: 5, used: 7, lost: [3, 4])
        ) { files in try FileManager.default.removeItem(atPath: files.segments[1]) },
        DamageCase(
            "the last segment, missing", Saved(orders: 4, used: 4, lost: [5, nil]),
            Saved(orders: 4, used: 4, lost: [5, nil])
        ) { files in try FileManager.default.removeItem(atPath: files.segments[2]) },
        DamageCase(
            "the last segment, missing, where no seal names it",
            Saved(orders: 4, used: 4, lost: [5, nil]), Saved(orders: 4, used: 4, lost: [5, nil])
        ) { files in
            let (second, third) = (try files.segments[1], try files.segments[2])
            let end = try StateFiles.batches(of: second).last ?? 0
            try StateFiles.wipe(second, end - 512..<end)
            try FileManager.default.removeItem(atPath: third)
        },
        DamageCase(
            "the anchor, missing", Saved(orders: 7, used: 7, lost: [8, nil]),
            Saved(orders: 7, used: 7, lost: [8, nil])
        ) { files in try FileManager.default.removeItem(atPath: files.directory + "/anchor") },
        DamageCase(
            "a bit of the anchor", Saved(orders: 7, used: 7, lost: [8, nil]),
            Saved(orders: 7, used: 7, lost: [8, nil])
        ) { files in try StateFiles.flip(files.directory + "/anchor", at: 20) },
        DamageCase(
            "the last segment, empty", Saved(orders: 4, used: 4, lost: [5, nil]),
            Saved(orders: 4, used: 4, lost: [5, nil])
        ) { files in try Data().write(to: URL(filePath: files.segments[2])) },
        DamageCase(
            "a segment that was cut", Saved(orders: 3, used: 3, lost: [4, 7]),
            Saved(orders: 6, used: 7, lost: [4, 4])
        ) { files in
            let path = try files.segments[1]
            let end = try StateFiles.batches(of: path)[1] + 80
            try StateFiles.change(path) { $0.removeSubrange(end...) }
        },
        DamageCase(
            "a segment under another's name", Saved(orders: 2, used: 2, lost: [3, 7]), all
        ) { files in
            let other = SegmentName(generation: 9, firstSequence: 3).text
            try FileManager.default.moveItem(
                atPath: files.segments[1], toPath: "\(files.directory)/\(other)")
        },
        DamageCase(
            "what the snapshot holds, too", all, all, isRefused: false
        ) { files in try StateFiles.flip(files.segments[0], at: 700) },
        DamageCase("what was never acknowledged", all, all, isRefused: false, isShown: false) {
            files in
            let path = try files.segments[2]
            let mark = try StateFiles.batches(of: path)[3]
            try StateFiles.change(path) {
                $0.replaceSubrange(mark + 512..<mark + 516, with: [1, 2, 3, 4])
            }
        },
    ]
}
