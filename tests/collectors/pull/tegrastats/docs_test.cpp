// docs/collectors/tegrastats.md and the code name the same metrics and groups.

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <string_view>

#include "collectors/pull/tegrastats/line.hpp"
#include "collectors/pull/tegrastats/settings.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::tegrastats;

namespace {

std::string page() { return read_file(SCOPS_SOURCE_DIR "/docs/collectors/tegrastats.md").value_or(""); }

// The first column of the tables: | `tegrastats.ram.used` | ...
std::set<std::string> documented() {
  std::set<std::string> names;
  const std::string text = page();
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = cut(rest, '\n');
    if (!line.starts_with("| `tegrastats.")) continue;
    cut(line, '`');
    names.emplace(cut(line, '`'));
  }
  return names;
}

// A line that has everything that any board prints.
constexpr std::string_view everything =
    "RAM 1/2MB (lfb 1x4MB) SWAP 1/2MB (cached 1MB) IRAM 1/2kB(lfb 1kB) Carveout 1/2MB (lfb 1kB) GART 1/2MB "
    "(lfb "
    "1MB) CPU [1%@2] EMC_FREQ 1%@2 GR3D_FREQ 1%@2 GR3D2_FREQ 1%@2 NVENC 1%@2 MTS fg 1% bg 1% EDP limit 0 "
    "cpu@30C/31C VDD_IN 1mW/2mW/3mW";

std::set<std::string> emitted(const Groups& groups) {
  test::RecordingEmit emit;
  emit_line(everything, groups, emit);
  return {emit.names.begin(), emit.names.end()};
}

}  // namespace

TEST_CASE("every metric of tegrastats is documented, and every documented one exists", "[tegrastats]") {
  CHECK(emitted(all_groups) == documented());
}

TEST_CASE("every group of tegrastats has its chapter, and switches on what nothing else does",
          "[tegrastats]") {
  const std::string text = page();
  const Section section = tegrastats_section();
  std::set<std::string> all;
  std::string_view choices = section.options.front().text.choices;
  while (!choices.empty()) {
    const std::string group(cut(choices, '|'));
    CAPTURE(group);
    const bool has_chapter = text.find("\n## " + group + "\n") != std::string::npos ||
                             text.find("\n## " + group + " (default)\n") != std::string::npos;
    CHECK(has_chapter);
    TegrastatsSettings settings;
    settings.metrics = {group};
    const std::set<std::string> own = emitted(groups_of(settings));
    CHECK_FALSE(own.empty());
    for (const std::string& name : own) CHECK(all.insert(name).second);
  }
  CHECK(all == emitted(all_groups));
  CHECK(emitted({}).empty());
}
