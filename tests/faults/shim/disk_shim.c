/*
 * A disk that remembers, fails, fills up, is slow or sees its process die: for the files of one folder, in the process
 * that preloads this.
 *
 *   DISK_SHIM_FOLDER   the folder, absolute and without symbolic links; only absolute names are looked at
 *   DISK_SHIM_CONTROL  a file of int64, struct control below, which the test changes while the process runs
 *   DISK_SHIM_LOG      where every change is recorded, struct record below and its payload; no record where it is unset
 *
 * One change at a time: a record's number is its place in the order in which the disk saw them. Files whose names end
 * in -shm are passed over: SQLite makes them anew after a power loss. The calls are those that SQLite and Python make
 * for their files; one that would change a file past the record ends the process.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { OPENED = 1, WRITTEN, TRUNCATED, ALLOCATED, SYNCED, RENAMED, UNLINKED };

struct control {
    _Atomic int64_t sequence;       /* changes so far */
    _Atomic int64_t counted;        /* calls of fail_kinds so far, failed ones too */
    _Atomic int64_t failed;         /* calls that failed on purpose */
    _Atomic int64_t fail_kinds;     /* bit 1 << kind: which calls are counted and may fail */
    _Atomic int64_t fail_from;      /* the first of the counted that fails; 0: none */
    _Atomic int64_t fail_to;        /* the last that fails */
    _Atomic int64_t fail_errno;     /* what they fail with; 0: the process ends instead, and nothing fails any more */
    _Atomic int64_t fsync_delay;    /* added to each fsync, in microseconds */
    _Atomic int64_t room;           /* bytes that files may still grow by; negative: no limit */
};

struct record {
    int64_t sequence, kind, descriptor;
    int64_t offset;                 /* WRITTEN, ALLOCATED; OPENED: 1 where the file is new */
    int64_t length;                 /* WRITTEN, ALLOCATED: bytes; TRUNCATED: the new size; OPENED: 1 where it is cut */
    int64_t payload;                /* bytes that follow: WRITTEN the data; OPENED, UNLINKED a name; RENAMED two names */
};

#define MOST_DESCRIPTORS 65536
#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static const char *folder;
static struct control *control;
static int log_descriptor = -1;
static _Atomic char watched[MOST_DESCRIPTORS];
static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;

/* The real calls that the shim itself needs. */

static int really_open(const char *name, int flags, mode_t mode)
{
    NEXT(open64);
    return next(name, flags, mode);
}

static ssize_t really_write(int descriptor, const void *bytes, size_t length)
{
    NEXT(write);
    return next(descriptor, bytes, length);
}

/* Called by itself where the process starts with the variables, and by whoever is given them later. */
__attribute__((constructor)) void shim_begin(void)
{
    const char *control_name = getenv("DISK_SHIM_CONTROL"), *log_name = getenv("DISK_SHIM_LOG");
    if (!getenv("DISK_SHIM_FOLDER") || !control_name) return;
    int descriptor = really_open(control_name, O_RDWR | O_CLOEXEC, 0);
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (descriptor < 0 || mapped == MAP_FAILED) abort();
    if (log_name) log_descriptor = really_open(log_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_name && log_descriptor < 0) abort();
    control = mapped;
    folder = getenv("DISK_SHIM_FOLDER");
}

/* Which files. */

/* The name inside the folder, "" for the folder itself; NULL where it is none of ours. */
static const char *name_inside(const char *path)
{
    size_t length = folder ? strlen(folder) : 0, whole = strlen(path);
    if (!length || strncmp(path, folder, length)) return NULL;
    if (whole > 4 && !strcmp(path + whole - 4, "-shm")) return NULL;
    if (path[length] == '/') return path + length + 1;
    return path[length] ? NULL : "";
}

static int is_watched(int descriptor)
{
    return descriptor >= 0 && descriptor < MOST_DESCRIPTORS && watched[descriptor];
}

static void require_unwatched(int descriptor, const char *call)
{
    if (!is_watched(descriptor)) return;
    fprintf(stderr, "disk shim: %s is not recorded\n", call);
    abort();
}

/* What is remembered. */

