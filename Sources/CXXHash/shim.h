// xxHash, compiled into the caller: a hash of a code text is a few instructions, less than a call.
#define XXH_INLINE_ALL
#include <xxhash.h>
