// Runs a fuzz target once over every file of the folders named as arguments, so that seeds and old crashes
// are tested under every compiler and sanitizer. A folder that is missing or empty is an error: a target
// without seeds tests nothing.

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::size_t replay(const std::filesystem::path& folder) {
  std::size_t count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (!entry.is_regular_file()) continue;
    const std::vector<std::uint8_t> input = read_file(entry.path());
    (void)LLVMFuzzerTestOneInput(input.data(), input.size());
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  (void)LLVMFuzzerTestOneInput(nullptr, 0);
  for (int i = 1; i < argc; ++i) {
    const std::size_t count = replay(argv[i]);
    if (count == 0) {
      fmt::print(stderr, "replay: no inputs in {}\n", argv[i]);
      return 1;
    }
    fmt::print("replay: {} inputs of {}\n", count, argv[i]);
  }
  return 0;
}
