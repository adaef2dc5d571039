// core/config over any bytes: lines that are, by the first byte of the input, flags, environment variables or
// a configuration file. Problems are single lines, secrets are shown nowhere, and each value that is printed
// is accepted again.

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/describe.hpp"
#include "core/config/load.hpp"
#include "core/config/value.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace {

struct Settings {
  std::string text;
  std::string choice;
  scops::Secret secret;
  bool boolean = false;
  std::int64_t integer = 0;
  double ratio = 0;
  scops::Duration duration{};
  scops::Bytes bytes;
  scops::TextList list;
  scops::TextMap map;
};

constexpr std::array rows = {
    scops::option<&Settings::text>({.name = "text", .fallback = "", .help = "Text.", .aliases = "HOST"}),
    scops::option<&Settings::choice>(
        {.name = "choice", .fallback = "info", .help = "One of some.", .choices = "debug|info|warn"}),
    scops::option<&Settings::secret>(
        {.name = "secret", .fallback = "", .help = "Hidden.", .aliases = "API_KEY"}),
    scops::option<&Settings::boolean>({.name = "boolean", .fallback = "no", .help = "Yes or no."}),
    scops::option<&Settings::integer>(
        {.name = "integer", .fallback = "1", .help = "Count.", .min = "-9", .max = "9"}),
    scops::option<&Settings::ratio>({.name = "ratio", .fallback = "50%", .help = "Share."}),
    scops::option<&Settings::duration>({.name = "duration", .fallback = "30s", .help = "Time.", .max = "1d"}),
    scops::option<&Settings::bytes>({.name = "bytes", .fallback = "1MiB", .help = "Size.", .min = "1KiB"}),
    scops::option<&Settings::list>({.name = "list", .fallback = "[]", .help = "Members."}),
    scops::option<&Settings::map>(
        {.name = "map", .fallback = "{}", .help = "Lists.", .choices = "node.cpu|pods.cpu|pods.memory"}),
};

void expect(bool fine) {
  if (!fine) std::abort();
}

// A file in memory that read_file can open by its path.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("scops.conf", 0)) { expect(fd_.valid()); }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }
  void fill(std::string_view content) const {
    expect(::ftruncate(fd_.get(), 0) == 0 && ::pwrite(fd_.get(), content.data(), content.size(), 0) >= 0);
  }

 private:
  scops::Fd fd_;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) lines.emplace_back(scops::cut(text, '\n'));
  return lines;
}

void check(const scops::Loaded& loaded, const Settings& settings) {
  expect(loaded.effective.size() == rows.size());
  for (const scops::Effective& effective : loaded.effective) {
    if (effective.option->type == scops::OptionType::secret) {
      expect(effective.value == (settings.secret.text.empty() ? "" : "***"));
      continue;
    }
    const auto again = scops::parse_value(*effective.option, effective.value);
    expect(again.has_value() && scops::print_value(*again) == effective.value);
  }
  expect(loaded.problems.size() <= 101);
  for (const std::string& problem : loaded.problems) expect(problem.find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  std::string_view text(reinterpret_cast<const char*>(data), size);                  // NOLINT
  if (text.empty() || text.find("@/") != std::string_view::npos || text.size() > 256) return 0;
  const char kind = text.front();
  text.remove_prefix(1);
  static const MemoryFile file;
  scops::LoadInput input;
  if (kind == 'c') {
    file.fill(text);
    input.file = file.path();
  }
  if (kind == 'f') input.flags = lines_of(text);
  if (kind == 'e') input.environment = lines_of(text);
  // Files that the input names are none of the fuzzer's: what they hold would make runs differ.
  if (scops::to_upper(text).find("_FILE") != std::string::npos ||
      text.find("--config") != std::string_view::npos ||
      scops::to_upper(text).find("SCOPS_CONFIG") != std::string::npos) {
    return 0;
  }
  const std::array<scops::Section, 1> sections = {scops::section<Settings>("room", "A room.", rows)};
  const scops::Loaded loaded = scops::load(sections, input);
  check(loaded, *static_cast<const Settings*>(sections.front().settings.get()));
  (void)scops::describe_effective(loaded);
  expect(!scops::describe_effective_json(loaded).empty());
  scops::log::unmask();
  return 0;
}
