// Normalisation form KC comes from Foundation. The standard library has the case mappings of a
// scalar but no case folding; lower(upper(lower(x))) of each scalar puts the same scalars together
// as Unicode's full case folding does, after normalisation, with one exception that is made by hand:
// the dotless ı, whose capital is the I that has a dot when it is small. (Compared for every
// assigned scalar with another implementation of Unicode. ß and SS, ς and Σ, K and the Kelvin sign
// come out the same; İ stays apart from I.)

import Definitions
import Foundation

extension String {
    /// Trimmed of Unicode space and zero-width characters, in normalisation form KC.
    func normalisedAsCode() -> String {
        // Foundation leaves marks out of order behind some spacing accents; a second time puts them
        // right. Both turn a lone accent into a space and a mark: trim once more.
        trimmed.precomposedStringWithCompatibilityMapping
            .precomposedStringWithCompatibilityMapping.trimmed
    }

    /// Equal for two texts in normalisation form KC that differ only in case.
    func caseFolded() -> String {
        var folded = ""
        for scalar in unicodeScalars {
            if scalar == "ı" {
                folded.unicodeScalars.append(scalar)
            } else {
                folded += scalar.properties.lowercaseMapping.upperCased().lowerCased()
            }
        }
        // Mappings of several scalars can leave marks out of order.
        return folded.precomposedStringWithCompatibilityMapping
    }

    /// Each scalar by its own mapping, unlike `uppercased()`, which depends on what is around it.
    private func upperCased() -> String {
        unicodeScalars.reduce(into: "") { $0 += $1.properties.uppercaseMapping }
    }

    private func lowerCased() -> String {
        unicodeScalars.reduce(into: "") { $0 += $1.properties.lowercaseMapping }
    }
}
