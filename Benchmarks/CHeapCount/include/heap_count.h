// Counts what a Swift program asks of the heap: linked into a program, it stands in front of malloc
// and of the runtime's reference counting. For one thread at a time.

#ifndef HEAP_COUNT_H
#define HEAP_COUNT_H

#include <stdint.h>

typedef struct {
    uint64_t allocations;
    uint64_t retains;
    uint64_t releases;
} heap_counts;

/// Puts the counters in front of swift_retain and swift_release. Call it once, at the start.
void heap_count_begin(void);

/// What has been counted so far.
heap_counts heap_counts_now(void);

#endif
