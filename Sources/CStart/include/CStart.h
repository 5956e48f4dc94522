#ifndef CSTART_H
#define CSTART_H

#include <stdint.h>

// What a daemon needs before any Swift code can run: see Decisions/EarlySignals.md. All functions
// may be called from any thread; none of them blocks or allocates.

/// From now on SIGTERM and SIGINT end the process with 0, until something else handles them: it
/// serves no client yet. Before this call they end it with 128 and the number of the signal.
void cstart_end_in_good_order(void);

/// Returns the remembered signals of SIGHUP, SIGUSR1 and SIGUSR2, and forgets them: a set with the
/// bit 1 << number for each. A signal is remembered once, however often it came.
uint32_t cstart_take_signals(void);

/// From now on SIGABRT, SIGSEGV and their like end the process at once if another process sent them.
/// If this process crashed, the handlers that were installed before run first: those of Swift's
/// runtime write a backtrace.
void cstart_separate_crashes(void);

/// The backtrace of a crash goes to this descriptor, which stays the caller's; -1 for standard error.
void cstart_write_crashes_to(int descriptor);

#endif
