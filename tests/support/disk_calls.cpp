#include "tests/support/disk_calls.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace scops::test {
namespace {

std::atomic<DiskCalls*> active{nullptr};

// True: the call is not to be made, errno says why.
template <class Where>
bool refused(DiskCall::What what, const Where& where, DiskCall call = {}) {
  DiskCalls* const disk = active;
  if (disk == nullptr || !disk->name_of(where, call.file)) return false;
  call.what = what;
  const int error = disk->before(std::move(call));
  if (error != 0) errno = error;
  return error != 0;
}

bool is_folder(const std::string& name) { return name.empty(); }

}  // namespace

DiskCalls::DiskCalls(const std::string& folder) : folder_(std::filesystem::canonical(folder).string() + "/") {
  active = this;
}

DiskCalls::~DiskCalls() { active = nullptr; }

void DiskCalls::fail(std::function<int(const DiskCall&)> fault) {
  const std::scoped_lock lock(mutex_);
  fault_ = std::move(fault);
}

std::size_t DiskCalls::count() const {
  const std::scoped_lock lock(mutex_);
  return calls_.size();
}

int DiskCalls::before(DiskCall call) {
  const std::scoped_lock lock(mutex_);
  if (call.what == DiskCall::What::sync && is_folder(call.file)) call.what = DiskCall::What::sync_folder;
  const int error = fault_ ? fault_(call) : 0;
  if (call.what == DiskCall::What::read || (error != 0 && call.what != DiskCall::What::sync)) return error;
  call.failed = error != 0;
  calls_.push_back(std::move(call));
  return error;
}

bool DiskCalls::name_of(int fd, std::string& name) const {
  std::array<char, 32> link{};
  std::array<char, PATH_MAX> path{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link.data(), path.data(), path.size());
  return size > 0 && name_of(std::string_view(path.data(), static_cast<std::size_t>(size)), name);
}

bool DiskCalls::name_of(std::string_view path, std::string& name) const {
  if (path == std::string_view(folder_).substr(0, folder_.size() - 1)) path = folder_;
  if (!path.starts_with(folder_) || path.ends_with(" (deleted)")) return false;
  name = path.substr(folder_.size());
  return true;
}

}  // namespace scops::test

// --- in place of the C library's

using scops::test::DiskCall;

extern "C" {

ssize_t pread64(int fd, void* buffer, size_t size, off64_t at) {
  if (scops::test::refused(DiskCall::What::read, fd)) return -1;
  return ::syscall(SYS_pread64, fd, buffer, size, at);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  DiskCall call;
  if (scops::test::active != nullptr) {
    call.at = static_cast<std::uint64_t>(at);
    call.bytes.assign(static_cast<const char*>(bytes), size);
  }
  if (scops::test::refused(DiskCall::What::write, fd, std::move(call))) return -1;
  return ::syscall(SYS_pwrite64, fd, bytes, size, at);
}

int ftruncate64(int fd, off64_t size) noexcept {
  if (scops::test::refused(DiskCall::What::resize, fd, {.at = static_cast<std::uint64_t>(size)})) return -1;
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

int fdatasync(int fd) {
  if (scops::test::refused(DiskCall::What::sync, fd)) return -1;
  if (scops::test::active != nullptr) return 0;
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

int fsync(int fd) {
  if (scops::test::refused(DiskCall::What::sync, fd)) return -1;
  if (scops::test::active != nullptr) return 0;
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int unlink(const char* path) noexcept {
  if (scops::test::refused(DiskCall::What::remove, std::string_view(path))) return -1;
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int remove(const char* path) noexcept {
  if (scops::test::refused(DiskCall::What::remove, std::string_view(path))) return -1;
  const auto removed = ::syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  if (removed == 0 || errno != EISDIR) return static_cast<int>(removed);
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}

int rename(const char* from, const char* to) noexcept {
  DiskCall call;
  scops::test::DiskCalls* const disk = scops::test::active;
  if (disk != nullptr) (void)disk->name_of(std::string_view(to), call.to);
  if (scops::test::refused(DiskCall::What::rename, std::string_view(from), std::move(call))) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0U));
}

}  // extern "C"
