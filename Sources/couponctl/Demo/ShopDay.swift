import CouponClient
import Foundation

// Each step shows a promise of the daemon: a valid code, a refusal with its reasons, a retry that
// consumes nothing, a limit, a hold, a gift card, a reload, a restart, a crash.

/// The story of the demo.
struct ShopDay {
    private static let reloadTimeout = Duration.seconds(10)

    private let folder: DemoFolder
    private let daemon: DemoDaemon
    let shop: CouponClient
    private let office: CouponClient
    /// Not private: the second half of the day is in a file of its own.
    var transcript: Transcript

    init(folder: DemoFolder, daemon: DemoDaemon, transcript: Transcript) {
        self.folder = folder
        self.daemon = daemon
        self.transcript = transcript
        shop = CouponClient(socketPath: folder.socket.path)
        office = CouponClient(socketPath: folder.adminSocket.path)
    }

    /// Runs the day and returns the facts that were not as expected.
    mutating func run() throws -> [String] {
        try folder.write(FlashCatalog(limit: 3, percent: 50))
        transcript.announce("Start: \(daemon.commandLine)")
        try daemon.start(shop, office)

        try askAboutCodes()
        try takeAnOrder()
        try holdTheLastUse()
        try failAPayment()
        try combineCodes()
        try payWithAGiftCard()
        try countByLimit()
        try sellOutAFlashCode()
        try editTheCatalog()
        try breakTheCatalog()
        try restart()
        try crash()
        transcript.announce("Closing time.")
        transcript.check("the daemon's exit status", .integer(Int64(try daemon.stop())), 0)
        return transcript.differences
    }

    private mutating func askAboutCodes() throws {
        try transcript.ask(
            "Is the daemon ready?",
            #"{"id":"a","op":"ping"}"#, shop,
            expecting: ["id": "a", "result.name": "coupond", "result.ready": true])
        try transcript.ask(
            "The shopper types a code. Validating changes nothing.",
            #"{"id":"b","op":"validate","code":"summer20","# + Self.cart + "}", shop,
            expecting: ["valid": true, "codes.0.code": "SUMMER20"])
        try transcript.ask(
            "A code for a large first order, typed for a small later one: explain lists every reason.",
            #"{"id":"c","op":"validate","code":"\#(FlashCatalog.firstOrderCode)","explain":true,"#
                + #""customer":{"id":"cus_7","orders":3},"# + Self.cart + "}", shop,
            expecting: [
                "valid": false, "reason": "not_first_order",
                "codes.0.failures.0.reason": "not_first_order",
                "codes.0.failures.1.reason": "below_minimum_amount",
                "codes.0.failures.1.missing": 5000,
            ])
    }

    private mutating func takeAnOrder() throws {
        try transcript.ask(
            "She pays: apply uses the code for her order.", Self.order1001, shop,
            expecting: ["valid": true, "applied": true, "order": "o-1001", "replayed": .null])
        try transcript.ask(
            "The reply was lost, so the shop repeats the request: the same answer, nothing consumed.",
            Self.order1001, shop,
            expecting: ["applied": true, "order": "o-1001", "replayed": true])
        try transcript.ask(
            "Another cart with the same order id is a mistake of the shop, and an error.",
            #"{"id":"e","op":"apply","order":"o-1001","code":"SUMMER20","#
                + #""cart":{"currency":"USD","lines":[{"product":"p2","quantity":1,"#
                + #""unit_price":9900}]}}"#, shop,
            expecting: ["error.code": "idempotency_conflict"])
    }

    private mutating func sellOutAFlashCode() throws {
        for number in 1...3 {
            try transcript.ask(
                "\(FlashCatalog.code) is for three orders; this is number \(number).",
                Self.flashOrder(number), shop,
                expecting: ["applied": true, "codes.0.remaining": .integer(Int64(3 - number))])
        }
        try transcript.ask(
            "The fourth order is refused.", Self.flashOrder(4), shop,
            expecting: ["valid": false, "applied": false, "reason": "usage_limit_reached"])
        try askForUsage("How much is left?", limit: 3, used: 3)
    }

    private mutating func editTheCatalog() throws {
        try folder.write(FlashCatalog(limit: 4, percent: 25))
        transcript.announce(
            "An operator raises the limit to four, lowers the percentage and sends SIGHUP.")
        try daemon.signal(SIGHUP)
        try DemoDaemon.wait(Self.reloadTimeout, for: "the new catalog") { () throws(DemoFault) in
            do {
                let limits = try shop.usage(of: FlashCatalog.code).limits ?? []
                return limits.contains { $0.kind == "total" && $0.limit == 4 }
            } catch {
                throw DemoFault("\(error)")
            }
        }
        try askForUsage("The count is kept: three of four are used.", limit: 4, used: 3)
        try transcript.ask(
            "The fourth order now gets its discount, at the new rate.",
            Self.flashOrder(4), shop,
            expecting: ["applied": true, "discount": 1250, "codes.0.remaining": 0])
    }

