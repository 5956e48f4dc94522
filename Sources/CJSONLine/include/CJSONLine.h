// One line of JSON -> a flat array of nodes and one run of bytes that they point into.
//
// The shim knows JSON, not coupons: it parses with simdjson, looks up the keys in the caller's
// vocabulary, finds repeated keys, and reports where values lie. The caller knows what a key may hold.
#ifndef CJSONLINE_H
#define CJSONLINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a node is.
typedef enum __attribute__((enum_extensibility(closed))) cjson_line_kind : uint8_t {
    cjson_line_kind_null,
    cjson_line_kind_false,
    cjson_line_kind_true,
    /// A number without fraction and exponent that fits 64 bits with a sign.
    cjson_line_kind_integer,
    /// A number without fraction and exponent that does not.
    cjson_line_kind_wide,
    /// A number with a fraction or an exponent, of any size.
    cjson_line_kind_real,
    cjson_line_kind_string,
    cjson_line_kind_array,
    cjson_line_kind_object,
} cjson_line_kind;

/// A value. The first child of node n is node n + 1, its next sibling is node `next`.
typedef struct cjson_line_node {
    cjson_line_kind kind;
    /// The key's number in the vocabulary, from 1; 0 for a key outside it and for no key.
    uint8_t name;
    /// One past the last node inside this one: where its next sibling is, if it has one.
    uint32_t next;
    /// The decoded key, in `bytes`.
    uint32_t key_start;
    uint32_t key_count;
    /// The value of an integer.
    int64_t integer;
    /// The decoded text of a string or the written form of a number, in `bytes`.
    uint32_t start;
    /// Its length; for an array or an object the number of children.
    uint32_t count;
} cjson_line_node;

/// The result of a parse. The parser owns all of it, and it is valid until the next parse.
typedef struct cjson_line_document {
    const cjson_line_node *nodes;
    uint32_t node_count;
    /// The first node whose key occurs earlier in its object; 0 if no key is repeated.
    uint32_t repeated;
    uint8_t *bytes;
    uint32_t byte_count;
    /// Where in `bytes` the caller may write `CJSON_LINE_SPARE_BYTES` of its own.
    uint32_t spare_start;
    /// The value of the top-level member with name 1 as it was written; count 0 when there is none.
    uint32_t raw_start;
    uint32_t raw_count;
} cjson_line_document;

typedef enum __attribute__((enum_extensibility(closed))) cjson_line_result : uint8_t {
    cjson_line_result_parsed,
    /// Not JSON by RFC 8259, or not UTF-8.
    cjson_line_result_malformed,
    /// Arrays and objects are nested deeper than `CJSON_LINE_DEPTH_MAX`; the rest was not read.
    cjson_line_result_deep,
    /// The line is longer than the parser was made for, or is empty.
    cjson_line_result_misfit,
} cjson_line_result;

enum {
    CJSON_LINE_DEPTH_MAX = 32,
    CJSON_LINE_SPARE_BYTES = 1024,
};

typedef struct cjson_line_parser cjson_line_parser;

/// Creates a parser of lines of at most `line_bytes_max` bytes (at most 16 MiB) with all the memory
/// that it will ever use. `vocabulary` lists up to 128 distinct keys separated by spaces. `seed`
/// keeps clients from choosing keys that collide. NULL if memory is exhausted.
cjson_line_parser *cjson_line_parser_create(
    size_t line_bytes_max, const char *vocabulary, uint64_t seed);

void cjson_line_parser_destroy(cjson_line_parser *parser);

/// Parses one line, which is copied. If it cannot be parsed, `document` has no nodes, but `bytes` and
/// their spare room are valid.
cjson_line_result cjson_line_parse(
    cjson_line_parser *parser, const uint8_t *line, size_t count, cjson_line_document *document);

/// The number in the vocabulary of the `count` bytes at `start` of the last document's bytes, or 0.
uint8_t cjson_line_name(const cjson_line_parser *parser, uint32_t start, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
