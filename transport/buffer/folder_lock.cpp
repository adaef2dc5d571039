#include "transport/buffer/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace scops {

namespace {

// 0, or why not. For our eyes only, but for the folders above it.
int make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0 || errno == EEXIST) return 0;
  if (errno != ENOENT) return errno;
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  if (failed) return failed.value();
  return ::mkdir(path.c_str(), S_IRWXU) == 0 || errno == EEXIST ? 0 : errno;
}

}  // namespace

Status FolderLock::take() {
  if (folder_.empty() || holds()) return Ok{};
  if (const int failed = make_folder(folder_); failed != 0)
    return system_error("make folder", folder_, failed);
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
