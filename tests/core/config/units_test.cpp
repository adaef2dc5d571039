#include "core/config/units.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

using namespace scops;

TEST_CASE("durations are read with their units") {
  const auto [text, milliseconds] = GENERATE(table<const char*, std::int64_t>({
      {"0", 0},
      {"30", 30'000},
      {"30s", 30'000},
      {" 30 s ", 30'000},
      {"500ms", 500},
      {"0.5s", 500},
      {".5s", 500},
      {"1.001s", 1001},
      {"5m", 300'000},
      {"4h", 14'400'000},
      {"1d", 86'400'000},
      {"1.5h", 5'400'000},
      {"0.0006s", 1},
  }));
  CAPTURE(text);
  REQUIRE(parse_duration(text).has_value());
  CHECK(parse_duration(text)->count() == milliseconds);
}

TEST_CASE("what is no duration is refused") {
  const auto* text = GENERATE("", "s", "abc", "-1s", "+1s", "1 s s", "1w", "5M", "1S", "1h30m", "1e3s",
                              "1..5s", "nan", "0.0001s", "99999999999999999d", "1,5s");
  CAPTURE(text);
  CHECK_FALSE(parse_duration(text).has_value());
}

TEST_CASE("durations are printed in their largest whole unit") {
  const auto [milliseconds, text] = GENERATE(table<std::int64_t, const char*>({
      {0, "0s"},
      {1, "1ms"},
      {1500, "1500ms"},
      {90'000, "90s"},
      {300'000, "5m"},
      {64'800'000, "18h"},
      {86'400'000, "1d"},
  }));
  CHECK(print_duration(Duration(milliseconds)) == text);
  CHECK(parse_duration(text) == Duration(milliseconds));
}

TEST_CASE("numbers of bytes are read with binary and decimal units") {
  const auto [text, count] = GENERATE(table<const char*, std::uint64_t>({
      {"0", 0},
      {"4096", 4096},
      {"1B", 1},
      {"64KiB", 65536},
      {"64 kib", 65536},
      {"64MiB", 67'108'864},
      {"10MB", 10'000'000},
      {"10kB", 10'000},
      {"1GB", 1'000'000'000},
      {"1.5GiB", 1'610'612'736},
      {"1.1GB", 1'100'000'000},
      {"2TiB", 2'199'023'255'552},
      {"9007199254740992", 9'007'199'254'740'992},
  }));
  CAPTURE(text);
  REQUIRE(parse_bytes(text).has_value());
  CHECK(parse_bytes(text)->count == count);
}

TEST_CASE("what is no number of bytes is refused") {
  const auto* text = GENERATE("", "KiB", "-1", "+1", "64M", "64K", "1PB", "64 Ki B", "0x10", "1e3", "0.1B",
                              "9007199254740994", "99999999999TiB");
  CAPTURE(text);
  CHECK_FALSE(parse_bytes(text).has_value());
}

TEST_CASE("numbers of bytes are printed short and without loss") {
  const auto [count, text] = GENERATE(table<std::uint64_t, const char*>({
      {0, "0"},
      {1, "1"},
      {1000, "1KB"},
      {1500, "1500"},
      {4096, "4KiB"},
      {67'108'864, "64MiB"},
      {10'000'000, "10MB"},
      {2'199'023'255'552, "2TiB"},
      {1'099'511'627'777, "1099511627777"},
  }));
  CHECK(print_bytes(Bytes{count}) == text);
  CHECK(parse_bytes(text) == Bytes{count});
}

TEST_CASE("ratios are numbers or percentages") {
  CHECK(parse_ratio("0.8") == 0.8);
  CHECK(parse_ratio("80%") == 0.8);
  CHECK(parse_ratio(" 12.5 % ") == 0.125);
  CHECK(parse_ratio("-3") == -3.0);
  CHECK(print_ratio(0.8) == "0.8");
  CHECK(print_ratio(1) == "1");
}

TEST_CASE("what is no ratio is refused") {
  const auto* text = GENERATE("", "%", "80%%", "a", "0,8", "nan", "inf%");
  CAPTURE(text);
  CHECK_FALSE(parse_ratio(text).has_value());
}

TEST_CASE("booleans are read as people write them") {
  CHECK(parse_boolean(GENERATE("true", "TRUE", "1", "yes", "Yes", "on", " on ")) == true);
  CHECK(parse_boolean(GENERATE("false", "False", "0", "no", "off", "OFF")) == false);
}

TEST_CASE("what is no boolean is refused") {
  const auto* text = GENERATE("", "2", "t", "y", "enabled", "true false", "-1");
  CAPTURE(text);
  CHECK_FALSE(parse_boolean(text).has_value());
}

TEST_CASE("lists are JSON lists of texts or numbers") {
  CHECK(parse_list(R"(["cpu","fs"])") == TextList{"cpu", "fs"});
  CHECK(parse_list(" [ ] ") == TextList{});
  CHECK(parse_list("[0.95,0.999,1]") == TextList{"0.95", "0.999", "1"});
  CHECK(parse_list(R"(["a,b\"c"])") == TextList{"a,b\"c"});
}

TEST_CASE("what is no list is refused") {
  const auto* text = GENERATE("", "cpu,fs", "cpu", "[cpu]", "['cpu']", "[\"a\",]", "[[\"a\"]]", "[true]",
                              "[null]", "{}", "\"cpu\"", "[\"a\"] x");
  CAPTURE(text);
  CHECK_FALSE(parse_list(text).has_value());
}

TEST_CASE("printed lists parse to the same list") {
  const TextList list = {"cpu", "a\"b", "\xC3\xA9", ""};
  CHECK(print_list({"cpu", "fs"}) == R"(["cpu","fs"])");
  CHECK(print_list({}) == "[]");
  CHECK(parse_list(print_list(list)) == list);
}
