#include "transport/buffer/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace scops {

Status FolderLock::take() {
  if (folder_.empty() || holds()) return Ok{};
  if (Status made = make_private_folder(folder_); !made) return made;
  Fd fd(::open(path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
               S_IRUSR | S_IWUSR));  // NOLINT(*-vararg)
  if (!fd.valid()) return system_error("open", path(), errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("lock", path(), errno);
    return Error{ErrorKind::refused, "buffer: another agent uses the folder " + folder_ +
                                         ": stop that one, or give this one a state folder of its own"};
  }
  lock_ = std::move(fd);
  return Ok{};
}

// Is the file that we have locked the one that others would lock?
bool FolderLock::holds() const {
  struct stat ours {};
  struct stat theirs {};
  return lock_.valid() && ::fstat(lock_.get(), &ours) == 0 && ::stat(path().c_str(), &theirs) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

}  // namespace scops
