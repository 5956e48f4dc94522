import CUv
import Glibc

/// A call on the event loop that failed.
package struct UVFault: Error, Equatable {
    /// What was attempted, in the words of a log line.
    package enum Operation: String, Sendable {
        case startLoop = "start the event loop"
        case startTimer = "start a timer"
        case startTurnHook = "start the turn hook"
        case watchSignal = "watch a signal"
        case watchDescriptor = "watch a descriptor"
        case openMailbox = "open a mailbox"
        case startThread = "start a thread"
        case listen = "listen"
        case accept = "accept"
        case adopt = "take over a connection"
        case read = "read"
        case write = "write"
    }

    package let operation: Operation
    /// As libuv returns it: a negated `errno`, or one of libuv's own codes such as `UV_EOF`.
    package let code: CInt

    package init(_ operation: Operation, code: CInt) {
        precondition(code < 0, "a fault carries a negative libuv code")
        self.operation = operation
        self.code = code
    }

    init(_ operation: Operation, errno: CInt) {
        self.init(operation, code: uv_translate_sys_error(errno))
    }
}

extension UVFault: CustomStringConvertible {
    /// One line for a log, for example `accept: too many open files (EMFILE)`.
    package var description: String {
        // SAFETY: the buffers are ours and their size is passed, so libuv stays within them.
        var reason = [CChar](repeating: 0, count: 128)
        var name = [CChar](repeating: 0, count: 32)
        return unsafe """
        \(operation.rawValue): \
        \(String(cString: uv_strerror_r(code, &reason, reason.count))) \
        (\(String(cString: uv_err_name_r(code, &name, name.count))))
        """
    }
}

/// Turns libuv's return convention into a typed throw.
///
/// - Returns: `result`, which is 0 or more.
@discardableResult
func check(_ result: CInt, _ operation: UVFault.Operation) throws(UVFault) -> CInt {
    if result < 0 { throw UVFault(operation, code: result) }
    return result
}

/// Turns the kernel's return convention (-1 and `errno`) into a typed throw.
///
/// - Returns: `result`, which is 0 or more.
@discardableResult
func checkErrno(_ result: CInt, _ operation: UVFault.Operation) throws(UVFault) -> CInt {
    if result < 0 { throw UVFault(operation, errno: Glibc.errno) }
    return result
}