static void record(enum kind kind, int descriptor, int64_t offset, int64_t length, const void *payload, size_t size)
{
    struct record header = {++control->sequence, kind, descriptor, offset, length, (int64_t)size};
    struct iovec parts[] = {{&header, sizeof header}, {(void *)payload, size}};
    if (log_descriptor < 0) return;
    static __typeof__(writev) *next_writev;
    if (!next_writev) next_writev = (__typeof__(writev) *)dlsym(RTLD_NEXT, "writev");
    if (next_writev(log_descriptor, parts, 2) != (ssize_t)(sizeof header + size)) abort();
}

static void record_name(enum kind kind, int descriptor, int made, int cut, const char *name)
{
    record(kind, descriptor, made, cut, name, strlen(name));
}

/* What fails. */

static int may_happen(enum kind kind)
{
    if (!(control->fail_kinds >> kind & 1)) return 1;
    int64_t number = ++control->counted;
    if (!control->fail_from || number < control->fail_from || number > control->fail_to) return 1;
    control->failed++;
    if (!control->fail_errno) {
        control->fail_from = 0;
        kill(getpid(), SIGKILL);
    }
    errno = (int)control->fail_errno;
    return 0;
}

static int64_t size_of(int descriptor)
{
    struct stat64 status;
    return fstat64(descriptor, &status) ? 0 : status.st_size;
}

static void give_room(int64_t bytes)
{
    if (control->room >= 0 && bytes > 0) control->room += bytes;
}

static void give_room_of(const char *path)
{
    struct stat64 status;
    if (!lstat64(path, &status) && status.st_nlink == 1) give_room(status.st_size);
}

/* How many of `length` bytes that end at `end` there is room for, as a disk that fills up in the middle of a write. */
static int64_t take_room(int descriptor, int64_t end, int64_t length)
{
    if (control->room < 0) return length;
    int64_t growth = end - size_of(descriptor);
    if (growth <= 0) return length;
    int64_t missing = growth > control->room ? growth - control->room : 0;
    int64_t fits = missing < length ? length - missing : 0;
    if (fits) control->room -= growth - missing;
    return fits;
}

/* The calls. */

