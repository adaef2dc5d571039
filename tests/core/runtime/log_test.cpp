#include "core/runtime/log.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace slog = scops::log;

namespace {

std::vector<std::string> written;

// Collects the lines of one test; each test uses event names of its own, because the rate limit remembers
// them.
struct Captured {
  explicit Captured(slog::Level level = slog::Level::debug, slog::Layout layout = slog::Layout::text) {
    written.clear();
    slog::set_sink([](std::string_view line) { written.emplace_back(line); });
    slog::configure(level, layout);
  }
  ~Captured() {
    slog::set_sink(nullptr);
    slog::configure(slog::Level::info, slog::Layout::text);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
};

}  // namespace

TEST_CASE("a line is level, stage, event and its fields", "[runtime]") {
  const Captured captured;
  slog::info("collect", "plain_line", {{"collector", "host"}, {"runs", "3"}});
  REQUIRE(written.size() == 1);
  CHECK(written[0] == "level=info stage=collect event=plain_line collector=host runs=3");
}

TEST_CASE("values with blanks, quotes or nothing are quoted", "[runtime]") {
  const Captured captured;
  slog::info("agent", "quoting", {{"a", "two words"}, {"b", "say \"hi\""}, {"c", ""}, {"d", "line\nend"}});
  CHECK(written.at(0) ==
        R"(level=info stage=agent event=quoting a="two words" b="say \"hi\"" c="" d="line end")");
}

TEST_CASE("the JSON layout is one object a line", "[runtime]") {
  const Captured captured(slog::Level::info, slog::Layout::json);
  slog::info("agent", "json_line", {{"error", "it \"broke\""}});
  CHECK(written.at(0) == R"({"level":"info","stage":"agent","event":"json_line","error":"it \"broke\""})");
}

TEST_CASE("lines below the level are not written", "[runtime]") {
  const Captured captured(slog::Level::warn);
  slog::info("agent", "too_low");
  slog::warn("agent", "high_enough");
  REQUIRE(written.size() == 1);
  CHECK(written[0] == "level=warn stage=agent event=high_enough");
}

TEST_CASE("a warning that repeats is written once within its window", "[runtime]") {
  const Captured captured;
  for (int i = 0; i < 100; ++i)
    slog::warn("dispatch", "repeats", {{"output", "a"}, {"attempt", std::to_string(i)}});
  slog::warn("dispatch", "repeats", {{"output", "b"}});
  REQUIRE(written.size() == 2);
  CHECK(written[0] == "level=warn stage=dispatch event=repeats output=a attempt=0");
  CHECK(written[1] == "level=warn stage=dispatch event=repeats output=b");
}

TEST_CASE("a flood of different warnings does not grow the memory of repeats", "[runtime]") {
  const Captured captured;
  for (int i = 0; i < 1000; ++i) slog::warn("collect", "flood", {{"part", std::to_string(i)}});
  slog::warn("collect", "flood", {{"part", "0"}});  // forgotten, hence written again
  CHECK(written.size() == 1001);
}

TEST_CASE("a masked secret appears nowhere, also where quoting would change it", "[runtime]") {
  const Captured captured;
  slog::mask("s3cr\"et-key");
  slog::info("dispatch", "masking", {{"error", "url?api_key=s3cr\"et-key&x=s3cr\"et-key"}});
  CHECK(written.at(0) == "level=info stage=dispatch event=masking error=\"url?api_key=***&x=***\"");
}

TEST_CASE("a secret that changes is masked in its new form, and the longest secret first", "[runtime]") {
  slog::mask_current("token", "first-token");
  slog::mask("first-token-and-more");
  CHECK(slog::masked("first-token first-token-and-more") == "*** ***");
  slog::mask_current("token", "second-token");
  CHECK(slog::masked("first-token second-token") == "first-token ***");
  slog::mask_current("token", "second-token");
  CHECK(slog::masked("second-token") == "***");
}