    private mutating func breakTheCatalog() throws {
        try folder.write(FlashCatalog(limit: 4, percent: 250))
        let reload = #"{"id":"h","op":"server.reload"}"#
        try transcript.ask(
            "A typing mistake: 250 percent. The reload fails and reports the place of the mistake.",
            reload, office, expecting: ["error.code": "unprocessable"])
        try transcript.ask(
            "The old catalog still serves.",
            #"{"id":"i","op":"validate","code":"SUMMER20","# + Self.cart + "}", shop,
            expecting: ["valid": true])
        try folder.write(FlashCatalog(limit: 4, percent: 25))
        try transcript.ask(
            "The mistake is corrected, and the reload succeeds.", reload, office,
            expecting: ["error": .null])
    }

    private mutating func restart() throws {
        let code = "SUN-2H9D-C5RB"
        try transcript.ask(
            "A code is held during payment.",
            Self.mailedCode("reserve", code, order: "o-6001"), shop,
            expecting: ["reserved": true])
        try transcript.ask(
            "A snapshot keeps the journal short, so a start reads little.",
            #"{"id":"j","op":"server.snapshot"}"#, office, expecting: ["error": .null])
        transcript.announce(
            "SIGTERM: the daemon answers the requests that have arrived, syncs its journal and ends."
        )
        let status = try daemon.stop()
        transcript.check("the daemon's exit status", .integer(Int64(status)), 0)

        transcript.announce("Start again: \(daemon.commandLine)")
        try daemon.start(shop, office)
        try askForUsage("Every use is still counted.", limit: 4, used: 4)
        try transcript.ask(
            "An earlier order is still answered from the record.", Self.order1001, shop,
            expecting: ["applied": true, "order": "o-1001", "replayed": true])
        try transcript.ask(
            "The hold is still there.", Self.mailedCode("reserve", code, order: "o-6002"), shop,
            expecting: ["reserved": false, "reason": "usage_limit_reached", "codes.0.held": 1])
        try transcript.ask(
            "So the order that holds the code can apply it.",
            Self.mailedCode("apply", code, order: "o-6001"), shop,
            expecting: ["applied": true, "order": "o-6001"])
    }

    private mutating func crash() throws {
        let held = "SUN-TEAM-2099"
        try transcript.ask(
            "A code is held for one order …", Self.mailedCode("reserve", held, order: "o-7001"),
            shop, expecting: ["reserved": true, "codes.0.remaining": 24])
        try transcript.ask(
            "… and applied to another. The reply means that the use is on disk.", Self.order7002,
            shop,
            expecting: [
                "applied": true, "order": "o-7002", "replayed": .null, "codes.0.remaining": 83,
            ])
        transcript.announce("kill -9: the daemon ends at once.")
        transcript.check(
            "the signal that ended the daemon", .integer(Int64(try daemon.crash())),
            .integer(Int64(SIGKILL)))

        transcript.announce("Start again: \(daemon.commandLine)")
        try daemon.start(shop, office)
        try transcript.ask(
            "The last use is counted, and so are all earlier ones.",
            #"{"id":"v","op":"usage","code":"SUMMER20"}"#, shop,
            expecting: [
                "result.limits.0.kind": "total", "result.limits.0.limit": 100,
                "result.limits.0.used": 17, "result.limits.0.remaining": 83,
            ])
        try transcript.ask(
            "A shop that lost the reply in the crash repeats the request: the same answer, used once.",
            Self.order7002, shop,
            expecting: ["applied": true, "order": "o-7002", "replayed": true, "discount": 1000])
        try transcript.ask(
            "The hold survived, too.", #"{"id":"w","op":"usage","code":"\#(held)"}"#, shop,
            expecting: [
                "result.limits.0.kind": "code", "result.limits.0.held": 1,
                "result.limits.0.remaining": 24,
            ])
    }

    private mutating func askForUsage(_ comment: String, limit: Int64, used: Int64) throws {
        try transcript.ask(
            comment, #"{"id":"g","op":"usage","code":"\#(FlashCatalog.code)"}"#, shop,
            expecting: [
                "result.limits.0.kind": "total", "result.limits.0.limit": .integer(limit),
                "result.limits.0.used": .integer(used),
                "result.limits.0.remaining": .integer(limit - used),
            ])
    }

    /// Two pairs of shoes at 25.00 USD.
    static let cart =
        #""cart":{"currency":"USD","lines":[{"product":"p1","quantity":2,"unit_price":2500}]}"#

    private static let order1001 =
        #"{"id":"d","op":"apply","order":"o-1001","code":"SUMMER20","# + cart + "}"

    private static let order7002 =
        #"{"id":"u","op":"apply","order":"o-7002","code":"SUMMER20","# + cart + "}"

    private static func flashOrder(_ number: Int) -> String {
        #"{"id":"f\#(number)","op":"apply","order":"o-200\#(number)","#
            + #""code":"\#(FlashCatalog.code)","# + cart + "}"
    }
}
