import CUv
import Glibc

/// A call into libuv or the kernel that failed.
package struct UVFault: Error, Equatable {
    /// What was being attempted.
    package enum Operation: String, Sendable {
        case startLoop
        case startTimer
        case startTurnHook
        case watchSignal
        case openMailbox
        case startThread
        case nameSocket
        case openSocket
        case bind
        case listen
        case accept
        case adopt
        case connect
        case read
        case write
        case finishSending
        case readPeerCredentials
        case changeMode
        case changeOwner
        case findUser
        case findGroup
        case openLockFile
        case lockFile
        case notifyServiceManager
        case inheritListeners
        case readLimit
        case raiseLimit
        case readResidentSize
    }

    package let operation: Operation
    /// As libuv returns it: 0 minus an `errno`, or one of libuv's own codes such as `UV_EOF`.
    package let code: CInt

    package init(_ operation: Operation, code: CInt) {
        precondition(code < 0, "a fault carries a negative libuv code")
        self.operation = operation
        self.code = code
    }

    init(_ operation: Operation, errno: CInt) {
        self.init(operation, code: uv_translate_sys_error(errno))
    }

    /// The kernel's error number, or nil if the code is one of libuv's own.
    package var errno: CInt? {
        // libuv numbers its own codes from 3000 up; Linux's end below 200.
        code > -3000 ? -code : nil
    }

    /// The symbolic name, for example `EADDRINUSE`.
    package var name: String {
        // SAFETY: the buffer is ours and its size is passed, so libuv cuts and terminates within it.
        var buffer = [CChar](repeating: 0, count: 32)
        return unsafe String(cString: uv_err_name_r(code, &buffer, buffer.count))
    }
}

extension UVFault: CustomStringConvertible {
    /// One line for a log, for example `bind: EADDRINUSE: address already in use`.
    package var description: String {
        // SAFETY: as in `name`.
        var buffer = [CChar](repeating: 0, count: 128)
        let reason = unsafe String(cString: uv_strerror_r(code, &buffer, buffer.count))
        let limit =
            operation == .nameSocket && code == UV_ENAMETOOLONG.rawValue
            ? " (a socket path has at most \(SocketAddress.pathBytesMax) bytes)" : ""
        return "\(operation.rawValue): \(name): \(reason)\(limit)"
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
