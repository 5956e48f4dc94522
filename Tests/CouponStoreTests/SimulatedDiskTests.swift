import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

// The other tests believe this disk, so its pessimism is checked first: that everything it may do at
// a power cut does happen, and that it never touches what was synchronized.

@Suite struct `The simulated disk` {
    private let disk = SimulatedDisk()

    private func contents(of path: String, on disk: SimulatedDisk) throws(DiskFault) -> [UInt8] {
        var buffer = ByteBuffer()
        try disk.read(path, into: &buffer)
        return array(buffer.bytes)
    }

    private func blocks(_ letters: String) -> [UInt8] {
        letters.utf8.flatMap { [UInt8](repeating: $0, count: 512) }
    }

    /// A durable file `d/f` of six blocks: two synchronized, one left zero, and three written since.
    private func makeFile() throws(DiskFault) -> OpenFile {
        let file = try disk.createExclusively("d/f", allocating: 6 * 512)
        try disk.synchronize(file)
        try disk.synchronizeDirectory("d")
        try disk.write(blocks("ab").span, at: 0, to: file)
        try disk.synchronize(file)
        try disk.write(blocks("cde").span, at: 3 * 512, to: file)
        return file
    }

    @Test func `shows a program everything that it did`() throws {
        let file = try makeFile()
        try disk.write(bytes("xyz").span, at: 1, to: file)
        var expected = blocks("ab\u{0}cde")
        expected.replaceSubrange(1..<4, with: bytes("xyz"))
        #expect(try contents(of: "d/f", on: disk) == expected)
        #expect(try disk.size(of: "d/f") == 6 * 512)
    }

    @Test func `loses, keeps, tears, reorders and damages what was not synchronized`() throws {
        _ = try makeFile()
        var generator = SeededGenerator(for: "power cuts")
        var seen: Set<String> = []
        for _ in 0..<2_000 {
            let content = try contents(of: "d/f", on: disk.afterCrash(&generator))
            // What was synchronized is whole, and what was not written is zero.
            #expect(Array(content[..<1_536]) == blocks("ab\u{0}"))
            seen.insert(outcome(of: Array(content[1_536...])))
        }
        let possible = ["---", "c--", "-d-", "--e", "cd-", "c-e", "-de", "cde", "turned"]
        #expect(seen == Set(possible))
    }

    /// Which of the blocks `cde` are there, or that one of them is not what was written.
    private func outcome(of content: [UInt8]) -> String {
        var text = ""
        for (index, letter) in "cde".utf8.enumerated() {
            let block = content[(index * 512)..<(index * 512 + 512)]
            if block.allSatisfy({ $0 == letter }) {
                text.unicodeScalars.append(Unicode.Scalar(letter))
            } else if block.allSatisfy({ $0 == 0 }) {
                text += "-"
            } else {
                let wrongBits = block.reduce(0) { $0 + ($1 ^ letter).nonzeroBitCount }
                #expect(wrongBits == 1)
                return "turned"
            }
        }
        return text
    }

    @Test func `cuts the power the same way under the same seed`() throws {
        _ = try makeFile()
        try disk.close(disk.createExclusively("d/g"))
        for seed in 0..<50 {
            var first = SeededGenerator(seed: UInt64(seed))
            var second = first
            let (one, other) = (disk.afterCrash(&first), disk.afterCrash(&second))
            #expect(one.names == other.names)
            #expect(one["d/f"] == other["d/f"])
        }
    }

    @Test func `keeps any of the names that its directory did not hold yet`() throws {
        let file = try disk.createExclusively("d/a")
        try disk.synchronizeDirectory("d")
        try disk.close(file)
        try disk.rename("d/a", to: "d/b")
        try disk.close(disk.createExclusively("d/c"))
        var generator = SeededGenerator(for: "names")
        var seen: Set<[String]> = []
        for _ in 0..<500 { seen.insert(disk.afterCrash(&generator).names) }
        #expect(seen == [["d/a"], ["d/b"], ["d/a", "d/c"], ["d/b", "d/c"]])
        try disk.synchronizeDirectory("d")
        for _ in 0..<50 { #expect(disk.afterCrash(&generator).names == ["d/b", "d/c"]) }
    }

    @Test func `loses what a failed synchronization did not write, and never says so again`() throws
    {
        let file = try makeFile()
        disk.fail(operation: 1)
        #expect(throws: DiskFault(.synchronize, path: "d/f", errno: EIO)) {
            try disk.synchronize(file)
        }
        try disk.synchronize(file)
        #expect(try contents(of: "d/f", on: disk) == blocks("ab\u{0}cde"))
        try disk.synchronize(fileAt: "d/f")
        try disk.dropFromCache("d/f")
        #expect(try contents(of: "d/f", on: disk) == blocks("ab\u{0}\u{0}\u{0}\u{0}"))
    }

    @Test func `keeps in memory what is not on the device yet`() throws {
        _ = try makeFile()
        try disk.dropFromCache("d/f")
        #expect(try contents(of: "d/f", on: disk) == blocks("ab\u{0}cde"))
        try disk.synchronize(fileAt: "d/f")
        #expect(disk.afterCrash(keepingNameChanges: 0)["d/f"] == blocks("ab\u{0}cde"))
    }

    @Test func `writes half of what fails`() throws {
        let file = try makeFile()
        disk.fail(operation: 1, with: ENOSPC)
        #expect(throws: DiskFault(.write, path: "d/f", errno: ENOSPC)) {
            try disk.write(blocks("fg").span, at: 0, to: file)
        }
        #expect(try contents(of: "d/f", on: disk) == blocks("fb\u{0}cde"))
    }

    @Test func `leaves the name behind when the disk has no space for the file`() throws {
        disk.fail(operation: 2, with: ENOSPC)
        #expect(throws: DiskFault(.allocate, path: "d/f", errno: ENOSPC)) {
            try disk.createExclusively("d/f", allocating: 512)
        }
        #expect(try disk.size(of: "d/f") == 0)
        #expect(disk.openFileCount == 0)
    }

    @Test func `keeps the files that tests put there apart from those that are made`() throws {
        disk["d/f"] = bytes("put")
        let file = try disk.createExclusively("d/g")
        try disk.append(bytes("made").span, to: file)
        #expect(disk["d/f"] == bytes("put") && disk["d/g"] == bytes("made"))
    }

    @Test func `takes no name twice`() throws {
        _ = try makeFile()
        try disk.close(disk.createExclusively("d/g"))
        #expect(throws: DiskFault(.create, path: "d/f", errno: EEXIST)) {
            try disk.createExclusively("d/f", allocating: 512)
        }
        #expect(throws: DiskFault(.rename, path: "d/g", errno: EEXIST)) {
            try disk.rename("d/g", toFree: "d/f")
        }
        try disk.rename("d/g", toFree: "d/h")
        #expect(disk.names == ["d/f", "d/h"])
    }
}
