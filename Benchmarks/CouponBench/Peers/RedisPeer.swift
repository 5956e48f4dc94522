import Foundation
import LoadGenerator

/// A Redis whose Function does what coupond does; see Benchmarks/Peers/coupons.lua.
struct RedisPeer: AnsweringPeer {
    let process: ServerProcess
    /// As the server reports it.
    let version: String
    private let socketPath: String
    private let dialogue: RedisDialogue
    private static let readyTimeoutSeconds = 20

    /// Starts a server without data and makes the coupons known to it.
    init(
        on bench: Workbench, _ programs: PeerPrograms, _ durability: Durability
    ) throws(ProcessFault) {
        let folder = "\(bench.path)/redis"
        try bench.remove(folder)
        let path = "\(bench.path)/r.sock"
        socketPath = path
        let persistence =
            switch durability {
            case .no: ["--appendonly", "no"]
            case .everysec: ["--appendonly", "yes", "--appendfsync", "everysec"]
            case .always: ["--appendonly", "yes", "--appendfsync", "always"]
            }
        process = try bench.start(
            Candidate.redis.name, executable: PeerPrograms.redisServer(),
            arguments: [
                "--port", "0", "--unixsocket", path, "--dir", try bench.folder("redis"),
                "--save", "", "--auto-aof-rewrite-percentage", "0", "--daemonize", "no",
            ] + persistence)
        try process.wait(seconds: Self.readyTimeoutSeconds) {
            (try? RedisDialogue(path).ask(["PING"])) == "PONG"
        }
        dialogue = try RedisDialogue(path)
        try dialogue.ask(["FUNCTION", "LOAD", programs.text("coupons.lua")])
        for coupon in PeerCoupon.all { try dialogue.ask(coupon.redisCommand) }
        let about = try dialogue.ask(["INFO", "server"])
        let field = about.split(whereSeparator: \.isNewline).first {
            $0.hasPrefix("redis_version:")
        }
        version = field.map { String($0.dropFirst("redis_version:".count)) } ?? "?"
    }

    var name: String { Candidate.redis.name }

    func target(for request: PeerRequest, _ pace: Pace) -> Target {
        Target(socketPath: socketPath, framing: .resp)
    }

    func template(
        of request: PeerRequest, _ pace: Pace
    ) throws(MixFault) -> RequestTemplate {
        try RequestTemplate(respCommand: Self.command(request))
    }

    func answer(to request: PeerRequest) throws(ProcessFault) -> PeerAnswer {
        let text: String
        do throws(ProcessFault) {
            text = try dialogue.ask(Self.command(request))
        } catch {
            if case .dialogue(_, let reason) = error, reason.hasPrefix("-CONFLICT") {
                return .conflict
            }
            throw error
        }
        let words = text.split(separator: " ")
        if words.count == 2, words[0] == "1", let discount = Int(words[1]) {
            return .accepted(discount: discount)
        }
        guard words.count == 2, words[0] == "0" else {
            throw .dialogue(socket: socketPath, reason: text)
        }
        return .refused(reason: String(words[1]))
    }

    private static func command(_ request: PeerRequest) -> [String] {
        let now = "\(Int(Date().timeIntervalSince1970))"
        let keys = ["coupon:\(request.code)", "uses:\(request.code)"]
        let arguments = [request.customer, now, request.cart.json]
        return switch request.operation {
        case .validate: ["FCALL", "validate", "2"] + keys + arguments
        case .apply(let order): ["FCALL", "apply", "3"] + keys + ["order:\(order)"] + arguments
        }
    }
}

/// Commands to Redis, one after the other.
private struct RedisDialogue {
    private let dialogue: Dialogue
    private let path: String

    init(_ path: String) throws(ProcessFault) {
        self.path = path
        dialogue = try Dialogue(path)
    }

    /// Sends a command and returns its reply as text; an error is thrown, with its `-` in front.
    @discardableResult
    func ask(_ words: [String]) throws(ProcessFault) -> String {
        let command = words.reduce("*\(words.count)\r\n") { command, word in
            command + "$\(word.utf8.count)\r\n\(word)\r\n"
        }
        let reply = try dialogue.exchange(Array(command.utf8), replyEnd: Self.end)
        let text = String(decoding: reply, as: UTF8.self)
        switch reply.first {
        case UInt8(ascii: "+"), UInt8(ascii: ":"):
            return String(text.dropFirst().dropLast())
        case UInt8(ascii: "$"):
            let body = reply.drop { $0 != UInt8(ascii: "\n") }.dropFirst().dropLast(2)
            return String(decoding: body, as: UTF8.self)
        default:
            throw .dialogue(socket: path, reason: text)
        }
    }

    /// Where a reply ends that is not an array; none of the commands here is answered with one.
    private static func end(_ bytes: [UInt8]) -> Int? {
        guard let newline = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        guard bytes[0] == UInt8(ascii: "$") else { return newline + 1 }
        let digits = String(decoding: bytes[1..<(newline - 1)], as: UTF8.self)
        guard let count = Int(digits), count >= 0 else { return newline + 1 }
        let end = newline + 1 + count + 2
        return end <= bytes.count ? end : nil
    }
}
