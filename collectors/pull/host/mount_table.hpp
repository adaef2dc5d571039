// The text of the mount table, read again only when it has changed. The kernel writes it anew for each
// reader, which on a host of containers is the most of what file systems cost.
#pragma once

#include <string>

#include "core/io/files.hpp"
#include "core/model/result.hpp"

namespace scops::host {

class MountTable {
 public:
  // Is text() of old? proc_pid_mounts(5): the table is ready for exceptional conditions after each mount and
  // unmount. A plain file (a tree for tests, an emulated kernel) has always changed.
  [[nodiscard]] bool changed() const;

  // Errors as read_file().
  [[nodiscard]] Status read(const std::string& path);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  Fd watch_;
};

}  // namespace scops::host