static int open_watched(const char *path, const char *name, int flags, mode_t mode)
{
    pthread_mutex_lock(&disk);
    int made = (flags & O_CREAT) && access(path, F_OK);
    int descriptor = made && !may_happen(OPENED) ? -1 : really_open(path, flags, mode);
    if (descriptor >= MOST_DESCRIPTORS) abort();
    if (descriptor >= 0) {
        watched[descriptor] = 1;
        record_name(OPENED, descriptor, made, !!(flags & O_TRUNC), name);
    }
    pthread_mutex_unlock(&disk);
    return descriptor;
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    const char *name = name_inside(path);
    return name ? open_watched(path, name, flags, mode) : really_open(path, flags, mode);
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

int close(int descriptor)
{
    NEXT(close);
    if (is_watched(descriptor)) watched[descriptor] = 0;
    return next(descriptor);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset)
{
    NEXT(pwrite64);
    if (!is_watched(descriptor)) return next(descriptor, bytes, length, offset);
    pthread_mutex_lock(&disk);
    ssize_t done = -1;
    if (may_happen(WRITTEN)) {
        int64_t fits = take_room(descriptor, offset + (int64_t)length, (int64_t)length);
        if (fits) done = next(descriptor, bytes, (size_t)fits, offset);
        else errno = ENOSPC;
        if (done > 0) record(WRITTEN, descriptor, offset, done, bytes, (size_t)done);
    }
    pthread_mutex_unlock(&disk);
    return done;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) __attribute__((alias("pwrite64")));

ssize_t write(int descriptor, const void *bytes, size_t length)
{
    if (!is_watched(descriptor)) return really_write(descriptor, bytes, length);
    if (fcntl(descriptor, F_GETFL) & O_APPEND) require_unwatched(descriptor, "appending");
    off64_t offset = lseek64(descriptor, 0, SEEK_CUR);
    ssize_t done = pwrite64(descriptor, bytes, length, offset);
    if (done > 0) lseek64(descriptor, offset + done, SEEK_SET);
    return done;
}

int ftruncate64(int descriptor, off64_t size)
{
    NEXT(ftruncate64);
    if (!is_watched(descriptor)) return next(descriptor, size);
    pthread_mutex_lock(&disk);
    int64_t before = size_of(descriptor);
    int done = may_happen(TRUNCATED) ? next(descriptor, size) : -1;
    if (!done) {
        give_room(before - size);
        record(TRUNCATED, descriptor, 0, size, NULL, 0);
    }
    pthread_mutex_unlock(&disk);
    return done;
}

int ftruncate(int descriptor, off_t size) __attribute__((alias("ftruncate64")));

static int allocate(int descriptor, off64_t offset, off64_t length)
{
    NEXT(posix_fallocate64);
    if (!may_happen(ALLOCATED)) return errno;
    int64_t growth = offset + length - size_of(descriptor);
    if (control->room >= 0 && growth > control->room) return ENOSPC;
    int failure = next(descriptor, offset, length);
    if (failure) return failure;
    if (control->room >= 0 && growth > 0) control->room -= growth;
    record(ALLOCATED, descriptor, offset, length, NULL, 0);
    return 0;
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t length)
{
    NEXT(posix_fallocate64);
    if (!is_watched(descriptor)) return next(descriptor, offset, length);
    pthread_mutex_lock(&disk);
    int failure = allocate(descriptor, offset, length);
    pthread_mutex_unlock(&disk);
    return failure;
}

int posix_fallocate(int descriptor, off_t offset, off_t length) __attribute__((alias("posix_fallocate64")));

static int sync_watched(int descriptor, int (*next)(int))
{
    pthread_mutex_lock(&disk);
    int done = may_happen(SYNCED) ? next(descriptor) : -1;
    struct timespec delay = {control->fsync_delay / 1000000, control->fsync_delay % 1000000 * 1000};
    if (!done && control->fsync_delay) nanosleep(&delay, NULL);
    if (!done) record(SYNCED, descriptor, 0, 0, NULL, 0);
    pthread_mutex_unlock(&disk);
    return done;
}

int fsync(int descriptor)
{
    NEXT(fsync);
    return is_watched(descriptor) ? sync_watched(descriptor, next) : next(descriptor);
}

int fdatasync(int descriptor)
{
    NEXT(fdatasync);
    return is_watched(descriptor) ? sync_watched(descriptor, next) : next(descriptor);
}

int unlink(const char *path)
{
    NEXT(unlink);
    const char *name = name_inside(path);
    if (!name) return next(path);
    pthread_mutex_lock(&disk);
    int done = -1;
    if (may_happen(UNLINKED)) {
        give_room_of(path);
        done = next(path);
        if (!done) record_name(UNLINKED, -1, 0, 0, name);
    }
    pthread_mutex_unlock(&disk);
    return done;
}

static int rename_watched(const char *from, const char *to, int (*next)(const char *, const char *))
{
    char names[8192];
    int length = snprintf(names, sizeof names, "%s/%s", name_inside(from), name_inside(to));
    if (length >= (int)sizeof names) abort();
    if (!may_happen(RENAMED)) return -1;
    give_room_of(to);
    int done = next(from, to);
    if (!done) record(RENAMED, -1, 0, 0, names, (size_t)length);
    return done;
}

int rename(const char *from, const char *to)
{
    NEXT(rename);
    if (!name_inside(from) && !name_inside(to)) return next(from, to);
    if (!name_inside(from) || !name_inside(to)) abort();
    pthread_mutex_lock(&disk);
    int done = rename_watched(from, to, next);
    pthread_mutex_unlock(&disk);
    return done;
}

int statvfs64(const char *path, struct statvfs64 *status)
{
    NEXT(statvfs64);
    int done = next(path, status);
    if (done || !name_inside(path) || control->room < 0) return done;
    fsblkcnt64_t blocks = (fsblkcnt64_t)control->room / status->f_frsize;
    if (blocks < status->f_bavail) status->f_bavail = blocks;
    return 0;
}

/* Calls that change a file in ways that are not recorded. */

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    NEXT(writev);
    require_unwatched(descriptor, "writev");
    return next(descriptor, parts, count);
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t length)
{
    NEXT(fallocate64);
    require_unwatched(descriptor, "fallocate");
    return next(descriptor, mode, offset, length);
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t length, unsigned flags)
{
    NEXT(copy_file_range);
    require_unwatched(to, "copy_file_range");
    return next(from, from_offset, to, to_offset, length, flags);
}

void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off64_t offset)
{
    NEXT(mmap64);
    if (protection & PROT_WRITE && flags & MAP_SHARED) require_unwatched(descriptor, "mmap");
    return next(address, length, protection, flags, descriptor, offset);
}
