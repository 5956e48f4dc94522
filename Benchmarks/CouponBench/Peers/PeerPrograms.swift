import Foundation

/// Where the programs and files of a comparison are.
struct PeerPrograms {
    /// The folder with coupond and the echo.
    let binaries: String
    /// The folder with the peers' functions.
    let functions: String

    /// Without `binaries` they are where this program is; without a `checkout` it is the one that
    /// the current folder or the binaries are in.
    init(binaries: String?, checkout: String? = nil) throws(ProcessFault) {
        let own = Bundle.main.executableURL?.deletingLastPathComponent().path
        self.binaries = URL(filePath: binaries ?? own ?? ".").standardizedFileURL.path
        functions = try Self.functions(above: [
            checkout ?? FileManager.default.currentDirectoryPath, self.binaries,
        ])
    }

    var coupond: String { "\(binaries)/coupond" }
    var echo: String { "\(binaries)/echo-floor" }

    /// The text of a file of functions.
    func text(_ name: String) throws(ProcessFault) -> String {
        let path = "\(functions)/\(name)"
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }

    static func redisServer() throws(ProcessFault) -> String {
        guard let path = program("redis-server", in: searchPath) else {
            throw .missing(
                program: "redis-server",
                remedy: "install the Debian package redis-server, or say --without redis.")
        }
        return path
    }

    /// The folder with `initdb` and `postgres`: Debian has one for each version, not on the path.
    static func postgresFolder() throws(ProcessFault) -> String {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
            .compactMap { Int($0) }.sorted(by: >)
        let folders = versions.map { "\(root)/\($0)/bin" } + searchPath
        let found = folders.first { folder in
            ["initdb", "postgres"].allSatisfy { program($0, in: [folder]) != nil }
        }
        guard let found else {
            throw .missing(
                program: "PostgreSQL server",
                remedy: "install the Debian package postgresql, or say --without postgres.")
        }
        return found
    }

    /// The program that starts another one as another user.
    static func setpriv() throws(ProcessFault) -> String {
        guard let path = program("setpriv", in: searchPath) else {
            throw .missing(
                program: "setpriv",
                remedy: "PostgreSQL does not run as root; install the Debian package util-linux.")
        }
        return path
    }

    private static var searchPath: [String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").map(String.init) + ["/usr/bin", "/usr/local/bin"]
    }

    private static func program(_ name: String, in folders: [String]) -> String? {
        folders.map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    private static func functions(above starts: [String]) throws(ProcessFault) -> String {
        for start in starts {
            var folder = URL(filePath: start).standardizedFileURL
            while true {
                let candidate = folder.appending(path: "Benchmarks/Peers").path
                if FileManager.default.isReadableFile(atPath: "\(candidate)/coupons.lua") {
                    return candidate
                }
                if folder.path == "/" { break }
                folder.deleteLastPathComponent()
            }
        }
        throw .missing(
            program: "Benchmarks/Peers/coupons.lua here or above",
            remedy: "run this in a checkout of the project.")
    }
}
