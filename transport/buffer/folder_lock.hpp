// The lock of a state folder: one agent at a time uses it. The folder is made where it is missing. Not
// thread-safe: its owner locks.
#pragma once

#include <string>

#include "core/io/files.hpp"
#include "core/model/result.hpp"

namespace scops {

class FolderLock {
 public:
  FolderLock() = default;  // of no folder: take() does nothing
  explicit FolderLock(std::string folder) : folder_(std::move(folder)) {}

  // Also after the folder was deleted or replaced; nothing to do while it is as it was. ErrorKind::refused:
  // another agent has it; anything else: the folder is of no use now.
  Status take();

 private:
  [[nodiscard]] std::string path() const { return folder_ + "/buffer.lock"; }
  [[nodiscard]] bool holds() const;

  std::string folder_;
  Fd lock_;
};

}  // namespace scops
