import Definitions
import CouponCatalog
import CouponRules
import Foundation
import SystemPackage

extension Configuration {
    /// The configuration of a daemon with this command line.
    static func read(_ overrides: Overrides) throws(StartFault) -> Configuration {
        var file: Configuration?
        if let path = overrides.configurationPath { file = try read(file: path) }
        do throws(UsageFault) {
            return try Configuration(file: file, overrides: overrides)
        } catch {
            throw .usage(error)
        }
    }

    private static func read(file path: String) throws(StartFault) -> Configuration {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .unreadableConfiguration(path: path, Errno(of: error))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalidDefinitions([
                DefinitionFault(
                    place: SourcePlace(file: path, line: 0), field: "", message: "It is not UTF-8.")
            ])
        }
        do throws(InvalidConfiguration) {
            return try Configuration(reading: text, path: path)
        } catch {
            throw .invalidDefinitions(error.faults)
        }
    }
}
