// Signals from the first instruction of the process on, and crashes apart from signals of others.
//
// The loader runs `.preinit_array` before the initializers of all libraries, and so before `main`.
// Only there a signal can be caught that comes while those initializers run: they take as long as
// the rest of a small start. Handlers have to be safe inside of any code, the loader's and the
// allocator's included, which no Swift function promises.

#define _GNU_SOURCE
#include "CStart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static const int remembered_numbers[] = {SIGHUP, SIGUSR1, SIGUSR2};
static const int ending_numbers[] = {SIGTERM, SIGINT};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// MARK: Before the daemon serves

static _Atomic uint32_t remembered = 0;
static _Atomic int ends_in_good_order = 0;

static void remember(int number) { atomic_fetch_or(&remembered, 1u << number); }

// A handler, and not the default action, because the first process of a container has no default
// actions: it would go on.
static void end_at_once(int number) {
    _exit(atomic_load(&ends_in_good_order) ? 0 : 128 + number);
}

static void catch_signal(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

// A program that was started with a closed standard descriptor would give its number to the next
// file that it opens, and write log lines into that.
static void open_standard_descriptors(void) {
    for (int number = 0; number <= 2; number++) {
        if (fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is this one.
        int opened = open("/dev/null", O_RDWR);
        (void)opened;
    }
}

static void start_early(void) {
    int saved = errno;
    signal(SIGPIPE, SIG_IGN);
    sigset_t numbers;
    sigemptyset(&numbers);
    for (size_t index = 0; index < COUNT(remembered_numbers); index++) {
        catch_signal(remembered_numbers[index], remember);
        sigaddset(&numbers, remembered_numbers[index]);
    }
    for (size_t index = 0; index < COUNT(ending_numbers); index++) {
        catch_signal(ending_numbers[index], end_at_once);
        sigaddset(&numbers, ending_numbers[index]);
    }
    // A program inherits the blocked signals of the thread that started it.
    sigprocmask(SIG_UNBLOCK, &numbers, NULL);
    open_standard_descriptors();
    errno = saved;
}

__attribute__((section(".preinit_array"), used)) static void (*const early)(void) = start_early;

void cstart_end_in_good_order(void) { atomic_store(&ends_in_good_order, 1); }

uint32_t cstart_take_signals(void) { return atomic_exchange(&remembered, 0); }

// MARK: Crashes

static const int crash_numbers[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};

enum { number_limit = 65, backtrace_seconds_max = 60 };

static struct sigaction reporters[number_limit];
static _Atomic int crash_descriptor = -1;
static volatile sig_atomic_t crash_number = 0;

// Ends the process with the default action of the signal.
static void die(int number) {
    signal(number, SIG_DFL);
    sigset_t numbers;
    sigemptyset(&numbers);
    sigaddset(&numbers, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &numbers, NULL);
    // Only the first process of a container comes here: it has no default actions.
    _exit(128 + number);
}

static void give_up(int number) {
    (void)number;
    die(crash_number);
}

static void wait_for_log(void) {
    // Lines that were written before the crash leave on another thread.
    struct timespec pause = {.tv_nsec = 100000000};
    nanosleep(&pause, NULL);
}

static void report_crash(int number, siginfo_t *info, void *context) {
    struct sigaction *reporter = &reporters[number];
    if (reporter->sa_handler == SIG_DFL || reporter->sa_handler == SIG_IGN) return;
    wait_for_log();
    int descriptor = atomic_load(&crash_descriptor);
    if (descriptor >= 0) dup2(descriptor, 2);
    // If no program reads the backtrace, writing it never ends.
    crash_number = number;
    catch_signal(SIGALRM, give_up);
    sigset_t numbers;
    sigemptyset(&numbers);
    sigaddset(&numbers, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &numbers, NULL);
    alarm(backtrace_seconds_max);
    if (reporter->sa_flags & SA_SIGINFO) {
        reporter->sa_sigaction(number, info, context);
    } else {
        reporter->sa_handler(number);
    }
}

static void on_crash_signal(int number, siginfo_t *info, void *context) {
    // The kernel reports a fault of this process with a positive code. A code of 0 or less came from
    // a system call: abort() sends the signal to itself.
    int is_own = info->si_code > 0 || info->si_pid == getpid();
    if (is_own && number != SIGQUIT) report_crash(number, info, context);
    if (info->si_code <= 0 || number == SIGQUIT || number == SIGTRAP) die(number);
    // The faulting instruction runs again, and its signal has its default action now.
    signal(number, SIG_DFL);
}

void cstart_separate_crashes(void) {
    sigset_t numbers;
    sigemptyset(&numbers);
    for (size_t index = 0; index < COUNT(crash_numbers); index++) {
        int number = crash_numbers[index];
        // The flags are those of Swift's handler: it has an alternate stack, and masks the signals
        // of other threads.
        struct sigaction current;
        if (sigaction(number, NULL, &current) < 0) continue;
        if (current.sa_sigaction == on_crash_signal) continue;
        reporters[number] = current;
        struct sigaction action = {
            .sa_sigaction = on_crash_signal, .sa_mask = current.sa_mask,
            .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
        sigaction(number, &action, NULL);
        sigaddset(&numbers, number);
    }
    // As above, a program may inherit them blocked.
    sigprocmask(SIG_UNBLOCK, &numbers, NULL);
}

void cstart_write_crashes_to(int descriptor) { atomic_store(&crash_descriptor, descriptor); }
