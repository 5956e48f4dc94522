// The walk from simdjson's tape to nodes.
//
// The tape (simdjson: doc/tape.md) lists the values and their contents in order. The structural
// indexes that the parse leaves list, also in order, where each bracket, colon, comma, key and value
// begins in the line. The walk reads both in step, so it knows how each value was written.
//
// Strings stay where simdjson unescaped them. Its string buffer is replaced by a larger one with room
// for the line's padded copy and for a text of the caller. So all texts of a request (decoded strings,
// numbers as they were written, the raw `id`) are ranges of one run of bytes.

#include "CJSONLine.h"

#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>

#include "Strictness.hpp"
#include "Vocabulary.hpp"

static_assert(sizeof(cjson_line_node) == 32, "Swift reads nodes as an array of 32-byte values");
static_assert(sizeof(cjson_line_document) == 40, "Swift passes documents by their address");

namespace {

using namespace cjson_line;

/// An open array or object of the walk.
struct frame {
    uint32_t node;
    uint32_t child_count;
    /// One bit for each name below 64 that the object has so far.
    uint64_t names_seen;
    /// Members whose keys are outside of those names.
    uint32_t other_count;
    bool is_object;
};

template <typename T>
std::unique_ptr<T[]> allocate(size_t count) {
    return std::unique_ptr<T[]>(new (std::nothrow) T[count]);
}

}  // namespace

struct cjson_line_parser {
    simdjson::dom::parser simd;
    simdjson::dom::document tree;
    vocabulary names;
    std::unique_ptr<char[]> name_list;
    std::unique_ptr<cjson_line_node[]> nodes;
    /// Scratch of the search for repeated keys: members of an object, and a hash table of them.
    std::unique_ptr<uint32_t[]> others;
    std::unique_ptr<uint32_t[]> slots;
    size_t line_bytes_max = 0;
    size_t line_start = 0;
    size_t spare_start = 0;
    size_t byte_count = 0;
    uint64_t seed = 0;
    // What the walk in progress has found.
    uint32_t node_count = 0;
    uint32_t repeated = 0;
    uint32_t raw_start = 0;
    uint32_t raw_count = 0;

    bool prepare(size_t line_limit, const char *list, uint64_t chosen_seed);
    cjson_line_result parse(const uint8_t *line, size_t count);
    void walk();

private:
    bool read_key(frame &parent, uint64_t word, cjson_line_node &node);
    void read_number(
        uint8_t type, uint64_t bits, const uint8_t *line, uint32_t start, uint32_t end,
        cjson_line_node &node);
    void note_repeated(uint32_t node) {
        if (repeated == 0 || node < repeated) repeated = node;
    }
    bool has_same_key(uint32_t left, uint32_t right) const;
    uint64_t hash_key(const cjson_line_node &node) const;
    void find_repeated(const frame &object);
    void find_repeated_by_hash(uint32_t count);

    const uint8_t *bytes() const { return tree.string_buf.get(); }
    uint32_t string_count(uint32_t offset) const {
        uint32_t count;
        std::memcpy(&count, bytes() + offset, sizeof count);
        return count;
    }
    /// One past the last byte of the value before `follower`, the place of the next comma or closing
    /// bracket. White space may lie between them.
    static uint32_t value_end(const uint8_t *line, uint32_t follower) {
        uint32_t end = follower;
        while (line[end - 1] <= ' ') end--;
        return end;
    }
};

bool cjson_line_parser::prepare(size_t line_limit, const char *list, uint64_t chosen_seed) {
    // simdjson would allocate again for a capacity below its smallest document.
    const size_t capacity = line_limit < 64 ? 64 : line_limit;
    const size_t padded = capacity + simdjson::SIMDJSON_PADDING;
    line_bytes_max = line_limit;
    seed = chosen_seed;
    if (simd.allocate(capacity, CJSON_LINE_DEPTH_MAX) || tree.allocate(capacity)) return false;

    // As document::allocate computes it, and whole cache lines.
    line_start = (5 * capacity / 3 + simdjson::SIMDJSON_PADDING + 63) / 64 * 64;
    spare_start = line_start + padded;
    byte_count = spare_start + CJSON_LINE_SPARE_BYTES;
    tree.string_buf = allocate<uint8_t>(byte_count);
    // A value takes at least two bytes of the line: itself, and the comma or bracket after it.
    const size_t nodes_max = capacity / 2 + 8;
    nodes = allocate<cjson_line_node>(nodes_max);
    others = allocate<uint32_t>(nodes_max);
    slots = allocate<uint32_t>(4 * nodes_max);
    const size_t list_count = std::strlen(list) + 1;
    name_list = allocate<char>(list_count);
    if (!tree.string_buf || !nodes || !others || !slots || !name_list) return false;
    std::memset(tree.string_buf.get(), 0, byte_count);
    std::memcpy(name_list.get(), list, list_count);
    return names.learn(name_list.get());
}

