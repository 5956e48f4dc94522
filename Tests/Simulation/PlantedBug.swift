/// A bug.
package enum PlantedBug: String, CaseIterable, Sendable {
    case reusesASalt, repliesBeforeSync

    var interference: (any DiskInterference)? { nil }
}
