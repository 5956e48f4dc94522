// Cases that simdjson decides differently, on paths that ordinary lines do not take.
//
// Numbers: a number beyond the range of a double or of 64 bits is valid JSON, but simdjson rejects it
// like `01`. Such numbers are overwritten in a copy by a small one of the same width. If the line then
// parses, they were its only fault, and the grammar can name their field. Escapes: UTF-8 cannot
// represent half a surrogate pair.
#ifndef CJSONLINE_STRICTNESS_HPP
#define CJSONLINE_STRICTNESS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cjson_line {

inline bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

/// Whether a byte can belong to a number.
inline bool is_number_byte(uint8_t byte) {
    return is_digit(byte) || byte == '-' || byte == '+' || byte == '.' || byte == 'e'
        || byte == 'E';
}

/// One past the last byte of the number at `start`. The line is followed by padding.
inline size_t number_end(const uint8_t *line, size_t start) {
    size_t end = start;
    while (is_number_byte(line[end])) end++;
    return end;
}

/// Whether a written number has neither fraction nor exponent.
inline bool is_written_as_integer(const uint8_t *line, size_t start, size_t end) {
    for (size_t index = start; index < end; index++)
        if (!is_digit(line[index]) && line[index] != '-') return false;
    return true;
}

/// Whether `line[start..<end]` is a number by the grammar of RFC 8259, section 6.
inline bool is_number(const uint8_t *line, size_t start, size_t end) {
    size_t at = start;
    const auto digits = [&] {
        const size_t first = at;
        while (at < end && is_digit(line[at])) at++;
        return at > first;
    };
    if (at < end && line[at] == '-') at++;
    if (at < end && line[at] == '0') {
        at++;
    } else if (!digits()) {
        return false;
    }
    if (at < end && line[at] == '.') {
        at++;
        if (!digits()) return false;
    }
    if (at < end && (line[at] == 'e' || line[at] == 'E')) {
        at++;
        if (at < end && (line[at] == '+' || line[at] == '-')) at++;
        if (!digits()) return false;
    }
    return at == end;
}

/// Overwrites every long or scaled number in `line` with `2.5` and spaces. Nothing shorter than five
/// bytes (`1e309`) can be out of range.
inline void tame_numbers(uint8_t *line, size_t count) {
    bool is_in_string = false;
    for (size_t at = 0; at < count; at++) {
        if (line[at] == '"') is_in_string = !is_in_string;
        if (is_in_string) {
            if (line[at] == '\\') at++;
            continue;
        }
        if (!is_digit(line[at]) && line[at] != '-') continue;
        const size_t end = number_end(line, at);
        const bool may_overflow = !is_written_as_integer(line, at, end) || end - at >= 19;
        if (may_overflow && end - at >= 5 && is_number(line, at, end)) {
            std::memset(line + at, ' ', end - at);
            std::memcpy(line + at, "2.5", 3);
        }
        at = end - 1;
    }
}

inline uint32_t hex_value(const uint8_t *digits) {
    uint32_t value = 0;
    for (int index = 0; index < 4; index++) {
        const uint8_t digit = digits[index];
        value = value << 4 | uint32_t(is_digit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    return value;
}

/// Whether the escaped surrogates of a line of JSON come in pairs, the high one first.
inline bool has_whole_surrogates(const uint8_t *line, size_t count) {
    for (size_t at = 0; at < count; at++) {
        if (line[at] != '\\') continue;
        at++;
        if (line[at] != 'u') continue;
        const uint32_t unit = hex_value(line + at + 1);
        at += 4;
        if (unit < 0xD800 || unit > 0xDFFF) continue;
        if (unit >= 0xDC00 || line[at + 1] != '\\' || line[at + 2] != 'u') return false;
        const uint32_t low = hex_value(line + at + 3);
        if (low < 0xDC00 || low > 0xDFFF) return false;
        at += 6;
    }
    return true;
}

}  // namespace cjson_line

#endif
