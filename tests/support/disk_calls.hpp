// What this process asks of the files in one folder, call by call: written down, or made to fail. SQLite's
// own calls come here too, since the executable is asked first. One DiskCalls at a time.
//
//   DiskCalls disk(folder);
//   disk.fail([](const DiskCall& call) { return call.what == DiskCall::What::sync ? EIO : 0; });
//   ... work ...
//   disk.calls()
//
// No sync really happens meanwhile: what a power cut would leave is worked out by power_cut.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace scops::test {

struct DiskCall {
  enum class What { read, write, resize, sync, sync_folder, remove, rename };
  What what = What::write;
  bool failed = false;
  std::string file = {};   // without the folder
  std::string to = {};     // of a rename
  std::uint64_t at = 0;    // of a write; of a resize the size
  std::string bytes = {};  // of a write
};

class DiskCalls {
 public:
  explicit DiskCalls(const std::string& folder);
  ~DiskCalls();
  DiskCalls(const DiskCalls&) = delete;
  DiskCalls& operator=(const DiskCalls&) = delete;

  // Asked before each call, reads too: an errno, or 0 to let it through.
  void fail(std::function<int(const DiskCall&)> fault);
  // Those that change something, from the first one on.
  [[nodiscard]] const std::vector<DiskCall>& calls() const { return calls_; }
  [[nodiscard]] std::size_t count() const;

  // For the functions that stand in for those of the C library: errno, 0 when the call may be made.
  int before(DiskCall call);
  // The name of a file in the folder; false when it is not there.
  [[nodiscard]] bool name_of(int fd, std::string& name) const;
  [[nodiscard]] bool name_of(std::string_view path, std::string& name) const;

 private:
  const std::string folder_;
  mutable std::mutex mutex_;
  std::vector<DiskCall> calls_;
  std::function<int(const DiskCall&)> fault_;
};

}  // namespace scops::test
