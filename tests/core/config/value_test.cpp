#include "core/config/value.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "tests/core/config/sample_tables.hpp"

using namespace scops;

namespace {

OptionText plain(std::string_view fallback = {}) {
  return {.name = "name", .fallback = fallback, .help = "Help."};
}

OptionText with_choices(std::string_view choices, std::string_view fallback = {}) {
  OptionText row = plain(fallback);
  row.choices = choices;
  return row;
}

OptionText with_limits(std::string_view min, std::string_view max) {
  OptionText row = plain();
  row.min = min;
  row.max = max;
  return row;
}

std::string printed(OptionType type, const OptionText& row, std::string_view text) {
  const Result<OptionValue> value = parse_value({row, type}, text);
  return value ? print_value(*value) : "refused: " + value.error().text;
}

}  // namespace

TEST_CASE("a value is parsed by the type of its row and printed in one form") {
  const auto [type, text, expected] = GENERATE(table<OptionType, const char*, const char*>({
      {OptionType::text, " a b ", " a b "},
      {OptionType::text, "a\n", "a"},
      {OptionType::secret, "k3y\r\n", "***"},
      {OptionType::secret, "", ""},
      {OptionType::boolean, "YES", "true"},
      {OptionType::integer, " -12 ", "-12"},
      {OptionType::ratio, "25%", "0.25"},
      {OptionType::duration, "60", "1m"},
      {OptionType::bytes, "1024", "1KiB"},
      {OptionType::list, "[ \"a\" , 1 ]", R"(["a","1"])"},
      {OptionType::map, "{ \"b\" : [ \"c\", 1 ], \"a\" : [] }", R"({"a":[],"b":["c","1"]})"},
  }));
  CHECK(printed(type, plain(), text) == expected);
}

TEST_CASE("a value that its type refuses is named by what it is not") {
  const auto [type, text, expected] = GENERATE(table<OptionType, const char*, const char*>({
      {OptionType::text, "a\x1Bz", "refused: has control characters"},
      {OptionType::secret, "a\x01", "refused: has control characters"},
      {OptionType::boolean, "maybe", "refused: not true or false"},
      {OptionType::integer, "1.5", "refused: not a whole number"},
      {OptionType::ratio, "half", "refused: not a number"},
      {OptionType::duration, "soon", "refused: not a duration"},
      {OptionType::bytes, "much", "refused: not a number of bytes"},
      {OptionType::list, "a,b", "refused: not a JSON list of texts"},
      {OptionType::map, "[\"a\"]", "refused: not a JSON object of lists of texts"},
      {OptionType::map, "{\"a\":\"b\"}", "refused: not a JSON object of lists of texts"},
      {OptionType::map, "{\"a\":null}", "refused: not a JSON object of lists of texts"},
      {OptionType::map, "{\"a\":[[]]}", "refused: not a JSON object of lists of texts"},
  }));
  CHECK(printed(type, plain(), text) == expected);
}

TEST_CASE("no value may be longer than 64 KiB") {
  CHECK(parse_value({plain(), OptionType::text}, std::string(65536, 'a')).has_value());
  CHECK_FALSE(parse_value({plain(), OptionType::text}, std::string(65537, 'a')).has_value());
}

TEST_CASE("limits are inclusive and written like values") {
  const auto [type, min, max, text, fine] =
      GENERATE(table<OptionType, const char*, const char*, const char*, bool>({
          {OptionType::duration, "1s", "1d", "1000ms", true},
          {OptionType::duration, "1s", "1d", "24h", true},
          {OptionType::duration, "1s", "1d", "999ms", false},
          {OptionType::duration, "1s", "1d", "25h", false},
          {OptionType::integer, "-5", "", "-5", true},
          {OptionType::integer, "-5", "", "-6", false},
          {OptionType::bytes, "", "1MiB", "1025KiB", false},
          {OptionType::ratio, "0", "100%", "1", true},
          {OptionType::ratio, "0", "100%", "-0.1", false},
      }));
  CAPTURE(text);
  CHECK((printed(type, with_limits(min, max), text) != "refused: out of range") == fine);
}

