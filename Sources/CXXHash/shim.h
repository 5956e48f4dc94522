// xxHash, compiled into the caller: hashing a code text takes fewer instructions than a call. Swift
// cannot see the inlined functions, which xxHash renames by macros, so these wrap them.
#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t cxx_hash64(const void *bytes, size_t count, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes, count, seed);
}

static inline XXH128_hash_t cxx_hash128(const void *bytes, size_t count) {
    return XXH3_128bits(bytes, count);
}
