#include "core/model/text.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace scops;

namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text))
    words.emplace_back(word);
  return words;
}

std::string_view nearest(std::string_view wrong) {
  static constexpr std::array<std::string_view, 4> known = {"host.interval", "host.proc", "fs", "ram"};
  return nearest_name(wrong, known);
}

}  // namespace

TEST_CASE("to_number reads every finite decimal number") {
  const auto [text, value] = GENERATE(table<const char*, double>({
      {"0", 0},
      {"42", 42},
      {"-42", -42},
      {"+42", 42},
      {"1.5", 1.5},
      {"+1.5e3", 1500},
      {".5", 0.5},
      {"1.", 1},
      {"007", 7},
      {"1e-3", 0.001},
      {"1E3", 1000},
      {"1e+3", 1000},
      {"18446744073709551616", 18446744073709551616.0},
      {"1.7976931348623157e308", std::numeric_limits<double>::max()},
      {"5e-324", std::numeric_limits<double>::denorm_min()},
  }));
  CAPTURE(text);
  REQUIRE(to_number(text).has_value());
  CHECK(*to_number(text) == value);
}

TEST_CASE("to_number refuses what is not wholly a finite number") {
  const auto* text =
      GENERATE("", " ", "+", "-", ".", "e5", "1e", "1e+", "1 ", " 1", "++1", "+-1", "--1", "1,5", "0x10",
               "1_000", "1.2.3", "inf", "-inf", "+inf", "infinity", "nan", "nan(1)", "NaN", "one", "1e309",
               "-1e309", "1e99999999999999999999", "1\n", "10k");
  CAPTURE(text);
  CHECK_FALSE(to_number(text).has_value());
}

TEST_CASE("to_number takes what is too small for a double as zero with its sign") {
  const std::string long_fraction = "0." + std::string(400, '0') + "1";
  const std::string long_fraction_scaled = "0." + std::string(400, '0') + "1e10";
  const auto text = GENERATE_COPY(
      values<std::string>({"1e-400", "-1e-400", "0.1e-330", "123456e-340", "1e-99999999999999999999",
                           "1e-9223372036854775808", long_fraction, long_fraction_scaled}));
  CAPTURE(text);
  REQUIRE(to_number(text).has_value());
  CHECK(*to_number(text) == 0);
  CHECK(std::signbit(*to_number(text)) == text.starts_with('-'));
}

TEST_CASE("to_number tells long numbers with large powers from small ones") {
  const std::string zeros(400, '0');
  CHECK_FALSE(to_number("1" + zeros).has_value());
  CHECK_FALSE(to_number("1" + zeros + "e-10").has_value());
  CHECK_FALSE(to_number("0.001e400").has_value());
  CHECK(to_number("1" + zeros + "e-400") == 1.0);
  CHECK(to_number("0e99999") == 0.0);
}

TEST_CASE("to_number refuses bytes after an embedded zero") {
  CHECK_FALSE(to_number(std::string_view("1\0", 2)).has_value());
}

