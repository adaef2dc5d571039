#include "core/config/check_tables.hpp"

#include <catch2/catch.hpp>
#include <tuple>

#include "tests/core/config/sample_tables.hpp"

using namespace scops;

namespace {

struct Settings {
  std::string text;
  Secret secret;
  std::int64_t number = 0;
};

std::vector<std::string> faults_of(const Option& option) {
  const std::vector<Section> sections = {section<Settings>("room", "A room.", {&option, 1})};
  return check_tables(sections);
}

OptionText text_row() { return {.name = "name", .fallback = "a", .help = "Help."}; }

}  // namespace

TEST_CASE("a good table has no faults") { CHECK(check_tables(sample::sections()).empty()); }

TEST_CASE("names of options are small letters, digits and underscores") {
  OptionText row = text_row();
  row.name = GENERATE("", "Name", "a-b", "a.b", "9a", "_a", "a b");
  CHECK(faults_of(option<&Settings::text>(row)).size() == 1);
}

TEST_CASE("aliases are in capitals and unique") {
  OptionText row = text_row();
  row.aliases = GENERATE("lower", "A-B", "SAME|SAME", "SCOPS_ROOM_NAME", "SCOPS_CONFIG", "A||B");
  CAPTURE(row.aliases);
  CHECK_FALSE(faults_of(option<&Settings::text>(row)).empty());
}

TEST_CASE("a room is in one place, in one or several sections") {
  constexpr Option first = option<&Settings::text>({.name = "first", .fallback = "", .help = "Help."});
  constexpr Option second = option<&Settings::text>({.name = "second", .fallback = "", .help = "Help."});
  std::vector<Section> sections = {section<Settings>("a", "Help.", {&first, 1}),
                                   section<Settings>("a", "Help.", {&second, 1})};
  CHECK(check_tables(sections).empty());
  sections.insert(sections.begin() + 1, section<Settings>("b", "Help.", {}));
  CHECK(check_tables(sections) == std::vector<std::string>{"a: room is in two places"});
}

TEST_CASE("two rooms may not spell the same environment name") {
  constexpr Option first = option<&Settings::text>({.name = "b_c", .fallback = "", .help = "Help."});
  constexpr Option second = option<&Settings::text>({.name = "c", .fallback = "", .help = "Help."});
  const std::vector<Section> sections = {section<Settings>("a", "Help.", {&first, 1}),
                                         section<Settings>("a_b", "Help.", {&second, 1})};
  CHECK(check_tables(sections) == std::vector<std::string>{"a_b.c: environment name is taken"});
}

TEST_CASE("help is one line that ends with a period") {
  OptionText row = text_row();
  row.help = GENERATE("", "No period", "Two\nlines.");
  CHECK(faults_of(option<&Settings::text>(row)).size() == 1);
}

TEST_CASE("a default is allowed by its own row") {
  OptionText row = text_row();
  row.choices = "b|c";
  CHECK(faults_of(option<&Settings::text>(row)) ==
        std::vector<std::string>{"room.name: default 'a' is not known"});
}

TEST_CASE("limits are values and in order") {
  OptionText row = text_row();
  row.fallback = "5";
  std::tie(row.min, row.max) =
      GENERATE(table<std::string_view, std::string_view>({{"9", "1"}, {"x", ""}, {"", "x"}}));
  CHECK_FALSE(faults_of(option<&Settings::number>(row)).empty());
}

TEST_CASE("limits and choices belong to types that have them") {
  OptionText limited = text_row();
  limited.max = "z";
  CHECK(faults_of(option<&Settings::text>(limited)).size() == 1);
  OptionText chosen = text_row();
  chosen.fallback = "1";
  chosen.choices = "1|2";
  CHECK(faults_of(option<&Settings::number>(chosen)).size() == 1);
}

TEST_CASE("a secret has no default") { CHECK(faults_of(option<&Settings::secret>(text_row())).size() == 1); }
