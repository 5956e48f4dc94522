import Foundation
import Glibc

/// How fast the disk makes bytes durable: what `always` costs at least.
struct DiskFigure {
    private static let count = 500
    private static let byteCount = 4_096

    /// Of appending 4 KiB to a file and waiting for fdatasync, in microseconds.
    let medianMicroseconds: Double

    /// Measures the disk of a folder, with a file that it removes.
    init(of folder: String) throws(ProcessFault) {
        let path = "\(folder)/disk"
        let bytes = Data(repeating: 0x5a, count: Self.byteCount)
        var microseconds: [Double] = []
        do {
            try Data().write(to: URL(filePath: path))
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            for _ in 0..<Self.count {
                let start = ContinuousClock.now
                try file.write(contentsOf: bytes)
                if fdatasync(file.fileDescriptor) != 0 {
                    throw CocoaError(.fileWriteUnknown)
                }
                microseconds.append((ContinuousClock.now - start) / .microseconds(1))
            }
            try file.close()
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
        medianMicroseconds = microseconds.sorted()[Self.count / 2]
    }
}
