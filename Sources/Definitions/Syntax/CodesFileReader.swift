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
    /// Bytes of the first column's name: few rows need a closer look at whether they are the header.
    private var firstNameByteCount = 0
    /// Where the row under the scanner begins, and where the one after it will.
    private var line = 1
    private var nextLine = 1
    /// Where it begins in the buffer.
    private var rowStart = 0
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
                if recorder?.isOverdue == true { break }
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

    /// Refuses what stands in the column of this name; `cell` is its place in the present row.
    private mutating func refuse(
        line: Int, _ column: String, at cell: Int? = nil, _ message: String
    ) {
        if faults.count == Self.faultsMax {
            unreportedFaults += 1
            return
        }
        faults.append(
            DefinitionFault(
                place: SourcePlace(file: path, line: line, column: start(ofCell: cell)),
                field: column, message: message))
    }

    /// In characters, 1-based; 0 when it is not known.
    private func start(ofCell cell: Int?) -> Int {
        // In a row of several lines the cell may stand on another one.
        guard let cell, nextLine == line + 1 else { return 0 }
        var position = SourcePosition(line: line, column: 1)
        let end = cells[cell].range.lowerBound - (cells[cell].isQuoted ? 1 : 0)
        for index in rowStart..<end { position.advance(over: buffer[index]) }
        return position.column
    }

    /// Visits the rows that the buffer holds whole. False when reading on makes no sense.
    private mutating func visitRows(isLastPiece: Bool, _ visit: (CodesFileRow) -> Void) -> Bool {
        var start = 0
        if !hasHeader, line == 1 {
            if buffer.count < 2, !isLastPiece { return true }
            if let why = foreignEncoding(ofTextBeginningWith: buffer) {
                refuse(line: 0, "", why)
                return false
            }
            if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
        }
        while start < buffer.count {
            let end: Int
            rowStart = start
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
                if isLastPiece, end == buffer.count, buffer[end - 1] != UInt8(ascii: "\n") {
                    refuse(
                        line: line, "", at: 0,
                        "The last row has no line end: the file may have been cut off here. If the "
                            + "row is whole, end it with a line feed.")
                } else if hasHeader {
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
        var found: [CodesFileHeader.Cell] = []
        for cell in cells.indices {
            if cells[cell].isQuoted { undoubleQuotes(of: cell) }
            found.append(CodesFileHeader.Cell(text: text(of: cell), isQuoted: cells[cell].isQuoted))
        }
        let header = CodesFileHeader(found)
        for fault in header.faults {
            refuse(line: line, fault.column, at: fault.cell, fault.message)
        }
        columns = header.columns
        firstNameByteCount = columns.first?.rawValue.utf8.count ?? 0
        hasHeader = faults.isEmpty
        return hasHeader
    }

    /// Whether the row is the header once more. A quoted cell is a code even then.
    private var isHeaderRepeated: Bool {
        cells[0].range.count == firstNameByteCount && cells.count == columns.count
            && zip(cells, columns).allSatisfy { cell, column in
                !cell.isQuoted && buffer[cell.range].elementsEqual(column.rawValue.utf8)
            }
    }

    /// Why the row as a whole does not define a code; nil when it may.
    private var faultOfRow: String? {
        if cells.count > 1, cells.allSatisfy({ $0.range.isEmpty }) {
            return "The row has only empty cells: spreadsheets leave such rows behind. Delete it."
        }
        if isHeaderRepeated {
            return "The header appears again: were two files joined? Delete this row."
        }
        if cells.count != columns.count {
            return "The row has \(cells.count) cells; the header has \(columns.count) columns."
        }
        return nil
    }

    private mutating func visitRow(_ visit: (CodesFileRow) -> Void) {
        rowCount += 1
        if let fault = faultOfRow {
            refuse(line: line, "", at: 0, fault)
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
                if columns[cell] == .customer {
                    customerCell = cells[cell].range
                    checkText(of: cell)
                } else if let fault = terms.read(
                    columns[cell], buffer.span.extracting(cells[cell].range))
                {
                    refuse(line: line, columns[cell].rawValue, at: cell, fault)
                }
            }
        }
        if Moment.isEmptyWindow(from: terms.startsAt, to: terms.endsAt) {
            refuse(line: line, "ends_at", at: cell(of: .endsAt), "It must be after `starts_at`.")
        }
        if terms.isMultiUse == false, let uses = terms.maxUses, uses > 1 {
            refuse(
                line: line, "max_uses", at: cell(of: .maxUses),
                "A code that is not multi_use has one use, not \(uses).")
        }
        guard faults.count + unreportedFaults == faultsBefore else { return }
        let bytes = buffer.span
        visit(
            CodesFileRow(
                line: line, code: bytes.extracting(cells[codeCell].range),
                customer: bytes.extracting(customerCell), terms: terms))
    }

    private func cell(of column: CodesFileColumn) -> Int? { columns.firstIndex(of: column) }

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
        if let fault { refuse(line: line, columns[cell].rawValue, at: cell, fault) }
    }
}
