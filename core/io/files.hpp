// Small files and descriptors: whole-file reads with a limit, and an owning file descriptor.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/model/result.hpp"

namespace scops {

// Owns a file descriptor, closes it at the end. Not copyable.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void reset();
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// The whole file, at most `limit` bytes (more is an error). ErrorKind::absent when there is no such file
// (ENOENT, ENODEV, ENOTDIR, EOPNOTSUPP), retry otherwise. Opens with O_NONBLOCK: a FIFO or device cannot hang
// us.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit = 1 << 20);

// The same into `into`, whose capacity is kept from call to call.
[[nodiscard]] Status read_file_into(const std::string& path, std::string& into, std::size_t limit = 1 << 20);

// Makes a folder for our eyes only (0700), and those above it that are missing as usual. One that is there
// stays as it is.
[[nodiscard]] Status make_private_folder(const std::string& path);

// Text of errno: "open /proc/stat: Permission denied".
[[nodiscard]] Error system_error(std::string_view what, std::string_view path, int number);

}  // namespace scops
