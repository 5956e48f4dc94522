import CouponClient
import Testing

@Suite struct `Applying until the outcome is known` {
    /// What applying ends with when the daemon treats one connection after the other like this.
    private func outcome(
        _ scripts: [Script], attempts: Int
    ) throws -> Result<CouponReply, CouponClientError> {
        var result: Result<CouponReply, CouponClientError>?
        try ScriptedServer.run(scripts) { server in
            result = Result { () throws(CouponClientError) in
                try server.client().applyUntilKnown(
                    Sample.apply, attempts: attempts, pause: .zero)
            }
        }
        return try #require(result)
    }

    private static let losesTheReply: Script = { peer in
        let line = try peer.readLine()
        #expect(line.contains(#""order":"o-1""#))
    }

    private static func answers(_ reply: String) -> Script {
        { peer in
            let line = try peer.answer(reply)
            #expect(line.contains(#""order":"o-1""#))
        }
    }

    @Test func `repeats the same order when the reply is lost`() throws {
        let replayed = #"{"id":$ID,"valid":true,"applied":true,"replayed":true,"codes":[]}"#
        let reply = try outcome([Self.losesTheReply, Self.answers(replayed)], attempts: 2).get()
        #expect(reply.applied == true && reply.replayed == true)
    }

    @Test func `gives up after its attempts and says that the outcome is unknown`() throws {
        let result = try outcome([Self.losesTheReply, Self.losesTheReply], attempts: 2)
        #expect(result == .failure(CouponClientError(.connectionClosed, outcome: .unknown)))
    }

    @Test func `does not repeat what the daemon refused to do`() throws {
        let result = try outcome([Self.answers(Sample.error("overloaded"))], attempts: 3)
        #expect(result == .failure(Self.failure(.overloaded, outcome: .nothingChanged)))
    }

    @Test func `stays in doubt when a repeat is refused after a lost reply`() throws {
        let result = try outcome(
            [Self.losesTheReply, Self.answers(Sample.error("shutting_down"))], attempts: 2)
        #expect(result == .failure(Self.failure(.shuttingDown, outcome: .unknown)))
    }

    @Test func `is certain when the daemon shows what it has on record`() throws {
        let result = try outcome(
            [Self.losesTheReply, Self.answers(Sample.error("idempotency_conflict"))], attempts: 9)
        #expect(result == .failure(Self.failure(.idempotencyConflict, outcome: .nothingChanged)))
    }

    @Test func `repeats when the daemon failed inside`() throws {
        // The error is a good reply, so the second attempt uses the same connection.
        let script: Script = { peer in
            try peer.answer(Sample.error("internal"))
            try peer.answer(Sample.applied)
        }
        let result = try outcome([script], attempts: 2)
        #expect(try result.get().applied == true)
    }

    private static func failure(
        _ code: ServerError.Code, outcome: CouponClientError.Outcome
    ) -> CouponClientError {
        CouponClientError(
            .server(ServerError(code: code, message: "m")),
            outcome: outcome)
    }
}
