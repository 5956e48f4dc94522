import ArgumentParser
import CouponClient

struct ReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Give back the uses that an order holds or has consumed.",
        discussion: """
            Example: couponctl release --order o-1001

            A repeat gives nothing back a second time. If the order has nothing to give back, the \
            error is not_found; a shop may treat that as success.
            """)

    @Option(help: ArgumentHelp("The order.", valueName: "id"))
    var order: String

    @Option(help: ArgumentHelp("Give back only this code.", valueName: "code"))
    var code: String?

    @Option(help: ArgumentHelp("Give back only this coupon or gift card.", valueName: "id"))
    var coupon: String?

    @Option(help: ArgumentHelp("The tenant.", valueName: "name"))
    var store: String?

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() throws {
        let request = ReleaseRequest(order: order, code: code, coupon: coupon, store: store)
        let line = try connection.client(for: .storefront).replyLine(to: request)
        let reply = try connection.show(line, replyTo: ReleaseRequest.self) { reply, style in
            ReleaseText.lines(reply, order: order, style)
        }
        if !reply.released { throw ExitStatus.refused }
    }
}
