// A folder of its own for one test, removed with everything in it at the end. Honours TMPDIR.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace scops::test {

class TempDir {
 public:
  TempDir() : path_((std::filesystem::temp_directory_path() / "scops-test-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();  // a test without a folder cannot say anything
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // The path of `name` in the folder; the file need not exist.
  [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

}  // namespace scops::test
