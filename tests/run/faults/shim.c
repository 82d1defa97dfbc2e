/* Loaded ahead of libc (LD_PRELOAD): counts the calls that change files below one folder, and lets one of them fail.

   A call counts when it opens for writing, writes, syncs, makes a folder or renames, and its path, or the path behind
   its descriptor, lies below the folder given to `faults_arm`. The call with the chosen number fails with the chosen
   error; a write leaves half of its bytes behind first, as a disk does that fills up. With `lasting`, all later calls
   that count fail as well. The error KILL ends the process there instead, as `kill -9` would.
   Opened internet sockets are counted too. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define KILL 9999
#define REAL(name) (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static char root[PATH_MAX];
static int armed, at, error, lasting, counted, sockets;
static pid_t owner;

void faults_arm(const char *folder, int number, int fails_with, int keeps_failing)
{
    strncpy(root, folder, sizeof root - 1);
    at = number, error = fails_with, lasting = keeps_failing, counted = 0, owner = getpid(), armed = 1;
}

int faults_counted(void) { return counted; }
int faults_sockets(void) { return sockets; }

static int below(const char *path) { return strncmp(path, root, strlen(root)) == 0; }

static int behind(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

/* Whether this call is to fail. */
static int due(void)
{
    int number = ++counted;
    return number == at || (lasting && at > 0 && number > at);
}

static int failing(void)
{
    if (error == KILL) kill(getpid(), SIGKILL);
    errno = error;
    return -1;
}

static int watched(void) { return armed && getpid() == owner; }

#define OPENING(name, ...)                                                        \
    {                                                                                            \
        mode_t mode = 0;                                                                         \
        if (flags & O_CREAT) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); } \
        if (watched() && (flags & (O_WRONLY | O_RDWR | O_CREAT)) && below(path) && due()) return failing(); \
        return (REAL(name))(__VA_ARGS__, flags, mode);                                           \
    }
int open(const char *path, int flags, ...) OPENING(open, path)
int open64(const char *path, int flags, ...) OPENING(open64, path)
int openat(int dir, const char *path, int flags, ...) OPENING(openat, dir, path)
int openat64(int dir, const char *path, int flags, ...) OPENING(openat64, dir, path)

ssize_t write(int fd, const void *bytes, size_t length)
{
    if (watched() && behind(fd) && due()) {
        if (length > 1 && (REAL(write))(fd, bytes, length / 2) < 0) return -1;
        return failing();
    }
    return (REAL(write))(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t where)
{
    if (watched() && behind(fd) && due()) return failing();
    return (REAL(pwrite))(fd, bytes, length, where);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t where)
{
    if (watched() && behind(fd) && due()) return failing();
    return (REAL(pwrite64))(fd, bytes, length, where);
}

ssize_t writev(int fd, const struct iovec *parts, int number)
{
    if (watched() && behind(fd) && due()) return failing();
    return (REAL(writev))(fd, parts, number);
}

int fsync(int fd) { return watched() && behind(fd) && due() ? failing() : (REAL(fsync))(fd); }
int fdatasync(int fd) { return watched() && behind(fd) && due() ? failing() : (REAL(fdatasync))(fd); }

int mkdir(const char *path, mode_t mode)
{
    return watched() && below(path) && due() ? failing() : (REAL(mkdir))(path, mode);
}

int rename(const char *from, const char *to)
{
    return watched() && below(to) && due() ? failing() : (REAL(rename))(from, to);
}

int renameat2(int a, const char *from, int b, const char *to, unsigned int flags)
{
    return watched() && below(to) && due() ? failing() : (REAL(renameat2))(a, from, b, to, flags);
}

int socket(int domain, int type, int protocol)
{
    if (domain == AF_INET || domain == AF_INET6) sockets++;
    return (REAL(socket))(domain, type, protocol);
}
