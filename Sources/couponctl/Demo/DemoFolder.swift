import Foundation

// Most of the day uses the project's sample catalog. The coupons that the day edits are in a second
// catalog file, which is written here.

/// The temporary folder of a demo: sockets, state, log and a catalog that is edited on the way.
struct DemoFolder {
    let url: URL

    /// Creates a folder that only this user can read.
    init() throws(DemoFault) {
        let name = "coupond-demo-\(ProcessInfo.processInfo.processIdentifier)"
        url = FileManager.default.temporaryDirectory.appending(path: name)
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
            try FileManager.default.createDirectory(at: state, withIntermediateDirectories: false)
        } catch {
            throw DemoFault("Cannot create \(url.path): \(error.localizedDescription)")
        }
    }

    var socket: URL { url.appending(path: "c.sock") }
    var adminSocket: URL { url.appending(path: "a.sock") }
    var state: URL { url.appending(path: "state") }
    var log: URL { url.appending(path: "coupond.log") }
    var catalog: URL { url.appending(path: "flash.yaml") }

    /// Replaces the demo's own catalog file in one step.
    func write(_ catalog: FlashCatalog) throws(DemoFault) {
        do {
            try Data(catalog.text.utf8).write(to: self.catalog, options: .atomic)
        } catch {
            throw DemoFault("Cannot write \(self.catalog.path): \(error.localizedDescription)")
        }
    }

    /// Removes the folder with everything in it.
    func remove() throws(DemoFault) {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            throw DemoFault("Cannot remove \(url.path): \(error.localizedDescription)")
        }
    }
}

/// The demo's own catalog: a coupon with few uses, and one for a first order.
struct FlashCatalog {
    static let code = "FLASH3"
    static let firstOrderCode = "HELLO10"

    /// How many orders may use the code.
    var limit: Int64
    /// The discount. More than 100 breaks the catalog.
    var percent: Int

    var text: String {
        """
        store: default
        currency: USD
        coupons:
        - id: demo_flash
          name: For the quickest
          type: discount
          codes: [\(Self.code)]
          discount: {kind: percentage, percent: \(percent)}
          limits: {total: \(limit)}
        - id: demo_hello
          name: For a first order from 100.00
          type: discount
          codes: [\(Self.firstOrderCode)]
          discount: {kind: percentage, percent: 10}
          requires: {min_subtotal: 10000, max_previous_orders: 0}

        """
    }
}

/// Finds the files that the demo uses.
enum DemoInputs {
    /// The daemon's executable: `path`, or else the one beside this program.
    static func daemon(_ path: String?) throws(DemoFault) -> URL {
        let own = Bundle.main.executableURL?.deletingLastPathComponent()
        guard let url = path.map({ URL(filePath: $0) }) ?? own?.appending(path: "coupond") else {
            throw DemoFault("Cannot find coupond: give --coupond PATH.")
        }
        guard FileManager.default.isExecutableFile(atPath: url.path) else {
            throw DemoFault("\(url.path) does not exist or cannot be run: give --coupond PATH.")
        }
        return url
    }

    /// The sample catalog: below the current folder or one of its parents, else of this program's.
    static func catalog(_ path: String?) throws(DemoFault) -> URL {
        if let path {
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw DemoFault("The catalog \(path) does not exist or cannot be read.")
            }
            return URL(filePath: path)
        }
        let current = URL(filePath: FileManager.default.currentDirectoryPath)
        let starts = [current, Bundle.main.executableURL?.deletingLastPathComponent()]
        for start in starts.compactMap(\.self) {
            var folder = start.standardizedFileURL
            while true {
                let candidate = folder.appending(path: "config/coupons.yaml")
                if FileManager.default.isReadableFile(atPath: candidate.path) { return candidate }
                if folder.path == "/" { break }
                folder.deleteLastPathComponent()
            }
        }
        throw DemoFault(
            "config/coupons.yaml was not found here or in a parent folder: give --catalog PATH.")
    }
}
