#include "heap_count.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

// glibc's own entry points, to which each counted call is handed on.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static heap_counts counts;

void *malloc(size_t size) {
    counts.allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    counts.allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    counts.allocations++;
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    counts.allocations++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    counts.allocations++;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    counts.allocations++;
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

// The runtime keeps these pointers so that instruments can stand in front of reference counting;
// compiled code uses them once the flag is set.
extern void *(*_swift_retain)(void *);
extern void *(*_swift_retain_n)(void *, uint32_t);
extern void (*_swift_release)(void *);
extern void (*_swift_release_n)(void *, uint32_t);
extern bool _swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly;

static void *(*runtime_retain)(void *);
static void *(*runtime_retain_n)(void *, uint32_t);
static void (*runtime_release)(void *);
static void (*runtime_release_n)(void *, uint32_t);

static void *count_retain(void *object) {
    counts.retains++;
    return runtime_retain(object);
}

static void *count_retain_n(void *object, uint32_t times) {
    counts.retains += times;
    return runtime_retain_n(object, times);
}

static void count_release(void *object) {
    counts.releases++;
    runtime_release(object);
}

static void count_release_n(void *object, uint32_t times) {
    counts.releases += times;
    runtime_release_n(object, times);
}

void heap_count_begin(void) {
    runtime_retain = _swift_retain;
    runtime_retain_n = _swift_retain_n;
    runtime_release = _swift_release;
    runtime_release_n = _swift_release_n;
    _swift_retain = count_retain;
    _swift_retain_n = count_retain_n;
    _swift_release = count_release;
    _swift_release_n = count_release_n;
    _swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly = true;
    counts = (heap_counts){0};
}

heap_counts heap_count_end(void) {
    _swift_retain = runtime_retain;
    _swift_retain_n = runtime_retain_n;
    _swift_release = runtime_release;
    _swift_release_n = runtime_release_n;
    _swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly = false;
    return counts;
}
