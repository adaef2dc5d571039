// A machine made of files: a folder with procfs and sysfs paths in it, gone at the end of the test.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/support/temp_dir.hpp"

namespace scops::test {

class FileTree {
 public:
  // Creates the folders on the way: write("proc/net/dev", "...").
  void write(std::string_view name, std::string_view text) const {
    const std::filesystem::path path = dir_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  void remove(std::string_view name) const { std::filesystem::remove_all(dir_ / name); }

  [[nodiscard]] const std::string& path() const { return dir_.path(); }
  [[nodiscard]] std::string operator/(std::string_view name) const { return dir_ / name; }

 private:
  TempDir dir_;
};

}  // namespace scops::test
