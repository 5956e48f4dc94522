import Foundation
import Glibc
import LoadGenerator

/// A PostgreSQL whose functions do what coupond does; see Benchmarks/Peers/coupons.sql.
struct PostgresPeer: AnsweringPeer {
    let process: ServerProcess
    /// As the server reports it.
    let version: String
    /// What its connections promise from now on.
    var durability = Durability.always
    private let socketPath: String
    private let dialogue: PostgresDialogue
    private static let readyTimeoutSeconds = 30
    private static let user = "bench"
    private static let database = "postgres"

    /// Starts a server without data and makes the coupons known to it.
    init(on bench: Workbench, _ programs: PeerPrograms) throws(ProcessFault) {
        let binaries = try PeerPrograms.postgresFolder()
        let (data, sockets) = (try bench.folder("pgdata"), try bench.folder("pg"))
        for folder in [data, sockets] { try Self.giveAway(folder) }
        let initialisation = try Self.start(
            on: bench, "initdb", "\(binaries)/initdb",
            [
                "--pgdata", data, "--username", Self.user, "--auth", "trust", "--no-sync",
                "--encoding", "UTF8", "--locale", "C",
            ])
        try initialisation.waitForSuccess()
        let settings = [
            "listen_addresses=", "unix_socket_directories=\(sockets)", "fsync=on",
            "shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=1h",
            "max_connections=300",
        ]
        process = try Self.start(
            on: bench, Candidate.postgres.name, "\(binaries)/postgres",
            ["-D", data] + settings.flatMap { ["-c", $0] })
        let path = "\(sockets)/.s.PGSQL.5432"
        socketPath = path
        try process.wait(seconds: Self.readyTimeoutSeconds) {
            (try? PostgresDialogue(path)) != nil
        }
        dialogue = try PostgresDialogue(path)
        try dialogue.ask(programs.text("coupons.sql"))
        try dialogue.ask(PeerCoupon.all.map(\.insertStatement).joined(separator: "\n"))
        try dialogue.ask("VACUUM ANALYZE")
        version = try dialogue.ask("SHOW server_version").first ?? "?"
    }

    var name: String { Candidate.postgres.name }

    func target(for request: PeerRequest, _ pace: Pace) -> Target {
        var target = Target(
            socketPath: socketPath, framing: .postgres, handshake: Self.startup)
        // A connection of one request would prepare its statement for that one.
        if case .connectionPerRequest = pace { return target }
        target.preparation = [
            Postgres.query("SET synchronous_commit = \(durability == .always ? "on" : "off")"),
            Postgres.query(
                "PREPARE one AS \(Self.statement(request, ["$1", "$2", "$3", "$4", "$5"]))"),
        ]
        return target
    }

    func template(
        of request: PeerRequest, _ pace: Pace
    ) throws(MixFault) -> RequestTemplate {
        let values = Self.values(request)
        if case .connectionPerRequest = pace {
            return try RequestTemplate(postgresQuery: Self.statement(request, values))
        }
        return try RequestTemplate(postgresQuery: "EXECUTE one(\(values.joined(separator: ",")))")
    }

    func answer(to request: PeerRequest) throws(ProcessFault) -> PeerAnswer {
        let columns: [String]
        do throws(ProcessFault) {
            columns = try dialogue.ask(Self.statement(request, Self.values(request)))
        } catch {
            if case .dialogue(_, let reason) = error, reason.contains("CP409") { return .conflict }
            throw error
        }
        guard columns.count == 3 else {
            throw .dialogue(socket: socketPath, reason: "a row of \(columns)")
        }
        if columns[0] == "t", let discount = Int(columns[1]) {
            return .accepted(discount: discount)
        }
        return .refused(reason: columns[2])
    }

    private static func statement(_ request: PeerRequest, _ values: [String]) -> String {
        switch request.operation {
        case .validate:
            "SELECT * FROM validate_coupon(\(values.prefix(4).joined(separator: ",")))"
        case .apply: "SELECT * FROM apply_coupon(\(values.joined(separator: ",")))"
        }
    }

