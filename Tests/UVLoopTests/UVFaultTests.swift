import Glibc
import Testing
import UVLoop

@Suite struct `A fault of the loop` {
    @Test func `shows the operation, libuv's reason and its name`() {
        #expect(
            UVFault(.accept, code: -EMFILE).description == "accept: too many open files (EMFILE)")
        #expect(UVFault(.read, code: -4_095).description == "read: end of file (EOF)")
    }
}
