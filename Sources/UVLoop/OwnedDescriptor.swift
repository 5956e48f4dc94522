import Glibc

/// A file descriptor, closed by this value's end unless `relinquish()` passed it on.
struct OwnedDescriptor: ~Copyable {
    let raw: CInt

    init(_ raw: CInt) {
        self.raw = raw
    }

    deinit {
        close(raw)
    }

    /// Gives the descriptor to the caller, which closes it from now on.
    consuming func relinquish() -> CInt {
        let raw = raw
        discard self
        return raw
    }
}
