import ArgumentParser
import UVLoop

/// Closed loop: each connection keeps a fixed number of requests under way.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Requests per second with every connection always waiting for its replies.")

    @Option(help: "The daemon's socket.")
    var socket: String

    @Option(help: "Connections open at the same time.")
    var connections = 50

    @Option(help: "Requests under way on each connection.")
    var depth = 1

    @Option(help: "How long to measure, after a warm-up of a tenth of it.")
    var seconds = 5.0

    @Option(help: "The request line; every reply must be like the first, valid one.")
    var request = """
        {"id":1,"op":"validate","code":"SUMMER20",\
        "customer":{"id":"cus_7","groups":["vip"],"orders":0},\
        "cart":{"currency":"USD","shipping":500,"lines":[\
        {"product":"p1","quantity":2,"unit_price":2500,"category":["shoes"]}]}}
        """

    func validate() throws {
        guard (1...10_000).contains(connections) else {
            throw ValidationError("--connections is 1 to 10000.")
        }
        guard (1...1_000).contains(depth) else { throw ValidationError("--depth is 1 to 1000.") }
        guard (0.1...3_600).contains(seconds) else {
            throw ValidationError("--seconds is 0.1 to 3600.")
        }
        guard !request.contains("\n") else { throw ValidationError("--request is one line.") }
    }

    func run() throws {
        let load = try ClosedLoop(
            socket: socket, connections: connections, depth: depth, request: request)
        let figure = try load.run(milliseconds: Int64(seconds * 1_000))
        let perSecond = Double(figure.replies) * 1_000 / Double(figure.milliseconds)
        print(
            "\(connections) connections × \(depth) deep: \(figure.replies) replies in "
                + "\(figure.milliseconds) ms, \(Int(perSecond)) per second")
    }
}