    /// None of the texts has a quote in it.
    private static func values(_ request: PeerRequest) -> [String] {
        let now = "'\(Date().ISO8601Format())'"
        let (code, customer) = ("'\(request.code)'", "'\(request.customer)'")
        let cart = "'\(request.cart.json)'"
        return switch request.operation {
        case .validate: [code, customer, now, cart]
        case .apply(let order): [code, customer, "'\(order)'", now, cart]
        }
    }

    fileprivate static let startup = Postgres.startup(user: user, database: database)

    // MARK: Another user

    /// PostgreSQL refuses to run as root: then it runs as the user that its package made.
    private static let ownUser = "postgres"

    private static var runsAsRoot: Bool { geteuid() == 0 }

    private static func giveAway(_ folder: String) throws(ProcessFault) {
        guard runsAsRoot else { return }
        do {
            try FileManager.default.setAttributes(
                [.ownerAccountName: ownUser, .groupOwnerAccountName: ownUser], ofItemAtPath: folder)
        } catch {
            throw .file(path: folder, reason: error.localizedDescription)
        }
    }

    /// Starts a program of PostgreSQL; of the server, SIGQUIT ends all processes at once.
    private static func start(
        on bench: Workbench, _ name: String, _ program: String, _ arguments: [String]
    ) throws(ProcessFault) -> ServerProcess {
        guard runsAsRoot else {
            return try bench.start(
                name, executable: program, arguments: arguments, endSignal: SIGQUIT)
        }
        return try bench.start(
            name, executable: PeerPrograms.setpriv(),
            arguments: ["--reuid", ownUser, "--regid", ownUser, "--init-groups", program]
                + arguments, endSignal: SIGQUIT)
    }
}

/// Queries to PostgreSQL, one after the other.
private struct PostgresDialogue {
    private let dialogue: Dialogue
    private let path: String

    init(_ path: String) throws(ProcessFault) {
        self.path = path
        dialogue = try Dialogue(path)
        try exchange(PostgresPeer.startup)
    }

    /// Sends statements and returns the columns of the last row they gave, as text; an error is
    /// thrown with all its fields.
    @discardableResult
    func ask(_ statements: String) throws(ProcessFault) -> [String] {
        try exchange(Postgres.query(statements))
    }

    @discardableResult
    private func exchange(_ bytes: [UInt8]) throws(ProcessFault) -> [String] {
        let reply = try dialogue.exchange(bytes) { bytes in
            Self.messages(bytes).first { $0.kind == UInt8(ascii: "Z") }?.body.endIndex
        }
        var columns: [String] = []
        for message in Self.messages(reply) {
            if message.kind == UInt8(ascii: "E") {
                let fields = message.body.split(separator: 0).map {
                    String(decoding: $0, as: UTF8.self)
                }
                throw .dialogue(socket: path, reason: fields.joined(separator: " "))
            }
            if message.kind == UInt8(ascii: "D") { columns = Self.columns(message.body) }
        }
        return columns
    }

    private static func messages(
        _ bytes: [UInt8]
    ) -> [(kind: UInt8, body: ArraySlice<UInt8>)] {
        var found: [(kind: UInt8, body: ArraySlice<UInt8>)] = []
        var rest = bytes[...]
        while rest.count >= 5 {
            let end = rest.startIndex + 1 + number(rest.dropFirst().prefix(4))
            if end > rest.endIndex || end < rest.startIndex + 5 { break }
            found.append((rest[rest.startIndex], rest[(rest.startIndex + 5)..<end]))
            rest = rest[end...]
        }
        return found
    }

    /// A null is an empty text.
    private static func columns(_ row: ArraySlice<UInt8>) -> [String] {
        var columns: [String] = []
        var rest = row.dropFirst(2)
        while rest.count >= 4 {
            let length = number(rest.prefix(4))
            rest = rest.dropFirst(4)
            let body = rest.prefix(length == 0xffff_ffff ? 0 : length)
            columns.append(String(decoding: body, as: UTF8.self))
            rest = rest.dropFirst(body.count)
        }
        return columns
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}