TEST_CASE("to_int reads the whole range of its type and nothing beyond") {
  CHECK(to_int("0") == 0);
  CHECK(to_int("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(to_int("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK_FALSE(to_int("9223372036854775808").has_value());
  CHECK(to_int("-ff", 16) == -255);
}

TEST_CASE("to_uint reads the whole range of its type and nothing beyond") {
  CHECK(to_uint("0") == 0U);
  CHECK(to_uint("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  CHECK_FALSE(to_uint("18446744073709551616").has_value());
  CHECK_FALSE(to_uint("-1").has_value());
  CHECK(to_uint("fF", 16) == 255U);
}

TEST_CASE("integers with anything around them are refused") {
  const auto* text = GENERATE("", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "a", "-");
  CAPTURE(text);
  CHECK_FALSE(to_int(text).has_value());
  CHECK_FALSE(to_uint(text).has_value());
}

TEST_CASE("trim removes blanks, tabs and line ends at both sides only") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim("a") == "a");
  CHECK(trim(" \n ").empty());
  CHECK(trim("").empty());
}

TEST_CASE("cut takes the part before the separator off the front") {
  std::string_view text = "a:b::c";
  CHECK(cut(text, ':') == "a");
  CHECK(cut(text, ':') == "b");
  CHECK(cut(text, ':').empty());
  CHECK(cut(text, ':') == "c");
  CHECK(text.empty());
  CHECK(cut(text, ':').empty());
}

TEST_CASE("next_word walks over any number of blanks and tabs") {
  CHECK(words_of("  cpu0\t12   7 ") == std::vector<std::string>{"cpu0", "12", "7"});
  CHECK(words_of(" \t ").empty());
  CHECK(words_of("").empty());
}

TEST_CASE("globs match whole texts") {
  const auto [pattern, text] = GENERATE(table<const char*, const char*>({
      {"", ""},
      {"*", ""},
      {"*", "anything"},
      {"**", "x"},
      {"eth0", "eth0"},
      {"eth?", "eth1"},
      {"eth*", "eth"},
      {"*0", "eth0"},
      {"a*b*c", "aXXbYbYc"},
      {"*aab", "aaaab"},
      {"/dev/mmc*p?", "/dev/mmcblk0p1"},
      {"caf?", "caf\xC3\xA9"},
      {"*?", "\xC3\xA9"},
  }));
  CAPTURE(pattern, text);
  CHECK(glob_match(pattern, text));
}

TEST_CASE("globs refuse other texts") {
  const auto [pattern, text] = GENERATE(table<const char*, const char*>({
      {"", "a"},
      {"a", ""},
      {"?", ""},
      {"eth0", "eth"},
      {"eth", "eth0"},
      {"eth0", "ETH0"},
      {"a*b", "ac"},
      {"a*b*c", "acb"},
      {"*ab", "abc"},
      {"???", "ab"},
      {"caf??", "caf\xC3\xA9"},
  }));
  CAPTURE(pattern, text);
  CHECK_FALSE(glob_match(pattern, text));
}

TEST_CASE("a glob of many stars does not explode") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  CHECK_FALSE(glob_match(pattern + "b", std::string(2000, 'a')));
  CHECK(glob_match(pattern, std::string(2000, 'a')));
}

TEST_CASE("matches_any needs one matching pattern") {
  const std::vector<std::string> patterns = {"lo", "veth*"};
  CHECK(matches_any(patterns, "veth12"));
  CHECK_FALSE(matches_any(patterns, "eth0"));
  CHECK_FALSE(matches_any({}, "eth0"));
}

TEST_CASE("case functions touch ASCII letters only") {
  CHECK(to_lower("AZ[@\xC3\x84") == "az[@\xC3\x84");
  CHECK(to_upper("az{`\xC3\xA4") == "AZ{`\xC3\xA4");
  CHECK(iequals("Api_Key", "API_KEY"));
  CHECK_FALSE(iequals("API_KEY", "API_KEY2"));
  CHECK_FALSE(iequals("@", "`"));
}

TEST_CASE("nearest_name finds what a typing mistake meant") {
  CHECK(nearest("host.intreval") == "host.interval");
  CHECK(nearest("HOST.INTERVAL") == "host.interval");
  CHECK(nearest("host.prok") == "host.proc");
  CHECK(nearest("rma") == "ram");
}

TEST_CASE("nearest_name stays silent when nothing is near") {
  CHECK(nearest("docker.socket").empty());
  CHECK(nearest("x").empty());
  CHECK(nearest("").empty());
  CHECK(nearest(std::string(100000, 'h')).empty());
}

TEST_CASE("nearest_name never meets a name too long for it") {
  const std::string long_name(70, 'a');
  const std::array<std::string_view, 1> known = {long_name};
  CHECK(nearest_name(std::string(64, 'a'), known).empty());
}

TEST_CASE("printable text is one line without control characters") {
  CHECK(printable("a\nb\tc\x7F\x1B[31m") == "a?b?c??[31m");
  CHECK(printable("gr\xC3\xB6\xC3\x9F") == "gr\xC3\xB6\xC3\x9F");
  CHECK(printable("\xFF\xC3") == "??");
  CHECK(printable("\xC2\x85\xE2\x80\xA8") == "??");
  CHECK(printable(std::string_view("\0", 1)) == "?");
}

TEST_CASE("printable text is cut between characters") {
  CHECK(printable("abcdef", 3) == "abc");
  CHECK(printable("\xC3\xB6\xC3\xB6\xC3\xB6", 2) == "\xC3\xB6\xC3\xB6");
  CHECK(printable("abc", 0).empty());
}

TEST_CASE("is_utf8 looks at the whole text, wherever the bad byte is") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("plain text that is longer than eight"));
  CHECK(is_utf8("Z\xC3\xBCrich, \xF0\x9F\x98\x80 and more"));
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'a');
    text[at] = '\xFF';
    CHECK_FALSE(is_utf8(text));
  }
  CHECK_FALSE(is_utf8("cut \xE2\x82"));
  CHECK_FALSE(is_utf8("\xED\xA0\x80"));
}

TEST_CASE("to_utf8 keeps valid text") {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF\xED\x9F\xBF";
  CHECK(to_utf8(text) == text);
  CHECK(to_utf8("").empty());
}

TEST_CASE("to_utf8 replaces each byte that is not UTF-8") {
  const auto [bytes, count] = GENERATE(table<std::string, std::size_t>({
      {"\x80", 1},
      {"\xC3", 1},
      {"\xC0\xAF", 2},          // overlong
      {"\xE0\x80\xAF", 3},      // overlong
      {"\xF0\x80\x80\xAF", 4},  // overlong
      {"\xED\xA0\x80", 3},      // surrogate
      {"\xF4\x90\x80\x80", 4},  // beyond U+10FFFF
      {"\xF5\x80\x80\x80", 4},
      {"\xE2\x82", 2},  // cut short
      {"\xFF\xFE", 2},
  }));
  std::string expected = "<";
  for (std::size_t i = 0; i < count; ++i) expected += "\xEF\xBF\xBD";
  CHECK(to_utf8("<" + bytes + ">") == expected + ">");
}
