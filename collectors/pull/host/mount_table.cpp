#include "collectors/pull/host/mount_table.hpp"

#include <fcntl.h>
#include <poll.h>

namespace scops::host {

// The kernel's table can never be written, a plain file always, so POLLOUT tells them apart.
bool MountTable::changed() const {
  if (!watch_.valid()) return true;
  pollfd table{.fd = watch_.get(), .events = POLLPRI | POLLOUT, .revents = 0};
  return ::poll(&table, 1, 0) != 0;
}

// The watch is opened first: what is mounted between the two is seen at the next look.
Status MountTable::read(const std::string& path) {
  watch_ = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));  // NOLINT(*-vararg)
  Status done = read_file_into(path, text_);
  if (!done) watch_.reset();
  return done;
}

}  // namespace scops::host
