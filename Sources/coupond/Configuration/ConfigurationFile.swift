// The configuration file is read with the same reader as the definition files, so that a mistake
// looks the same in both: file, line, field, what was found, and what was probably meant. Scalars
// are read as written (a mode is `0660`, not the number that YAML would read), unknown keys are
// refused, and all mistakes are reported at once.

import Definitions
import CouponCatalog
import CouponService
import CouponWire
import Logging

/// A configuration with mistakes.
struct InvalidConfiguration: Error, Equatable {
    /// At least one.
    var faults: [DefinitionFault]
}

extension Configuration {
    /// Reads a configuration file. Its paths are relative to its own directory.
    init(reading text: String, path: String) throws(InvalidConfiguration) {
        var configuration = Configuration()
        let faults = readSettings(text: text, path: path) { file in configuration.read(&file) }
        if !faults.isEmpty { throw InvalidConfiguration(faults: faults) }
        self = configuration
    }

    private mutating func read(_ file: inout FieldMap) {
        if let sockets = file.take("sockets") { self.sockets = SocketSettings.readList(sockets) }
        if var map = file.take("state")?.map() {
            state.read(&map)
            map.refuseUnknownKeys()
        }
        if let catalog = file.take("catalog") {
            catalogPaths = catalog.list().compactMap { $0.filePath() }
        }
        if var map = file.take("reload")?.map() {
            map.read("shrink_percent", in: 0...100) { reload.shrinkPercent = $0 }
            map.read("timeout_seconds", in: 1...86_400) { reload.timeoutSeconds = $0 }
            map.refuseUnknownKeys()
        }
        if var map = file.take("limits")?.map() {
            readLimits(&map)
            map.refuseUnknownKeys()
        }
        if var map = file.take("snapshot")?.map() {
            map.read("interval_seconds", in: 1...86_400) { snapshots.intervalSeconds = $0 }
            map.read("growth_percent", in: 1...10_000) { snapshots.growthPercent = $0 }
            map.refuseUnknownKeys()
        }
        if var map = file.take("journal")?.map() {
            journal.read(&map)
            map.refuseUnknownKeys()
        }
        snapshots.growthBytesMin = journal.segmentByteCount
        if var map = file.take("orders")?.map() {
            orders.read(&map)
            map.refuseUnknownKeys()
        }
        if var map = file.take("log")?.map() {
            log.read(&map)
            map.refuseUnknownKeys()
        }
    }

    private mutating func readLimits(_ map: inout FieldMap) {
        map.read("line_bytes", in: 1_024...16_777_216) { limits.lineBytesMax = Int($0) }
        map.read("lines_per_turn", in: 1...1_000_000) { limits.linesPerTurnMax = Int($0) }
        map.read("connections", in: 1...1_000_000) { limits.connectionsMax = Int($0) }
        map.read("admin_connections", in: 1...1_000_000) { limits.adminConnectionsMax = Int($0) }
        map.read("output_bytes", in: 4_096...1_073_741_824) { limits.outputBytesMax = Int($0) }
        map.read("orders", in: 1...2_000_000_000) { limits.ordersMax = Int($0) }
        map.read("idle_timeout_seconds", in: 0...31_536_000) { seconds in
            idleTimeoutSeconds = seconds == 0 ? nil : seconds
        }
    }
}

extension SocketSettings {
    fileprivate static func readList(_ list: DefinitionField) -> [SocketSettings] {
        if list.isEmptyList {
            list.refuse("The daemon needs at least one socket.")
        }
        var sockets: [SocketSettings] = []
        for element in list.list() {
            guard var map = element.map() else { continue }
            let socket = SocketSettings(reading: &map)
            map.refuseUnknownKeys()
            guard let socket else { continue }
            if sockets.contains(where: { $0.path == socket.path }) {
                element.refuse("Another socket has the path \(socket.path) already.")
            }
            if let name = socket.name, sockets.contains(where: { $0.name == name }) {
                element.refuse("Another socket has the name \(name) already.")
            }
            sockets.append(socket)
        }
        return sockets
    }