cjson_line_result cjson_line_parser::parse(const uint8_t *line, size_t count) {
    if (count == 0 || count > line_bytes_max) return cjson_line_result_misfit;
    uint8_t *const copy = tree.string_buf.get() + line_start;
    std::memcpy(copy, line, count);
    std::memset(copy + count, ' ', simdjson::SIMDJSON_PADDING);

    auto error = simd.parse_into_document(tree, copy, count, false).error();
    if (error == simdjson::NUMBER_ERROR) {
        tame_numbers(copy, count);
        error = simd.parse_into_document(tree, copy, count, false).error();
        std::memcpy(copy, line, count);
    }
    if (error == simdjson::DEPTH_ERROR) return cjson_line_result_deep;
    if (error) return cjson_line_result_malformed;
    if (std::memchr(line, '\\', count) && !has_whole_surrogates(copy, count))
        return cjson_line_result_malformed;
    walk();
    return cjson_line_result_parsed;
}

void cjson_line_parser::walk() {
    // Nodes are built in a local and stored once: a store to a uint8_t member may alias anything, and
    // the compiler would reload every pointer after it.
    cjson_line_node *const made = nodes.get();
    const uint64_t *tape = tree.tape.get() + 1;
    const uint32_t *position = simd.implementation->structural_indexes.get();
    const uint8_t *const line = bytes() + line_start;
    frame open[CJSON_LINE_DEPTH_MAX + 1];
    frame *parent = nullptr;
    uint32_t index = 0;
    repeated = raw_start = raw_count = 0;

    do {
        const uint8_t closing = uint8_t(*tape >> 56);
        if (parent && (closing == '}' || closing == ']')) {
            made[parent->node].next = index;
            made[parent->node].count = parent->child_count;
            if (parent->other_count > 1) find_repeated(*parent);
            parent = parent == open ? nullptr : parent - 1;
            tape++;
            position++;
            continue;
        }
        cjson_line_node node{};
        if (parent) {
            if (parent->child_count++ > 0) position++;  // The comma before.
            if (parent->is_object) {
                if (!read_key(*parent, *tape++, node)) note_repeated(index);
                position += 2;  // The key and its colon.
            }
        }
        const uint64_t word = *tape++;
        const uint8_t type = uint8_t(word >> 56);
        const uint32_t start = *position++;
        node.next = index + 1;
        switch (type) {
        case '{':
        case '[':
            node.kind = type == '{' ? cjson_line_kind_object : cjson_line_kind_array;
            parent = parent ? parent + 1 : open;
            *parent = frame{index, 0, 0, 0, type == '{'};
            made[index++] = node;
            continue;
        case '"':
            // The tape counts strings from the start of their length.
            node.kind = cjson_line_kind_string;
            node.start = uint32_t(word) + 4;
            node.count = string_count(uint32_t(word));
            break;
        case 't': node.kind = cjson_line_kind_true; break;
        case 'f': node.kind = cjson_line_kind_false; break;
        case 'n': node.kind = cjson_line_kind_null; break;
        default: read_number(type, *tape++, line, start, value_end(line, *position), node);
        }
        made[index++] = node;
        if (node.name == 1 && parent == open) {
            raw_start = uint32_t(line_start) + start;
            raw_count = value_end(line, *position) - start;
        }
    } while (parent);
    node_count = index;
}

/// False if the key is one of the first names and occurs earlier in the object.
inline bool cjson_line_parser::read_key(frame &parent, uint64_t word, cjson_line_node &node) {
    const uint32_t offset = uint32_t(word);
    node.key_start = offset + 4;
    node.key_count = string_count(offset);
    node.name = names.number(bytes() + node.key_start, node.key_count);
    if (node.name == 0 || node.name >= 64) {
        parent.other_count++;
        return true;
    }
    const uint64_t bit = UINT64_C(1) << node.name;
    const bool is_first = (parent.names_seen & bit) == 0;
    parent.names_seen |= bit;
    return is_first;
}

