// A codes file is CSV by RFC 4180: a header that names the columns in any order, then a row per
// code, perhaps millions. It is read in pieces and visited row by row: a row is a few ranges into
// the one buffer, so nothing is allocated for it, and the size of the file does not matter.
//
// A row that the buffer holds only the beginning of is scanned again once more has been read; that
// keeps the scanner free of states. Doubled quotes are undone inside the buffer, when the row is
// known to be whole: the text only ever gets shorter.

import CouponRules
import Foundation

/// Reads a codes file.
package struct CodesFileReader {
    /// A longer row is a quote that is never closed.
    private static let rowBytesMax = 65_536
    /// How many faults of one file are reported one by one.
    private static let faultsMax = 100

    private let path: String
    private var buffer: [UInt8] = []
    private var cells: [Cell] = []
    private var columns: [CodesFileColumn] = []
    private var hasHeader = false
    /// Where the row under the scanner begins, and where the one after it will.
    private var line = 1
    private var nextLine = 1
    /// Of the file so far.
    private var rowCount = 0
    private var byteCount = 0
    private var faults: [DefinitionFault] = []
    private var unreportedFaults = 0

    /// Visits each row of the file that has no fault, in order.
    ///
    /// - Returns: the faults: those of the header, which end the reading, or those of single rows,
    ///   which are left out. Their field is the name of the column.
    /// - Throws: when the file is not there or cannot be read to its end. That is a fault of the
    ///   definition that names it.
    package static func read(
        at path: String, piecesOf pieceBytes: Int = ContentHash.pieceByteCount,
        recorder: SourceRecorder? = nil, _ visit: (CodesFileRow) -> Void
    ) throws(UnreadableFile) -> [DefinitionFault] {
        recorder?.noteFile(path)
        try UnreadableFile.check(path)
        var reader = CodesFileReader(path: path)
        var hash = ContentHash()
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            var hasMore = true
            while hasMore {
                if let piece = try file.read(upToCount: pieceBytes), !piece.isEmpty {
                    reader.buffer.append(contentsOf: piece)
                    reader.byteCount += piece.count
                    hash.add(piece.span)
                } else {
                    hasMore = false
                }
                guard reader.visitRows(isLastPiece: !hasMore, visit) else { break }
                recorder?.onProgress(
                    .reading(file: path, rows: reader.rowCount, bytes: reader.byteCount))
            }
            try file.close()
        } catch {
            throw .failing
        }
        recorder?.noteContent(of: path, hash)
        return reader.allFaults
    }

    private init(path: String) { self.path = path }

    private var allFaults: [DefinitionFault] {
        if unreportedFaults == 0 { return faults }
        let rest = DefinitionFault(
            place: SourcePlace(file: path, line: 0), field: "",
            message: "\(unreportedFaults) more faults of this file are not listed.")
        return faults + [rest]
    }

    private mutating func refuse(line: Int, _ column: String, _ message: String) {
        if faults.count == Self.faultsMax {
            unreportedFaults += 1
            return
        }
        faults.append(
            DefinitionFault(
                place: SourcePlace(file: path, line: line), field: column, message: message))
    }

    /// Visits the rows that the buffer holds whole. False when reading on makes no sense.
    private mutating func visitRows(isLastPiece: Bool, _ visit: (CodesFileRow) -> Void) -> Bool {
        var start = 0
        if !hasHeader, line == 1, buffer.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        while start < buffer.count {
            let end: Int
            switch scanRow(from: start, isLastPiece: isLastPiece) {
            case .needsMore:
                if buffer.count - start > Self.rowBytesMax {
                    refuse(line: line, "", "The row does not end: is a quote not closed?")
                    return false
                }
                buffer.removeSubrange(..<start)
                return true
            case .broken(let column, let message, let rowEnd):
                refuse(line: line, name(ofColumn: column), message)
                if !hasHeader { return false }
                end = rowEnd
            case .whole(let rowEnd):
                end = rowEnd
                if isBlankLine { break }
                if hasHeader {
                    visitRow(visit)
                } else if !readHeader() {
                    return false
                }
            }
            start = end
            line = nextLine
        }
        buffer.removeAll(keepingCapacity: true)
        if isLastPiece && !hasHeader {
            refuse(
                line: 1, "", "The file is empty: it needs a header with at least the column `code`."
            )
        }
        return true
    }

    private func name(ofColumn index: Int) -> String {
        index < columns.count ? columns[index].rawValue : ""
    }
}

