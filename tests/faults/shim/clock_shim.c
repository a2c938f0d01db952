/*
 * A wall clock that jumps: for the process that preloads this.
 *
 *   CLOCK_SHIM_CONTROL  a file of one int64: by how many seconds the wall clock is off; it may change at any time
 *
 * The monotonic clocks go on as they are, as they do when somebody sets the real one. What a process hands to the kernel
 * as a moment of the wall clock is turned back into a moment of the kernel's.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static _Atomic int64_t *control;

/* Called by itself where the process starts with the variables, and by whoever is given them later. */
__attribute__((constructor)) void shim_begin(void)
{
    const char *name = getenv("CLOCK_SHIM_CONTROL");
    if (!name) return;
    int descriptor = open(name, O_RDONLY | O_CLOEXEC);
    void *mapped = mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, descriptor, 0);
    if (descriptor < 0 || mapped == MAP_FAILED) abort();
    close(descriptor);
    control = mapped;
}

static int64_t off(void)
{
    return control ? *control : 0;
}

static struct timespec kernels(const struct timespec *moment)
{
    struct timespec turned = *moment;
    turned.tv_sec -= off();
    if (turned.tv_sec < 0) turned.tv_sec = 0;
    return turned;
}

/* Reading. */

int clock_gettime(clockid_t clock, struct timespec *moment)
{
    NEXT(clock_gettime);
    int done = next(clock, moment);
    if (!done && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) moment->tv_sec += off();
    return done;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone)
{
    NEXT(gettimeofday);
    int done = next(moment, zone);
    if (!done) moment->tv_sec += off();
    return done;
}

time_t time(time_t *moment)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (moment) *moment = now.tv_sec;
    return now.tv_sec;
}

/* Waiting until. */

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until)
{
    NEXT(pthread_cond_timedwait);
    struct timespec turned = kernels(until);
    return next(condition, mutex, &turned);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until)
{
    NEXT(sem_timedwait);
    struct timespec turned = kernels(until);
    return next(semaphore, &turned);
}

long syscall(long number, ...)
{
    NEXT(syscall);
    long a[6];
    va_list more;
    va_start(more, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(more, long);
    va_end(more);
    struct timespec turned;
    int waits = number == SYS_futex && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    if (waits && a[1] & FUTEX_CLOCK_REALTIME && a[3]) {
        turned = kernels((const struct timespec *)a[3]);
        a[3] = (long)&turned;
    }
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
