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

/// Counts from now on. While it counts, retaining a short string crashes (seen with Swift 6.3), so
/// what is counted must not use any.
void heap_count_begin(void);

/// Stops counting. What was counted since it began.
heap_counts heap_count_end(void);

#endif
