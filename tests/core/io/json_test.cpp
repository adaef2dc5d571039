#include "core/io/json.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>

using namespace scops;

namespace {

JsonDoc parsed(std::string_view text) {
  Result<JsonDoc> doc = JsonDoc::parse(text);
  REQUIRE(doc.has_value());
  return *std::move(doc);
}

std::string number_text(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

std::string string_text(std::string_view value) {
  std::string out;
  append_json_string(out, value);
  return out;
}

}  // namespace

TEST_CASE("a JSON document is read by keys and indexes") {
  const JsonDoc doc = parsed(R"({"pods":[{"name":"web","cpu":1.5,"up":true}],"node":null})");
  const auto pod = doc.root()["pods"].at(0);
  CHECK(pod["name"].text() == "web");
  CHECK(pod["cpu"].number() == 1.5);
  CHECK(pod["up"].boolean() == true);
  CHECK(doc.root().keys() == std::vector<std::string>{"node", "pods"});
  CHECK(doc.root()["pods"].size() == 1);
  CHECK(doc.root().size() == 2);
}

TEST_CASE("asking a JSON value for what it is not gives nothing") {
  const JsonDoc doc = parsed(R"({"null":null,"text":"1","list":[1]})");
  const auto root = doc.root();
  CHECK_FALSE(root["null"].exists());
  CHECK_FALSE(root["missing"].exists());
  CHECK_FALSE(root["missing"]["deeper"].at(3)["still"].exists());
  CHECK_FALSE(root["text"].number().has_value());
  CHECK_FALSE(root["text"].boolean().has_value());
  CHECK_FALSE(root["list"].text().has_value());
  CHECK_FALSE(root["list"].at(1).exists());
  CHECK_FALSE(root["text"].at(0).exists());
  CHECK(root["text"].size() == 0);
  CHECK(root["list"].keys().empty());
  CHECK_FALSE(root.at(0).exists());
}

TEST_CASE("JSON numbers of every kind become doubles") {
  const JsonDoc doc = parsed("[0,-7,18446744073709551615,18446744073709551616,1e3,-0.5]");
  CHECK(doc.root().at(0).number() == 0.0);
  CHECK(doc.root().at(1).number() == -7.0);
  CHECK(doc.root().at(2).number() == 18446744073709551615.0);
  CHECK(doc.root().at(3).number() == 18446744073709551616.0);
  CHECK(doc.root().at(4).number() == 1000.0);
  CHECK(doc.root().at(5).number() == -0.5);
}

TEST_CASE("of equal keys in a JSON object the last one wins") {
  const JsonDoc doc = parsed(R"({"a":{"b":1,"c":2},"a":{"b":3}})");
  CHECK(doc.root()["a"]["b"].number() == 3.0);
  CHECK_FALSE(doc.root()["a"]["c"].exists());
  CHECK(doc.root().size() == 1);
}

TEST_CASE("a copy of a JSON document keeps its values alive") {
  JsonDoc copy = parsed("[1]");
  {
    const JsonDoc other = parsed(R"(["two"])");
    copy = other;
  }
  CHECK(copy.root().at(0).text() == "two");
}

TEST_CASE("whole JSON texts are accepted") {
  const auto* text = GENERATE("null", "true", "1", "\"\"", "[]", "{}", " [ 1 , 2 ] \n",
                              "\"\\u00e9\\ud83d\\ude00\"", "\"\\u0000\"", "\xEF\xBB\xBF[]", "\"\x7F\"");
  CAPTURE(text);
  CHECK(JsonDoc::parse(text).has_value());
}

TEST_CASE("texts that are no JSON are refused as bad input with a position") {
  const auto* text = GENERATE("", " ", "[", "]", "{", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "[1] 2", "'a'",
                              "nul", "01", "1.", ".5", "+1", "1e999", "NaN", "Infinity", "\"", "\"\n\"",
                              "\"\\x\"", "\"\xFF\"", "\"\xC0\xAF\"", "\"\\ud800\"", "// c\n1", "[1]]");
  CAPTURE(text);
  const Result<JsonDoc> doc = JsonDoc::parse(text);
  REQUIRE_FALSE(doc.has_value());
  CHECK(doc.error().kind == ErrorKind::drop);
  CHECK_THAT(doc.error().text, Catch::Contains("not JSON at byte "));
}

TEST_CASE("JSON may be nested as deep as allowed and no deeper") {
  CHECK(JsonDoc::parse("[[[]]]", 3).has_value());
  CHECK(JsonDoc::parse(R"({"a":{"b":[1]}})", 3).has_value());
  const Result<JsonDoc> deeper = JsonDoc::parse("[[[[]]]]", 3);
  REQUIRE_FALSE(deeper.has_value());
  CHECK(deeper.error().text == "JSON nested more than 3 levels deep");
  CHECK(JsonDoc::parse("1", 0).has_value());
  CHECK_FALSE(JsonDoc::parse("[]", 0).has_value());
}

TEST_CASE("hostile nesting of JSON costs neither stack nor much time") {
  CHECK_FALSE(JsonDoc::parse(std::string(2'000'000, '[')).has_value());
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
  CHECK_FALSE(JsonDoc::parse(objects).has_value());
}

TEST_CASE("large JSON documents are fine") {
  std::string text = "[0";
  for (int i = 1; i < 100'000; ++i) text += ",{\"a\":[1]}";
  const JsonDoc doc = parsed(text + "]");
  CHECK(doc.root().size() == 100'000);
  CHECK(doc.root().at(99'999)["a"].at(0).number() == 1.0);
}

TEST_CASE("a 0 byte does not end a JSON text") {
  CHECK_FALSE(JsonDoc::parse(std::string_view("{}\0{", 4)));
  CHECK_FALSE(JsonDoc::parse(std::string_view("{}\0", 3)));
}

TEST_CASE("JSON strings are written with escapes") {
  const auto [value, written] = GENERATE(table<std::string, std::string>({
      {"", "\"\""},
      {"cpu", "\"cpu\""},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"a\n\r\tb", R"("a\n\r\tb")"},
      {std::string("\x01\0\x1F", 3), R"("\u0001\u0000\u001f")"},
      {"\xC3\xA9/\x7F", "\"\xC3\xA9/\x7F\""},
      {"\xFF!", "\"\xEF\xBF\xBD!\""},
  }));
  CHECK(string_text(value) == written);
  CHECK(JsonDoc::parse(written).has_value());
}

TEST_CASE("JSON strings are appended to what is there") {
  std::string out = "[";
  append_json_string(out, "a");
  CHECK(out == "[\"a\"");
}

TEST_CASE("JSON numbers are written in their shortest form") {
  const auto [value, written] = GENERATE(table<double, const char*>({
      {0, "0"},
      {-0.0, "0"},
      {1, "1"},
      {-42, "-42"},
      {0.1, "0.1"},
      {1.5, "1.5"},
      {1e6, "1000000"},
      {9007199254740992.0, "9007199254740992"},
      {-9007199254740992.0, "-9007199254740992"},
      {1e300, "1e+300"},
      {5e-324, "5e-324"},
      {0.30000000000000004, "0.30000000000000004"},
      {std::numeric_limits<double>::infinity(), "null"},
      {std::numeric_limits<double>::quiet_NaN(), "null"},
  }));
  CHECK(number_text(value) == written);
}

TEST_CASE("written JSON numbers read back the same") {
  const double value = GENERATE(1.0 / 3, 1e-7, 123456789.123, 9007199254740994.0, 1e22, -2.5e-308,
                                std::numeric_limits<double>::max(), std::numeric_limits<double>::min());
  CHECK(parsed(number_text(value)).root().number() == value);
}
