// What a power cut may leave of the files that DiskCalls has written down: of each file at least what was
// synced, and of the rest anything: none of it, all of it, or some of its sectors in any order. Names change
// in the order in which they were changed, as in a file system with a journal, and last when the folder was
// synced, or the file that was made. After a sync that failed, what it should have written may be gone for
// ever.
//
//   PowerCut cut(calls, random);
//   cut.forward_to(n);        // the first n calls were made
//   cut.write_to(folder);     // draws one of the states that the disk may be in then
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/disk_calls.hpp"

namespace scops::test {

class PowerCut {
 public:
  // `calls` and `random` outlive this. `before`: what was on the disk before the first call, by name.
  PowerCut(const std::vector<DiskCall>& calls, std::mt19937& random,
           const std::map<std::string, std::string>& before = {});

  void forward_to(std::size_t calls);
  void write_to(const std::string& folder);

 private:
  struct File {
    std::string durable;
    std::vector<const DiskCall*> pending;  // writes and resizes, not synced
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;
  // A name that appeared (file), changed (to) or went.
  struct Change {
    std::string name;
    std::string to;
    std::shared_ptr<File> made;
  };

  void make(const DiskCall& call);
  void sync(const std::shared_ptr<File>& file, bool failed);
  static void change(Names& names, const Change& change);
  [[nodiscard]] std::string draw(const File& file, int chance);

  const std::vector<DiskCall>& calls_;
  std::mt19937& random_;
  std::size_t done_ = 0;
  Names names_;                  // as the process sees them
  Names durable_names_;          // as they are on the disk at least
  std::vector<Change> changes_;  // in between
};

}  // namespace scops::test