    private init?(reading map: inout FieldMap) {
        let path = map.require("path", "clients connect there")?.filePath()
        let role = map.require("role", "it says what clients may do")?
            .choice(Role.allCases.map { (name: $0.name, value: $0) })
        var socket = SocketSettings(path: path ?? "", role: role ?? .storefront)
        socket.name = map.take("name")?.name()
        if let mode = map.take("mode")?.fileMode() { socket.mode = mode }
        socket.owner = map.take("owner")?.name()
        socket.group = map.take("group")?.name()
        if let stores = map.take("stores") {
            socket.stores = stores.nonEmptyList("Leave it out to allow every store.")
                .compactMap { $0.name() }
        }
        if let users = map.take("allow_uids") {
            socket.allowedUserIDs = users.nonEmptyList("Leave it out to let every user in.")
                .compactMap { $0.userID() }
        }
        if path == nil || role == nil { return nil }
        self = socket
    }
}

extension StateSettings {
    fileprivate mutating func read(_ map: inout FieldMap) {
        if let path = map.take("directory")?.filePath() { directory = path }
        if let choice = map.take("create")?.choice(of: Creation.self) { creation = choice }
    }
}

extension JournalSettings {
    fileprivate mutating func read(_ map: inout FieldMap) {
        if let choice = map.take("durability")?.choice(of: DurabilityMode.self) {
            durability = choice
        }
        map.read("segment_mib", in: 1...1_024) { segmentMiB = $0 }
    }
}

extension OrderFileSettings {
    fileprivate mutating func read(_ map: inout FieldMap) {
        if let time = map.take("forget_unused")?.milliseconds() {
            settings.keeping.unusedMilliseconds = time
        }
        if let time = map.take("retention")?.milliseconds() {
            settings.keeping.retentionMilliseconds = time
        }
        if let path = map.take("archive")?.filePath() { archiveFolder = path }
    }
}

extension LogSettings {
    fileprivate mutating func read(_ map: inout FieldMap) {
        if let choice = map.take("level")?.choice(of: Logger.Level.self) { level = choice }
        file = map.take("file")?.filePath()
    }
}

extension FieldMap {
    fileprivate mutating func read(
        _ key: String, in range: ClosedRange<Int64>, assign: (Int64) -> Void
    ) {
        if let number = take(key)?.integer(in: range) { assign(number) }
    }
}

extension DefinitionField {
    /// A length of time such as `24h`: a whole number and `s`, `m`, `h` or `d`.
    fileprivate func milliseconds() -> Int64? {
        guard let text = text() else { return nil }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let secondsMax: Int64 = 36_500 * 86_400
        if let last = text.last, let unit = units[last], let number = Int64(text.dropLast()),
            number > 0, number <= secondsMax / unit
        {
            return number * unit * 1_000
        }
        refuse(
            "`\(text.shortened)` is not a length of time: write a whole number and s, m, h or d,"
                + " such as 24h or 400d; at most 36500d.")
        return nil
    }

    /// Access rights in octal digits, such as `0660`.
    fileprivate func fileMode() -> UInt32? {
        guard let text = text() else { return nil }
        if let mode = UInt32(text, radix: 8), mode <= 0o777 { return mode }
        refuse("`\(text.shortened)` is not an access mode: write octal digits, such as 0660.")
        return nil
    }

    fileprivate func userID() -> UInt32? {
        // To the kernel, an id of all ones means "no user".
        integer(in: 0...Int64(UInt32.max) - 1).map { UInt32($0) }
    }

    fileprivate func nonEmptyList(_ advice: String) -> [DefinitionField] {
        if isEmptyList { refuse("An empty list would let no client in. \(advice)") }
        return list()
    }
}