/// The columns that a codes file may have.
private enum CodesFileColumn: String, CaseIterable {
    case code
    case maxUses = "max_uses"
    case customer
    case startsAt = "starts_at"
    case endsAt = "ends_at"
    case multiUse = "multi_use"
}

// MARK: - Scanning

/// Where a cell stands in the buffer, without its quotes and the spaces around it.
private struct Cell {
    var range: Range<Int>
    var isQuoted: Bool
}

extension CodesFileReader {
    private enum Scan {
        case whole(end: Int)
        /// Not by RFC 4180: in which cell, why, and where the line ends.
        case broken(column: Int, message: String, end: Int)
        case needsMore
    }

    private var isBlankLine: Bool {
        cells.count == 1 && !cells[0].isQuoted && cells[0].range.isEmpty
    }

    /// Finds the cells of the row that begins at `start`.
    private mutating func scanRow(from start: Int, isLastPiece: Bool) -> Scan {
        cells.removeAll(keepingCapacity: true)
        nextLine = line + 1
        var index = start
        while true {
            // Here a cell begins.
            let isQuoted = index < buffer.count && buffer[index] == UInt8(ascii: "\"")
            let cellEnd = isQuoted ? endOfQuoted(from: index) : endOfPlain(from: index)
            guard let cellEnd else {
                if !isLastPiece { return .needsMore }
                return .broken(
                    column: cells.count, message: "The quote is not closed.", end: buffer.count)
            }
            let range = isQuoted ? index + 1..<cellEnd : index..<cellEnd
            index = isQuoted ? cellEnd + 1 : cellEnd
            if index + 1 >= buffer.count && !isLastPiece { return .needsMore }

            let isCarriageReturn =
                index + 1 < buffer.count && buffer[index] == UInt8(ascii: "\r")
                && buffer[index + 1] == UInt8(ascii: "\n")
            if isCarriageReturn { index += 1 }
            cells.append(Cell(range: trimmed(range), isQuoted: isQuoted))
            if index == buffer.count { return .whole(end: index) }
            switch buffer[index] {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "\n"): return .whole(end: index + 1)
            default:
                let message =
                    isQuoted
                    ? "Only a comma or the end of the line may follow a closing quote."
                    : "A quote inside a cell: put the whole cell in quotes and double this one."
                return skipLine(from: index, column: cells.count - 1, message, isLastPiece)
            }
        }
    }

    /// Where an unquoted cell ends: at a comma, a line end, or a quote that has no business there.
    private func endOfPlain(from start: Int) -> Int? {
        var index = start
        while index < buffer.count {
            let byte = buffer[index]
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n")
                || byte == UInt8(ascii: "\"")
            {
                break
            }
            index += 1
        }
        return index
    }

    /// Where the closing quote stands; nil when the buffer ends before.
    private mutating func endOfQuoted(from start: Int) -> Int? {
        var index = start + 1
        while index < buffer.count {
            switch buffer[index] {
            case UInt8(ascii: "\n"): nextLine += 1
            case UInt8(ascii: "\""):
                let isDoubled =
                    index + 1 < buffer.count && buffer[index + 1] == UInt8(ascii: "\"")
                if !isDoubled { return index }
                index += 1
            default: break
            }
            index += 1
        }
        return nil
    }

    private func skipLine(
        from start: Int, column: Int, _ message: String, _ isLastPiece: Bool
    ) -> Scan {
        if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
            return .broken(column: column, message: message, end: end + 1)
        }
        return isLastPiece
            ? .broken(column: column, message: message, end: buffer.count) : .needsMore
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isSpace(buffer[start]) { start += 1 }
        while start < end, isSpace(buffer[end - 1]) { end -= 1 }
        return start..<end
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    /// Undoes the doubled quotes of a quoted cell, inside the buffer.
    private mutating func undoubleQuotes(of cell: Int) {
        var (write, read) = (cells[cell].range.lowerBound, cells[cell].range.lowerBound)
        let end = cells[cell].range.upperBound
        while read < end {
            buffer[write] = buffer[read]
            if buffer[read] == UInt8(ascii: "\"") { read += 1 }
            write += 1
            read += 1
        }
        cells[cell].range = cells[cell].range.lowerBound..<write
    }

    private func text(of cell: Int) -> String {
        String(decoding: buffer[cells[cell].range], as: UTF8.self)
    }
}

// MARK: - Meaning

