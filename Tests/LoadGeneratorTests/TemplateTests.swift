import LoadGenerator
import Testing

@Suite struct `A request template` {
    @Test func `is as long as the requests made from it`() throws {
        let template = try RequestTemplate(
            #"{"order":"o-${n}","code":"C${below:99}","run":"${run}"}"#)
        #expect(template.byteCount == #"{"order":"o-","code":"C","run":""}"#.utf8.count + 30)
    }
}
