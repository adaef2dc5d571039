// docs/collectors/host.md and the code name the same metrics and groups.

#include <sys/sysmacros.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/pull/host/host.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
using namespace scops::host;

namespace {

constexpr std::string_view cases = SCOPS_SOURCE_DIR "/tests/cases/host/board_everything";

std::string page() { return read_file(SCOPS_SOURCE_DIR "/docs/collectors/host.md").value_or(""); }

// The first column of the tables: | `host.la` | ...
std::set<std::string> documented() {
  std::set<std::string> names;
  const std::string text = page();
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = cut(rest, '\n');
    if (!line.starts_with("| `host.")) continue;
    cut(line, '`');
    names.emplace(cut(line, '`'));
  }
  return names;
}

std::vector<std::string> all_groups() {
  std::vector<std::string> groups;
  const Section section = host_section();
  std::string_view choices = section.options.front().text.choices;
  while (!choices.empty()) groups.emplace_back(cut(choices, '|'));
  return groups;
}

// What a board that has everything sends with all groups switched on.
std::set<std::string> emitted() {
  const SystemCalls calls{.statvfs =
                              [](const char*, FsAnswer* into) {
                                into->number = makedev(179, 1);
                                into->counts.f_bsize = 1;
                                into->counts.f_blocks = into->counts.f_files = 1;
                                return 0;
                              },
                          .adjtimex = [](struct timex*) { return TIME_OK; }};
  const test::TempDir dir;
  const std::filesystem::path root(dir / "root");
  HostSettings settings;
  settings.metrics = all_groups();
  settings.statvfs_timeout = std::chrono::milliseconds(2000);
  settings.root = "/";
  settings.proc = (root / "proc").string();
  settings.sys = (root / "sys").string();
  const auto collector = make_host(settings, calls);
  test::RecordingEmit emit;
  for (const char* machine : {"root", "root2"}) {
    std::filesystem::remove(root);
    std::filesystem::create_directory_symlink(std::filesystem::path(cases) / machine, root);
    REQUIRE(collector->collect(emit).has_value());
  }
  return {emit.names.begin(), emit.names.end()};
}

}  // namespace

TEST_CASE("every metric of the host collector is documented, and every documented one exists") {
  CHECK(emitted() == documented());
}

TEST_CASE("every group of the host collector has its chapter") {
  const std::string text = page();
  std::set<std::string> headings;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = cut(rest, '\n');
    if (!line.starts_with("## ")) continue;
    line.remove_prefix(3);
    while (!line.empty()) {
      std::string_view words = trim(cut(line, ','));
      headings.emplace(next_word(words));
    }
  }
  for (const std::string& group : all_groups()) {
    CAPTURE(group);
    CHECK(headings.contains(group));
  }
}
