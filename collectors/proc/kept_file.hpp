// A small file of sysfs or procfs that every capture reads: opened once, read from its start each time, since
// the kernel writes its content anew at each read. That saves the walk along the path, which costs more than
// the read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/io/files.hpp"
#include "core/model/result.hpp"

namespace scops {

class KeptFile {
 public:
  // Opens nothing yet: the first read does.
  explicit KeptFile(std::string path) : path_(std::move(path)) {}

  // What the file holds now, without blanks and NULs around it: a view of `room`, and no more of the file
  // than fits. A file that was replaced or whose device came anew is opened again. ErrorKind::absent: there
  // is no such file any more, look for what there is; retry: it is there and has nothing to say now, which is
  // how parts without power answer (EAGAIN, EINVAL, EIO and the like), or it may not be read.
  [[nodiscard]] Result<std::string_view> read(std::span<char> room);

  // The whole number that is all of the file; ErrorKind::drop when it holds something else.
  [[nodiscard]] Result<std::int64_t> read_integer();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] Status open();

  std::string path_;
  Fd fd_;
};

}  // namespace scops
