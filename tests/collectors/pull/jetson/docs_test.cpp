// docs/collectors/jetson.md, the cases and the code name the same metrics and groups.

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "collectors/pull/jetson/settings.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

using namespace scops;
using namespace scops::jetson;

namespace {

std::string page() { return read_file(SCOPS_SOURCE_DIR "/docs/collectors/jetson.md").value_or(""); }

// What stands between `before` and the next quote in each line of a text that starts with `before`.
std::set<std::string> names_after(const std::string& text, std::string_view before, char quote) {
  std::set<std::string> names;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = cut(rest, '\n');
    if (!line.starts_with(before)) continue;
    line.remove_prefix(before.size());
    names.emplace(cut(line, quote));
  }
  return names;
}

}  // namespace

TEST_CASE("every metric of the jetson collector's cases is documented, and each documented one is in a case",
          "[jetson]") {
  std::set<std::string> emitted{"jetson.engine.active"};  // needs two captures some time apart
  for (const auto& board : std::filesystem::directory_iterator(SCOPS_SOURCE_DIR "/tests/cases/jetson")) {
    const std::string lines = read_file((board.path() / "expected.jsonl").string()).value_or("");
    emitted.merge(names_after(lines, R"({"metric":")", '"'));
  }
  CHECK(emitted == names_after(page(), "| `", '`'));
}

TEST_CASE("every group of the jetson collector has its chapter", "[jetson]") {
  const std::string text = page();
  const Section section = jetson_section();
  std::string_view choices = section.options.front().text.choices;
  while (!choices.empty()) {
    const std::string group(cut(choices, '|'));
    CAPTURE(group);
    CHECK((text.find("\n## " + group + "\n") != std::string::npos ||
           text.find("\n## " + group + " (") != std::string::npos));
  }
}

TEST_CASE("every fixture tree says what of it is inferred or made up", "[jetson]") {
  for (const auto& board : std::filesystem::directory_iterator(SCOPS_SOURCE_DIR "/tests/cases/jetson")) {
    CAPTURE(board.path());
    CHECK(read_file((board.path() / "README.md").string()).value_or("").starts_with("# "));
  }
}
