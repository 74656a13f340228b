/*
 * A slow disk and a jumping clock for one process under test, preloaded (LD_PRELOAD) between it and the C library. The
 * process maps the file named by MAS_E2E_FAULTS; the test writes two 64-bit integers there, at any time:
 *   [0] milliseconds that every fsync, fdatasync and write with O_DSYNC takes longer
 *   [1] milliseconds that the wall clock is ahead (negative: behind); the monotonic clock stays right, as on a real jump
 * Nothing of this is part of the product: a process that is not preloaded never sees it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t none[2];
static volatile int64_t *faults = none;

__attribute__((constructor)) static void map_faults(void) {
  const char *path = getenv("MAS_E2E_FAULTS");
  int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED) faults = mapped;
  close(fd);
}

static void drag(void) {
  int64_t ms = faults[0];
  if (ms > 0) {
    struct timespec pause = {ms / 1000, (ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
  }
}

static void shift(struct timespec *at) {
  int64_t ns = at->tv_nsec + (faults[1] % 1000) * 1000000;
  at->tv_sec += faults[1] / 1000;
  while (ns < 0) ns += 1000000000, at->tv_sec -= 1;
  while (ns >= 1000000000) ns -= 1000000000, at->tv_sec += 1;
  at->tv_nsec = ns;
}

int fsync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  drag();
  return real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  drag();
  return real(fd);
}

static void drag_if_durable(int fd) {
  if (faults[0] > 0 && (fcntl(fd, F_GETFL) & O_DSYNC) != 0) drag();
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (real == NULL) real = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  drag_if_durable(fd);
  return real(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (real == NULL) real = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  drag_if_durable(fd);
  return real(fd, bytes, length, at);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, at);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) shift(at);
  return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *at) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
  if (at != NULL) *at = now.tv_sec;
  return now.tv_sec;
}