inline void cjson_line_parser::read_number(
    uint8_t type, uint64_t bits, const uint8_t *line, uint32_t start, uint32_t end,
    cjson_line_node &node) {
    node.start = uint32_t(line_start) + start;
    node.count = end - start;
    if (type == 'l') {
        node.kind = cjson_line_kind_integer;
        node.integer = int64_t(bits);
    } else {
        const bool is_integer = is_written_as_integer(line, start, end);
        node.kind = is_integer ? cjson_line_kind_wide : cjson_line_kind_real;
    }
}

bool cjson_line_parser::has_same_key(uint32_t left, uint32_t right) const {
    const cjson_line_node &a = nodes[left], &b = nodes[right];
    return a.key_count == b.key_count
        && std::memcmp(bytes() + a.key_start, bytes() + b.key_start, a.key_count) == 0;
}

uint64_t cjson_line_parser::hash_key(const cjson_line_node &node) const {
    // Folded multiplications with a secret seed: a client cannot aim 8,000 keys at one slot.
    const uint8_t *key = bytes() + node.key_start;
    uint64_t hash = seed ^ node.key_count;
    for (uint32_t done = 0; done < node.key_count; done += 8) {
        const uint64_t word = first_word(key + done, node.key_count - done);
        const auto product = static_cast<unsigned __int128>(hash ^ word)
            * (seed | UINT64_C(0x9E3779B97F4A7C15));
        hash = uint64_t(product) ^ uint64_t(product >> 64);
    }
    return hash;
}

void cjson_line_parser::find_repeated(const frame &object) {
    uint32_t count = 0;
    for (uint32_t child = object.node + 1; child < nodes[object.node].next;
         child = nodes[child].next)
        if (nodes[child].name == 0 || nodes[child].name >= 64) others[count++] = child;
    if (count > 12) return find_repeated_by_hash(count);
    for (uint32_t later = 1; later < count; later++)
        for (uint32_t earlier = 0; earlier < later; earlier++)
            if (has_same_key(others[earlier], others[later])) return note_repeated(others[later]);
}

void cjson_line_parser::find_repeated_by_hash(uint32_t count) {
    uint32_t slot_count = 32;
    while (slot_count < 2 * count) slot_count *= 2;
    std::memset(slots.get(), 0, slot_count * sizeof(uint32_t));
    for (uint32_t index = 0; index < count; index++) {
        const uint32_t member = others[index];
        uint32_t slot = uint32_t(hash_key(nodes[member])) & (slot_count - 1);
        while (slots[slot] != 0) {
            if (has_same_key(slots[slot], member)) return note_repeated(member);
            slot = (slot + 1) & (slot_count - 1);
        }
        slots[slot] = member;
    }
}

extern "C" {

cjson_line_parser *cjson_line_parser_create(
    size_t line_bytes_max, const char *vocabulary, uint64_t seed) {
    if (line_bytes_max > (size_t(16) << 20)) return nullptr;
    cjson_line_parser *const parser = new (std::nothrow) cjson_line_parser;
    if (parser && !parser->prepare(line_bytes_max, vocabulary, seed)) {
        delete parser;
        return nullptr;
    }
    return parser;
}

void cjson_line_parser_destroy(cjson_line_parser *parser) { delete parser; }

cjson_line_result cjson_line_parse(
    cjson_line_parser *parser, const uint8_t *line, size_t count, cjson_line_document *document) {
    const cjson_line_result result = parser->parse(line, count);
    const bool is_parsed = result == cjson_line_result_parsed;
    document->nodes = parser->nodes.get();
    document->node_count = is_parsed ? parser->node_count : 0;
    document->repeated = is_parsed ? parser->repeated : 0;
    document->bytes = parser->tree.string_buf.get();
    document->byte_count = uint32_t(parser->byte_count);
    document->spare_start = uint32_t(parser->spare_start);
    document->raw_start = is_parsed ? parser->raw_start : 0;
    document->raw_count = is_parsed ? parser->raw_count : 0;
    return result;
}

uint8_t cjson_line_name(const cjson_line_parser *parser, uint32_t start, uint32_t count) {
    return parser->names.number(parser->tree.string_buf.get() + start, count);
}

}  // extern "C"
