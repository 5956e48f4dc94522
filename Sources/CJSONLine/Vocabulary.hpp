// The caller's keys, numbered from 1. A key is compared by its length and its first eight bytes as one
// word; only longer keys need their rest compared. So a look-up costs a multiplication and a load or
// two, and the grammar branches on small numbers instead of comparing texts.
#ifndef CJSONLINE_VOCABULARY_HPP
#define CJSONLINE_VOCABULARY_HPP

#include <cstdint>
#include <cstring>

namespace cjson_line {

/// The first eight bytes of a text as a word, missing ones as zeros. Eight bytes must be readable even
/// if the text is shorter.
inline uint64_t first_word(const uint8_t *text, uint32_t count) {
    uint64_t word;
    std::memcpy(&word, text, sizeof word);
    return count >= 8 ? word : word & ~(~uint64_t(0) << (8 * count));
}

class vocabulary {
public:
    static constexpr uint32_t names_max = 128;

    /// Takes the keys from a list separated by single spaces, which must outlive this. False if there
    /// are more than `names_max`.
    bool learn(const char *list) {
        uint32_t name = 0;
        const char *start = list;
        while (*start != 0) {
            const char *end = start;
            while (*end != 0 && *end != ' ') end++;
            if (++name > names_max) return false;
            add(reinterpret_cast<const uint8_t *>(start), uint32_t(end - start), uint8_t(name));
            start = *end == 0 ? end : end + 1;
        }
        return true;
    }

    uint8_t number(const uint8_t *text, uint32_t count) const {
        const uint64_t word = first_word(text, count);
        for (uint32_t slot = home(word, count);; slot = (slot + 1) % slot_count) {
            const entry &candidate = entries[slot];
            if (candidate.name == 0) return 0;
            if (candidate.word == word && candidate.count == count
                && (count <= 8 || std::memcmp(candidate.text + 8, text + 8, count - 8) == 0))
                return candidate.name;
        }
    }

private:
    struct entry {
        uint64_t word = 0;
        const uint8_t *text = nullptr;
        uint32_t count = 0;
        uint8_t name = 0;
    };
    static constexpr uint32_t slot_count = 256;
    entry entries[slot_count];

    static uint32_t home(uint64_t word, uint32_t count) {
        return uint32_t(((word ^ count) * UINT64_C(0x9E3779B97F4A7C15)) >> 56);
    }

    void add(const uint8_t *text, uint32_t count, uint8_t name) {
        uint8_t padded[8] = {};
        std::memcpy(padded, text, count < 8 ? count : 8);
        const uint64_t word = first_word(padded, count);
        uint32_t slot = home(word, count);
        while (entries[slot].name != 0) slot = (slot + 1) % slot_count;
        entries[slot].word = word;
        entries[slot].text = text;
        entries[slot].count = count;
        entries[slot].name = name;
    }
};

}  // namespace cjson_line

#endif