TEST_CASE("a choice is stored in the spelling of its row") {
  CHECK(printed(OptionType::text, with_choices("debug|info"), "INFO") == "info");
  CHECK(printed(OptionType::text, with_choices("DEBUG|INFO"), " info") == "INFO");
  CHECK(printed(OptionType::list, with_choices("cpu|fs"), R"(["CPU","Fs"])") == R"(["cpu","fs"])");
}

TEST_CASE("a choice that is named twice counts once") {
  CHECK(printed(OptionType::list, with_choices("cpu|fs"), R"(["fs","CPU","fs","cpu"])") == R"(["fs","cpu"])");
  CHECK(printed(OptionType::map, with_choices("pods.cpu|pods.memory"),
                R"({"pods":["cpu","memory","cpu"]})") == R"({"pods":["cpu","memory"]})");
}

TEST_CASE("an unknown choice is refused with the nearest one") {
  CHECK(printed(OptionType::text, with_choices("debug|info"), "inof") ==
        "refused: not known, nearest is info");
  CHECK(printed(OptionType::text, with_choices("debug|info"), "loud") == "refused: not known");
  CHECK(printed(OptionType::list, with_choices("host|docker"), R"(["host","dokcer"])") ==
        "refused: \"dokcer\": not known, nearest is docker");
}

TEST_CASE("keys and members of a map are choices, stored in the spelling of the row") {
  const OptionText row = with_choices("node.cpu|pods.cpu|pods.memory");
  CHECK(printed(OptionType::map, row, R"({"PODS":["Memory","cpu"],"node":[]})") ==
        R"({"node":[],"pods":["memory","cpu"]})");
  CHECK(printed(OptionType::map, row, R"({"pods":["memry"]})") ==
        "refused: \"pods.memry\": not known, nearest is pods.memory");
  CHECK(printed(OptionType::map, row, R"({"pod":[]})") == "refused: \"pod\": not known");
  CHECK(allowed_values(row, OptionType::map) ==
        "a JSON object of lists of groups; node: cpu; pods: cpu, memory");
}

TEST_CASE("choices of a row may be exact in their case") {
  OptionText row = with_choices("host");
  row.exact_case = true;
  CHECK(printed(OptionType::list, row, R"(["host"])") == R"(["host"])");
  CHECK(printed(OptionType::list, row, R"(["Host"])") == "refused: \"Host\": not known, nearest is host");
}

TEST_CASE("values are stored in the member of their row") {
  sample::OutputSettings settings;
  for (const auto& [row, text] :
       {std::pair{0, "k3y"}, {1, "warn"}, {2, "80"}, {3, "1MB"}, {4, R"(["a:b"])"}}) {
    const Option& option = sample::output_rows.at(static_cast<std::size_t>(row));
    Result<OptionValue> value = parse_value(option, text);
    REQUIRE(value.has_value());
    store_value(option, &settings, *std::move(value));
  }
  CHECK(settings.key.text == "k3y");
  CHECK(settings.level == "warn");
  CHECK(settings.port == 80);
  CHECK(settings.limit.count == 1'000'000);
  CHECK(settings.tags == TextList{"a:b"});
}

TEST_CASE("a row says what it allows") {
  CHECK(allowed_values(with_limits("1s", "1d"), OptionType::duration) == "1s to 1d");
  CHECK(allowed_values(with_limits("1", ""), OptionType::integer) == "at least 1");
  CHECK(allowed_values(with_limits("", "9"), OptionType::integer) == "at most 9");
  CHECK(allowed_values(plain(), OptionType::bytes) == "a number of bytes");
  CHECK(allowed_values(with_choices("a|b|c"), OptionType::text) == "a, b or c");
  CHECK(allowed_values(with_choices("a"), OptionType::list) == "a JSON list of a");
}

TEST_CASE("a row gives an example where that helps") {
  CHECK(example_value(plain("30s"), OptionType::duration) == "30s");
  CHECK(example_value(with_choices("cpu|fs|ram", "[]"), OptionType::list) == R"(["cpu","fs"])");
  CHECK(example_value(plain("[]"), OptionType::list) == R"(["a","b"])");
  CHECK(example_value(plain(R"(["max"])"), OptionType::list) == R"(["max"])");
  CHECK(example_value(with_choices("debug|info", "info"), OptionType::text).empty());
  CHECK(example_value(plain("true"), OptionType::boolean).empty());
}
