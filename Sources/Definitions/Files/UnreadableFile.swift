import Foundation

/// Why a file that is named somewhere cannot be read, in a sentence for its author: the system
/// library's own errors name domains and codes.
package enum UnreadableFile: Error, Equatable, Sendable {
    case missing
    case folder
    case notRegular
    case forbidden
    /// It was there, and reading it went wrong.
    case failing

    /// Finds out what would keep the file at `path` from being read.
    static func check(_ path: String) throws(UnreadableFile) {
        // Attributes are those of a symbolic link itself; what counts is where it leads.
        let target = path.resolved
        let type: FileAttributeType?
        do {
            type =
                try FileManager.default.attributesOfItem(atPath: target)[.type]
                as? FileAttributeType
        } catch {
            throw .missing
        }
        if type == .typeDirectory { throw .folder }
        if type != .typeRegular { throw .notRegular }
        if !FileManager.default.isReadableFile(atPath: target) { throw .forbidden }
    }

    /// A sentence about the file.
    package var explanation: String {
        switch self {
        case .missing: "The file does not exist or cannot be reached."
        case .folder: "It is a folder, not a file."
        case .notRegular: "It is not a regular file."
        case .forbidden: "This program does not have permission to read it."
        case .failing: "Reading it failed: the disk or the file system had an error."
        }
    }
}

extension String {
    /// The path without symbolic links and detours, from the root: the same for every way of
    /// naming one file.
    var resolved: String { URL(fileURLWithPath: self).resolvingSymlinksInPath().path }
}
