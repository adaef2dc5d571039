#include "collectors/proc/kept_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "core/model/text.hpp"

namespace scops {
namespace {

constexpr std::size_t number_room = 64;

// Files of the device tree end with a NUL, all others with a line end.
std::string_view trim_all(std::string_view text) {
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  return trim(text);
}

// An ordinary file that was removed or replaced can still be read, and would for ever say the same. (A file
// of sysfs cannot: it answers ENODEV.)
bool is_unlinked(int fd) {
  struct stat state {};
  return ::fstat(fd, &state) == 0 && state.st_nlink == 0;
}

ssize_t read_from_start(int fd, std::span<char> room) {
  ssize_t got = 0;
  do {
    got = ::pread(fd, room.data(), room.size(), 0);
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

Status KeptFile::open() {
  fd_ = Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));  // NOLINT(*-vararg)
  if (!fd_.valid()) return system_error("open", path_, errno);
  return Ok{};
}

Result<std::string_view> KeptFile::read(std::span<char> room) {
  bool fresh = !fd_.valid() || is_unlinked(fd_.get());
  for (;;) {
    if (fresh) {
      if (const Status opened = open(); !opened) return opened.error();
    }
    const ssize_t got = read_from_start(fd_.get(), room);
    if (got >= 0) return trim_all({room.data(), static_cast<std::size_t>(got)});
    const int number = errno;
    if (fresh || (number != ENODEV && number != ENXIO && number != ESTALE)) {
      return Error{ErrorKind::retry, system_error("read", path_, number).text};
    }
    fresh = true;  // the device may be there again, as another one
  }
}

Result<std::int64_t> KeptFile::read_integer() {
  std::array<char, number_room> room{};
  const Result<std::string_view> text = read(room);
  if (!text) return text.error();
  const std::optional<std::int64_t> number = to_int(*text);
  if (!number) return Error{ErrorKind::drop, path_ + ": no whole number: '" + printable(*text) + "'"};
  return *number;
}

}  // namespace scops
