import Glibc

/// The address of a Unix socket: a path, or a name in the kernel's abstract namespace.
@safe package struct SocketAddress {
    /// The capacity of `sun_path` without its terminating zero.
    package static let pathBytesMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    private var storage = sockaddr_un()
    private let byteCount: Int

    /// A path in the file system. A path that is too long is rejected: cut, it would name another
    /// socket.
    package init(path: String) throws(PosixFault) {
        let bytes = Array(path.utf8)
        if bytes.isEmpty || bytes.contains(0) {
            throw PosixFault(.nameSocket, errno: EINVAL)
        }
        try self.init(sunPath: bytes)
    }

    /// The notation of `$NOTIFY_SOCKET`: a path, or `@` and an abstract name.
    package init(pathOrAbstract text: String) throws(PosixFault) {
        guard text.hasPrefix("@") else {
            try self.init(path: text)
            return
        }
        try self.init(sunPath: [0] + text.utf8.dropFirst())
    }

    private init(sunPath: [UInt8]) throws(PosixFault) {
        if sunPath.count > Self.pathBytesMax {
            throw PosixFault(.nameSocket, errno: ENAMETOOLONG)
        }
        // A path's length counts its terminating zero; an abstract name has none.
        let isAbstract = sunPath.first == 0
        byteCount =
            MemoryLayout<sa_family_t>.size + sunPath.count + (isAbstract ? 0 : 1)
        storage.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: the bytes were checked to fit, and the rest of `sun_path` is zero already.
        unsafe withUnsafeMutableBytes(of: &storage.sun_path) { field in
            unsafe field.copyBytes(from: sunPath)
        }
    }

    /// Calls `body` with the address in the form the kernel takes.
    func withKernelForm(_ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        // SAFETY: every socket address type starts with the fields of `sockaddr`, and the length
        // passed along stays within `storage`.
        unsafe withUnsafeBytes(of: storage) { bytes in
            let address = unsafe bytes.assumingMemoryBound(to: sockaddr.self)
            guard let start = address.baseAddress else {
                preconditionFailure("a stored value has an address")
            }
            return unsafe body(start, socklen_t(byteCount))
        }
    }
}

/// The path that a Unix socket is bound to, as it was given to the kernel; nil if it has none.
package func boundPath(of descriptor: CInt) -> String? {
    var storage = sockaddr_un()
    var length = socklen_t(MemoryLayout<sockaddr_un>.size)
    // SAFETY: every socket address type starts with the fields of `sockaddr`. The kernel fills
    // `storage` up to `length` at most.
    let status = unsafe withUnsafeMutablePointer(to: &storage) { storage in
        unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe getsockname(descriptor, address, &length)
        }
    }
    guard status == 0, storage.sun_family == sa_family_t(AF_UNIX) else { return nil }
    // SAFETY: the bytes are copied while `storage` exists. A path ends at a zero or with the field;
    // an abstract name begins with a zero, so that nothing is left of it.
    let bytes = unsafe withUnsafeBytes(of: storage.sun_path) { unsafe Array($0) }
    let byteCount = max(0, Int(length) - MemoryLayout<sa_family_t>.size)
    let path = bytes.prefix(byteCount).prefix { $0 != 0 }
    return path.isEmpty ? nil : String(decoding: path, as: UTF8.self)
}
