import Glibc

/// Gives a path to a user and a group, by name. Nil keeps the present one.
///
/// - Throws: `.findUser` or `.findGroup` with `ENOENT` for an unknown name; `.changeOwner` if the
///   process may not (`EPERM`) or the path does not exist.
package func changeOwner(
    ofPath path: String, user: String? = nil, group: String? = nil
) throws(PosixFault) {
    // The kernel keeps the present owner for an id of all ones.
    var userID = uid_t.max
    var groupID = gid_t.max
    if let user { userID = try findUser(user) }
    if let group { groupID = try findGroup(group) }
    try check(unsafe lchown(path, userID, groupID), .changeOwner)
}

// SAFETY: both look-ups return memory of the C library, valid until the next look-up. Only the
// number is read, at once, and only one thread at a time looks up names: the main one at a start,
// later the one that binds lost sockets again.

private func findUser(_ name: String) throws(PosixFault) -> uid_t {
    errno = 0
    guard let entry = unsafe getpwnam(name) else { throw unknownName(.findUser, errno) }
    return unsafe entry.pointee.pw_uid
}

private func findGroup(_ name: String) throws(PosixFault) -> gid_t {
    errno = 0
    guard let entry = unsafe getgrnam(name) else { throw unknownName(.findGroup, errno) }
    return unsafe entry.pointee.gr_gid
}

/// The C library may leave `errno` at zero when the name does not exist.
private func unknownName(_ operation: PosixFault.Operation, _ code: CInt) -> PosixFault {
    PosixFault(operation, errno: code == 0 ? ENOENT : code)
}
