/// Why a text that begins with these bytes is not UTF-8, for its author; nil when it may be.
///
/// Text in UTF-16 has a zero byte at each of its ASCII characters, and a mark in front if the program
/// that wrote it was kind.
func foreignEncoding(ofTextBeginningWith bytes: some Collection<UInt8>) -> String? {
    let start = Array(bytes.prefix(2))
    guard start.count == 2 else { return nil }
    let isMarked = start == [0xFF, 0xFE] || start == [0xFE, 0xFF]
    guard isMarked || start.contains(0) else { return nil }
    return "It is UTF-16, not UTF-8: save it as UTF-8 (in spreadsheets, \"CSV UTF-8\")."
}