extension CodesFileReader {
    /// Whether the header in `cells` can be worked with.
    private mutating func readHeader() -> Bool {
        let known = CodesFileColumn.allCases.map(\.rawValue)
        for cell in cells.indices {
            if cells[cell].isQuoted { undoubleQuotes(of: cell) }
            let name = text(of: cell)
            guard let column = CodesFileColumn(rawValue: name) else {
                let hint = suggestion(for: name, among: known)
                refuse(
                    line: line, name.shortened,
                    "There is no column `\(name.shortened)`; the columns are "
                        + "\(known.joined(separator: ", ")), separated by commas.\(hint)")
                continue
            }
            if columns.contains(column) {
                refuse(line: line, name, "The column `\(name)` appears twice in the header.")
            }
            columns.append(column)
        }
        if !columns.contains(.code) {
            refuse(line: line, "code", "The header has no column `code`.")
        }
        hasHeader = faults.isEmpty
        return hasHeader
    }

    private mutating func visitRow(_ visit: (CodesFileRow) -> Void) {
        rowCount += 1
        guard cells.count == columns.count else {
            refuse(
                line: line, "",
                "The row has \(cells.count) cells; the header has \(columns.count) columns.")
            return
        }
        var terms = CodesFileRow.Terms()
        var (codeCell, customerCell) = (0, 0..<0)
        let faultsBefore = faults.count + unreportedFaults
        for cell in cells.indices {
            if cells[cell].isQuoted { undoubleQuotes(of: cell) }
            if columns[cell] == .code {
                codeCell = cell
                checkText(of: cell)
            } else if !cells[cell].range.isEmpty {
                if columns[cell] == .customer { customerCell = cells[cell].range }
                readTerm(columns[cell], of: cell, into: &terms)
            }
        }
        if Moment.isEmptyWindow(from: terms.startsAt, to: terms.endsAt) {
            refuse(line: line, "ends_at", "It must be after `starts_at`.")
        }
        if terms.isMultiUse == false, let uses = terms.maxUses, uses > 1 {
            refuse(line: line, "max_uses", "A code that is not multi_use has one use, not \(uses).")
        }
        guard faults.count + unreportedFaults == faultsBefore else { return }
        let bytes = buffer.span
        visit(
            CodesFileRow(
                line: line, code: bytes.extracting(cells[codeCell].range),
                customer: bytes.extracting(customerCell), terms: terms))
    }

    /// Reads a cell that is not empty.
    private mutating func readTerm(
        _ column: CodesFileColumn, of cell: Int, into terms: inout CodesFileRow.Terms
    ) {
        switch column {
        case .code: break
        case .customer: checkText(of: cell)
        case .maxUses:
            terms.maxUses = wholeNumber(text(of: cell))
            if !(1...Money.largest.minorUnits).contains(terms.maxUses ?? 0) {
                refuse(
                    line: line, column.rawValue,
                    "`\(text(of: cell).shortened)` is not a number of uses: it must be at least 1.")
            }
        case .multiUse:
            switch text(of: cell).lowercased() {
            case "true": terms.isMultiUse = true
            case "false": terms.isMultiUse = false
            default:
                refuse(
                    line: line, column.rawValue,
                    "`\(text(of: cell).shortened)` is neither true nor false.")
            }
        case .startsAt, .endsAt:
            do throws(Moment.Fault) {
                let moment = try Moment.parse(buffer.span.extracting(cells[cell].range))
                if column == .startsAt { terms.startsAt = moment } else { terms.endsAt = moment }
            } catch {
                refuse(
                    line: line, column.rawValue,
                    "`\(text(of: cell).shortened)` \(error.explanation)")
            }
        }
    }

    /// Refuses a code or customer that is empty, too long, not UTF-8, or has control characters.
    private mutating func checkText(of cell: Int) {
        let range = cells[cell].range
        var fault: String?
        if range.isEmpty { fault = "The cell is empty." }
        if range.count > 255 { fault = "It has \(range.count) bytes; at most 255 are allowed." }
        var isASCII = true
        for index in range {
            let byte = buffer[index]
            if byte < 0x20 || byte == 0x7F {
                fault = "It contains a line break or another control character."
            }
            if byte >= 0x80 { isASCII = false }
        }
        if !isASCII, String(validating: buffer[range], as: UTF8.self) == nil {
            fault = "It is not UTF-8."
        }
        if let fault { refuse(line: line, columns[cell].rawValue, fault) }
    }
}
