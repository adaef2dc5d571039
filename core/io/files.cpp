#include "core/io/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <system_error>

namespace scops {

namespace {

constexpr std::size_t first_read = 4096;  // most files of /proc and /sys fit

// What a kernel answers when a file, a device or a feature is not there; some drivers say so only at read.
bool means_absent(int number) {
  return number == ENOENT || number == ENODEV || number == ENOTDIR || number == EOPNOTSUPP;
}

ssize_t read_some(int fd, char* into, std::size_t room) {
  ssize_t got = 0;
  do {
    got = ::read(fd, into, room);
  } while (got < 0 && errno == EINTR);
  return got;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() { reset(); }

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Status read_file_into(const std::string& path, std::string& into, std::size_t limit) {
  into.clear();
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));  // NOLINT(*-vararg)
  if (!fd.valid()) return system_error("open", path, errno);
  std::size_t size = 0;
  for (;;) {
    // One byte beyond the limit tells a file that just fits from one that does not.
    if (size == into.size()) into.resize(std::min(limit + 1, std::max(2 * size, first_read)));
    const ssize_t got = read_some(fd.get(), into.data() + size, into.size() - size);
    if (got <= 0) {
      const int number = errno;
      into.resize(size);
      if (got < 0) return system_error("read", path, number);
      return Ok{};
    }
    size += static_cast<std::size_t>(got);
    if (size > limit) {
      into.clear();
      return Error{ErrorKind::retry, "read " + path + ": more than " + std::to_string(limit) + " bytes"};
    }
  }
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  std::string text;
  if (Status read = read_file_into(path, text, limit); !read) return read.error();
  return text;
}

Status make_private_folder(const std::string& path) {
  const auto made = [&path] { return ::mkdir(path.c_str(), S_IRWXU) == 0 || errno == EEXIST; };
  if (made()) return Ok{};
  std::error_code failed;
  if (errno == ENOENT) std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  if (failed || !made()) return system_error("make folder", path, failed ? failed.value() : errno);
  return Ok{};
}

Error system_error(std::string_view what, std::string_view path, int number) {
  std::string text(what);
  text.append(" ").append(path).append(": ").append(std::generic_category().message(number));
  return {means_absent(number) ? ErrorKind::absent : ErrorKind::retry, std::move(text)};
}

}  // namespace scops
