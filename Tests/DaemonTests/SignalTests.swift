import Foundation
import Posix
import Testing

extension `The built daemon` {
    @Suite struct `A signal` {
        /// Holds the lock of the state directory, for which a start waits a second.
        private func holdState(_ shop: Shop) throws -> FileLock {
            try FileManager.default.createDirectory(
                atPath: shop.state, withIntermediateDirectories: false)
            guard case .acquired(let lock) = try FileLock.attempt(path: shop.state + "/lock")
            else { throw OutputFault.neverCame("the lock", output: "") }
            return lock
        }

        // MARK: During the start

        /// The loader reports each step on standard error when it is asked to. Its first report of
        /// an initializer comes long before `main`.
        @Test(arguments: 1...10)
        func `is remembered while libraries are still being initialized`(round: Int) throws {
            try Shop.open { shop in
                let daemon = try shop.launchDaemon(environment: ["LD_DEBUG": "files"])
                try daemon.log.next(containing: "calling init: ")
                daemon.program.signal(SIGHUP)
                try daemon.log.next(containing: "coupond: listening on \(shop.adminSocket) (")
                try daemon.log.next(containing: "catalog reloaded")
                #expect(try daemon.end() == .status(0))
            }
        }

        @Test func `is remembered during the start, and followed once the daemon serves`() throws {
            try Shop.open { shop in
                let lock = try holdState(shop)
                let daemon = try shop.launchDaemon()
                try daemon.log.next(containing: #""message":"starting""#)
                for number in [SIGHUP, SIGUSR1, SIGUSR2] { daemon.program.signal(number) }
                withExtendedLifetime(lock) {}
                _ = consume lock
                try daemon.log.next(containing: "coupond: listening on \(shop.adminSocket) (")
                for message in ["log file reopened", "snapshot written", "catalog reloaded"] {
                    try shop.eventually("\(message)") {
                        daemon.log.line(containing: message) != nil
                    }
                }
                #expect(try daemon.end() == .status(0))
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `ends a start at once, with 0`(number: Int32) throws {
            try Shop.open { shop in
                let lock = try holdState(shop)
                let daemon = try shop.launchDaemon()
                try daemon.log.next(containing: #""message":"starting""#)
                daemon.expectEnd()
                daemon.program.signal(number)
                #expect(try daemon.program.waitForEnd() == .status(0))
                withExtendedLifetime(lock) {}
                #expect(!FileManager.default.fileExists(atPath: shop.socket))
            }
        }

        /// The first process of a container has no default actions of signals.
        @Test(arguments: [SIGTERM, SIGABRT])
        func `ends also the first process of a container`(number: Int32) throws {
            guard
                let unshare = InstalledTool(
                    "unshare", for: "a daemon that is the first process of a container"),
                try unshare.run(["--pid", "--fork", "true"]).status == 0
            else { return }
            try Shop.open { shop in
                let lock = try holdState(shop)
                let outer = shop.adopt(
                    try RunningProgram(
                        unshare.path,
                        ["--pid", "--fork", "--kill-child", Built.coupond] + shop.arguments))
                try outer.log.next(containing: #""message":"starting""#)
                let path = "/proc/\(outer.program.id)/task/\(outer.program.id)/children"
                let children = try String(contentsOfFile: path, encoding: .utf8)
                let inner = try #require(Int32(children.split(separator: " ").first ?? ""))
                outer.expectEnd()
                kill(inner, number)
                let status = number == SIGTERM ? 0 : 128 + number
                #expect(try outer.program.waitForEnd() == .status(status))
                withExtendedLifetime(lock) {}
            }
        }

        @Test func `does not make a check look good that it cuts short`() throws {
            try Shop.open { shop in
                let lock = try holdState(shop)
                let program = try RunningProgram(
                    Built.coupond, ["--verify", "--state", shop.state],
                    environment: ["LD_DEBUG": "files"])
                try program.errors.next(containing: "transferring control: ")
                program.signal(SIGTERM)
                #expect(try program.waitForEnd() == .status(128 + SIGTERM))
                withExtendedLifetime(lock) {}
            }
        }

        // MARK: Crashes

        @Test(arguments: [SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGQUIT])
        func `of a crash ends the daemon at once if another process sent it`(
            number: Int32
        ) throws {
            try Shop.open { shop in
                let daemon = try shop.startDaemon()
                try daemon.log.next(containing: "serving")
                daemon.expectEnd()
                daemon.program.signal(number)
                #expect(try daemon.program.waitForEnd() == .signal(number))
                #expect(try !daemon.log.whole().contains("crashed"))
            }
        }

        @Test(arguments: [("trap", SIGILL), ("abort", SIGABRT), ("fault", SIGSEGV)])
        func `of a crash of its own leaves a backtrace where the log goes`(
            kind: String, number: Int32
        ) throws {
            try Shop.open { shop in
                let probe = Built.crashProbe
                let program = try RunningProgram(probe, [kind])
                #expect(try program.waitForEnd() == .signal(number))
                let text = try program.errors.whole()
                #expect(text.contains("Program crashed"), "\(text)")
                #expect(kind == "abort" || text.contains("CrashProbe.swift"), "\(text)")

                let logged = try RunningProgram(probe, [kind, shop.path("log")])
                #expect(try logged.waitForEnd() == .signal(number))
                #expect(try shop.text(of: "log").contains("Program crashed"))
                #expect(try !logged.errors.whole().contains("Program crashed"))
            }
        }
    }
}
