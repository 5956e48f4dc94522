import CouponStore
import SystemPackage

extension RecoveryFault {
    var exitReason: ExitReason { .corruptData }
    func lines(_ directory: String) -> [String] { ["\(directory): \(self)"] }
}

extension DiskFault {
    var exitReason: ExitReason { .inputOutput }
    var explanation: String { "\(operation) \(path): \(Errno(rawValue: errno))" }
}
