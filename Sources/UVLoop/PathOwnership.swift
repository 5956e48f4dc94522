import CUv
import Glibc

/// Gives a path to a user and a group, by name. Nil leaves that one as it is.
///
/// - Throws: `.findUser` or `.findGroup` with `ENOENT` for an unknown name; `.changeOwner` if the
///   process may not (`EPERM`) or the path is not there.
package func changeOwner(
    ofPath path: String, user: String? = nil, group: String? = nil
) throws(UVFault) {
    // All ones tells the kernel to leave it.
    var userID = uid_t.max
    var groupID = gid_t.max
    if let user { userID = try findUser(user) }
    if let group { groupID = try findGroup(group) }
    try checkErrno(unsafe lchown(path, userID, groupID), .changeOwner)
}

// SAFETY: the C library answers both look-ups from memory of its own, valid until the next look-up. Only
// the number is read, at once, and look-ups happen on the loop thread alone.

private func findUser(_ name: String) throws(UVFault) -> uid_t {
    errno = 0
    guard let entry = unsafe getpwnam(name) else { throw unknownName(.findUser, errno) }
    return unsafe entry.pointee.pw_uid
}

private func findGroup(_ name: String) throws(UVFault) -> gid_t {
    errno = 0
    guard let entry = unsafe getgrnam(name) else { throw unknownName(.findGroup, errno) }
    return unsafe entry.pointee.gr_gid
}

/// The C library may leave `errno` alone when there is simply no such name.
private func unknownName(_ operation: UVFault.Operation, _ code: CInt) -> UVFault {
    UVFault(operation, errno: code == 0 ? ENOENT : code)
}
