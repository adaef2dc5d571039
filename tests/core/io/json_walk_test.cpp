#include "core/io/json_walk.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace scops;

namespace {

// What is visited of `text`: the members of the object, and the elements of its lists.
std::vector<std::string> visited(std::string_view text, bool& whole) {
  std::vector<std::string> seen;
  JsonReader json;
  json.start(text);
  REQUIRE(json.next() == JsonToken::object);
  whole = each_member(json, [&](std::string_view key, JsonToken value) {
    seen.emplace_back(key);
    if (value != JsonToken::array) return;
    (void)each_element(json, [&](JsonToken element) {
      seen.push_back(element == JsonToken::number ? std::string(json.text()) : "other");
    });
  });
  return seen;
}

}  // namespace

TEST_CASE("each member of an object and each element of a list is visited, what is in them is skipped") {
  bool whole = false;
  CHECK(visited(R"({"a":1,"b":{"x":{"y":[1]}},"c":[1,[2,3],{"z":4},5],"d":null,"e":[],"a":2})", whole) ==
        std::vector<std::string>{"a", "b", "c", "1", "other", "other", "5", "d", "e", "a"});
  CHECK(whole);
  CHECK(visited("{}", whole).empty());
  CHECK(whole);
}

TEST_CASE("a walk ends where the text turns out bad") {
  const std::string text = GENERATE(R"({"a":1,"b":)", R"({"a":1,"b":})", R"({"a":1)", R"({"a":1,)",
                                    R"({"a":1]})", R"({"a":[1,2})", R"({"a":{"b":x}})", R"({"a":"b)");
  CAPTURE(text);
  bool whole = true;
  const std::vector<std::string> seen = visited(text, whole);
  CHECK_FALSE(whole);
  CHECK((seen.empty() || seen[0] == "a"));
}
