#include "collectors/proc/sysfs.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

constexpr std::size_t max_names = 4096;
constexpr std::size_t max_file = 4096;  // a sysfs attribute is at most a page

// Shorter names first puts the numbers at their ends into order.
bool natural_less(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

Result<std::vector<std::string>> list_folder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  for (const std::filesystem::directory_iterator end; !error && entry != end && names.size() < max_names;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return system_error("open", path, error.value());
  std::sort(names.begin(), names.end(), natural_less);
  return names;
}

Result<std::string> read_line(const std::string& path) {
  Result<std::string> text = read_file(path, max_file);
  if (!text) return text;
  std::string_view rest = *text;
  return std::string(trim(cut(rest, '\n')));
}

Result<std::int64_t> read_integer(const std::string& path) {
  const Result<std::string> text = read_file(path, max_file);
  if (!text) return text.error();
  const std::optional<std::int64_t> number = to_int(trim(*text));
  if (!number) return Error{ErrorKind::drop, path + ": no whole number: '" + printable(*text) + "'"};
  return *number;
}

}  // namespace scops
