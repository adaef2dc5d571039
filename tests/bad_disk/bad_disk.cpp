// Loaded before the C library (LD_PRELOAD): while the file that BAD_DISK names holds two numbers, each sync
// takes as many milliseconds as the first says, and fails with the errno of the second unless that is 0.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

extern "C" int fdatasync(int fd) {
  const char* const name = std::getenv("BAD_DISK");
  std::FILE* const file = name == nullptr ? nullptr : std::fopen(name, "r");
  int milliseconds = 0;
  int error = 0;
  if (file != nullptr) {
    if (std::fscanf(file, "%d %d", &milliseconds, &error) != 2) error = 0;
    std::fclose(file);
  }
  ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
  if (error == 0) return static_cast<int>(::syscall(SYS_fdatasync, fd));
  errno = error;
  return -1;
}
