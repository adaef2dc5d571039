#include "core/io/json_parts.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace scops {
namespace {

struct Found {
  std::vector<std::string> keys, values, all;
  bool whole = false;
};

Found parts_of(std::string_view text) {
  JsonParts parts(text);
  Found found;
  while (const auto part = parts.next()) {
    found.keys.emplace_back(part->key);
    found.values.emplace_back(part->value);
    found.all.emplace_back(part->all);
  }
  found.whole = parts.whole();
  return found;
}

using Texts = std::vector<std::string>;

TEST_CASE("parts: members of an object come as they stand in the text", "[json_parts]") {
  const Found found = parts_of(R"( {"a" : 1.50e0 ,"b":"x, \"}\\","a":{"c":[1,"]"]}, "":null,"\u0061":[ ]} )");
  CHECK(found.whole);
  CHECK(found.keys == Texts{"a", "b", "a", "", "\\u0061"});
  CHECK(found.values == Texts{"1.50e0", R"("x, \"}\\")", R"({"c":[1,"]"]})", "null", "[ ]"});
  CHECK(found.all[0] == R"("a" : 1.50e0)");
  CHECK(found.all[3] == R"("":null)");
}

TEST_CASE("parts: elements of a list have no keys", "[json_parts]") {
  const Found found = parts_of(R"([ "a:b",-2, true,[[]],{} ])");
  CHECK(found.whole);
  CHECK(found.keys == Texts{"", "", "", "", ""});
  CHECK(found.values == Texts{R"("a:b")", "-2", "true", "[[]]", "{}"});
}

TEST_CASE("parts: of nothing there are none", "[json_parts]") {
  const std::string text = GENERATE("{}", " [ ] ", "\n{\t}\r");
  const Found found = parts_of(text);
  CHECK(found.values.empty());
  CHECK(found.whole);
}

TEST_CASE("parts: a byte order mark is skipped", "[json_parts]") {
  CHECK(parts_of("\xEF\xBB\xBF{\"a\":1}").all == Texts{"\"a\":1"});
}

TEST_CASE("parts: an object is told from a list", "[json_parts]") {
  CHECK(JsonParts("{}").of_object());
  CHECK_FALSE(JsonParts("[]").of_object());
  CHECK_FALSE(JsonParts("1").of_object());
}

TEST_CASE("parts: a text that is wrong ends where it is wrong, and is not whole", "[json_parts]") {
  const std::string text = GENERATE(
      "", "1", "\"a\"", "null", "{", "[", "}", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,}",
      "{\"a\":1 \"b\":2}", "{a:1}", "{\"a\":\"b}", "{\"a\":\"b\\\"}", "{\"a\":[1}", "{\"a\":{}", "[1,]",
      "[,1]", "[1 2]", "[\"a\"b]", "[\"a\nb\"]", "{\"a\":1}{", "[1],", "[1]]", "[\"\\");
  CAPTURE(text);
  CHECK_FALSE(parts_of(text).whole);
}

TEST_CASE("parts: a text may nest as deep as it is long", "[json_parts]") {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK(parts_of("{\"a\":" + deep + "}").values == Texts{deep});
  CHECK_FALSE(parts_of(std::string(100'000, '[')).whole);
}

}  // namespace
}  // namespace scops
