import Foundation

/// A running program.
final class RunningProgram {
    /// How a program ended.
    enum End: Equatable {
        case status(Int32)
        case signal(Int32)
    }

    /// What becomes of its standard error.
    enum Errors {
        case read
        /// The pipe holds 4,096 bytes, and they are not read before
        /// ``OutputLines/startReading()``.
        case unread
        /// Its reader has gone already.
        case abandoned
    }

    private static let patience = DispatchTimeInterval.seconds(60)

    private let process = Process()
    private let hasEnded = DispatchSemaphore(value: 0)
    let output: OutputLines
    let errors: OutputLines

    /// Starts the program at `path` with `input` on standard input, which must fit into a pipe, or
    /// with `descriptor` in its place.
    init(
        _ path: String, _ arguments: [String], input: String = "",
        environment: [String: String] = [:], folder: String = "/tmp", errors: Errors = .read,
        inheriting descriptor: FileHandle? = nil
    ) throws {
        let (standardInput, standardOutput, standardError) = (Pipe(), Pipe(), Pipe())
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = URL(filePath: folder)
        process.standardInput = descriptor ?? standardInput
        process.standardOutput = standardOutput
        process.standardError = standardError
        process.terminationHandler = { [hasEnded] _ in hasEnded.signal() }
        output = OutputLines(of: standardOutput)
        output.startReading()
        self.errors = OutputLines(of: standardError)
        switch errors {
        case .read: self.errors.startReading()
        case .unread: try standardError.limitCapacity()
        case .abandoned: try standardError.fileHandleForReading.close()
        }
        do {
            try process.run()
        } catch {
            // No process closes them, and the readers wait for their end.
            try standardOutput.fileHandleForWriting.close()
            try standardError.fileHandleForWriting.close()
            throw error
        }
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
    }

    var id: Int32 { process.processIdentifier }

    var isRunning: Bool { process.isRunning }

    func signal(_ number: Int32) { kill(id, number) }

    /// Waits until the program has ended.
    @discardableResult
    func waitForEnd() throws -> End {
        guard hasEnded.wait(timeout: .now() + Self.patience) == .success else {
            signal(SIGKILL)
            throw ProgramFault.didNotEnd(errors: errors.text)
        }
        hasEnded.signal()
        return process.terminationReason == .exit
            ? .status(process.terminationStatus) : .signal(process.terminationStatus)
    }

    /// Ends the program at once, if it still runs.
    func end() throws {
        if isRunning { signal(SIGKILL) }
        try waitForEnd()
    }
}

extension Pipe {
    /// Makes it as small as the kernel allows.
    fileprivate func limitCapacity() throws {
        // `F_SETPIPE_SZ`, which the module of the C library leaves out.
        let setPipeSize: Int32 = 1_031
        let capacity = fcntl(fileHandleForWriting.fileDescriptor, setPipeSize, 4_096)
        if capacity != 4_096 { throw ProgramFault.pipeNotLimited(capacity: capacity) }
    }
}

enum ProgramFault: Error {
    case pipeNotLimited(capacity: Int32)
    case didNotEnd(errors: String)
}

/// A program that has ended.
struct FinishedProgram {
    var status: Int32
    var output: String
    var errors: String

    /// Runs the program at `path`.
    init(
        _ path: String, _ arguments: [String], input: String = "",
        environment: [String: String] = [:], folder: String = "/tmp"
    ) throws {
        let program = try RunningProgram(
            path, arguments, input: input, environment: environment, folder: folder)
        switch try program.waitForEnd() {
        case .status(let status): self.status = status
        case .signal(let number): status = -number
        }
        output = try program.output.whole()
        errors = try program.errors.whole()
    }
}

/// Where the tested programs and files are.
enum Built {
    static let coupond = program("coupond")
    static let couponctl = program("couponctl")
    static let crashProbe = program("crash-probe")

    /// Names another folder with the programs, such as that of a release build.
    private static let folderVariable = "COUPOND_BINARIES"

    /// The checkout, which holds `Package.swift`.
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The programs were built beside the bundle of these tests, unless the environment says where.
    private static func program(_ name: String) -> String {
        if let folder = ProcessInfo.processInfo.environment[folderVariable] {
            return URL(filePath: folder).appending(path: name).standardizedFileURL.path
        }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return URL(filePath: own ?? "").deletingLastPathComponent().appending(path: name).path
    }

    /// The text of a file in the checkout.
    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: root + "/" + path, encoding: .utf8)
    }
}
