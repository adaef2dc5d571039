#include "core/io/json_reader.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using namespace scops;

namespace {

// All tokens of a text in short: `{k"t"` and so on, ending in "." or "!" (bad).
std::string tokens(std::string_view json, int max_depth = 32) {
  constexpr std::string_view signs = "{}[]ktnTF0.!";
  JsonReader reader(max_depth);
  reader.start(json);
  std::string all;
  for (;;) {
    const JsonToken token = reader.next();
    all += signs[static_cast<std::size_t>(token)];
    if (token == JsonToken::key || token == JsonToken::text || token == JsonToken::number) {
      all += fmt::format("({})", reader.text());
    }
    if (token == JsonToken::end || token == JsonToken::bad) return all;
  }
}

}  // namespace

TEST_CASE("a JSON reader gives the tokens of a text one by one") {
  CHECK(tokens(R"({"a":1,"b":[true,false,null,"x"],"c":{}})") == "{k(a)n(1)k(b)[TF0t(x)]k(c){}}.");
  CHECK(tokens(" [ ] ") == "[].");
  CHECK(tokens(" -1.5e+3 ") == "n(-1.5e+3).");
  CHECK(tokens("\r\n\t{ \"a\" : [ [ ] , { } ] } ") == "{k(a)[[]{}]}.");
}

TEST_CASE("a JSON reader takes escapes for what they mean") {
  CHECK(tokens(R"("a\"\\\/\b\f\n\r\tz")") == "t(a\"\\/\b\f\n\r\tz).");
  CHECK(tokens(R"(["\u00e9","\u20AC","\ud83d\ude00","plain"])") ==
        "[t(\xC3\xA9)t(\xE2\x82\xAC)t(\xF0\x9F\x98\x80)t(plain)].");
}

TEST_CASE("half a character, as Python escapes a byte that is no UTF-8, is U+FFFD") {
  CHECK(tokens(R"(["\ud800","\udc80.txt","\ud800\u0041","\ud83d\ude00"])") ==
        "[t(\xEF\xBF\xBD)t(\xEF\xBF\xBD.txt)t(\xEF\xBF\xBD"
        "A)t(\xF0\x9F\x98\x80)].");
}

TEST_CASE("texts with escapes stay good until the next start of the reader") {
  JsonReader reader;
  reader.start(R"(["\u0041\u0042","\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"])");
  reader.next();
  reader.next();
  const std::string_view first = reader.text();
  reader.next();
  CHECK(first == "AB");
}

TEST_CASE("what is no JSON is bad and stays so") {
  for (const std::string_view json : {"",
                                      " ",
                                      "{",
                                      "[",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{1:1}",
                                      "[1 2]",
                                      "{\"a\":1 \"b\":2}",
                                      "1 2",
                                      "{}{}",
                                      "]",
                                      "}",
                                      "[}",
                                      "{]",
                                      "01",
                                      "-",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "1e",
                                      "1e+",
                                      "0x10",
                                      "NaN",
                                      "Infinity",
                                      "-Infinity",
                                      "nul",
                                      "truex",
                                      "\"",
                                      "\"a",
                                      "\"\\",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u12g4\"",
                                      "\"\\ud800\\u00\"",
                                      "\"\n\"",
                                      "'a'",
                                      "\xEF\xBB\xBF{}",
                                      "//x\n1"}) {
    CAPTURE(json);
    CHECK(tokens(json).back() == '!');
  }
  JsonReader reader;
  reader.start("[1,]");
  while (reader.next() != JsonToken::bad) {
  }
  CHECK(reader.next() == JsonToken::bad);
  CHECK_FALSE(reader.leave(0));
}

TEST_CASE("a JSON reader takes valid UTF-8 only") {
  CHECK(tokens("\"Z\xC3\xBCrich\"") == "t(Z\xC3\xBCrich).");
  for (const std::string_view json : {"\"\xFF\"", "\"\xC3\"", "\"\xED\xA0\x80\"", "\"\xC0\x80\"", "\x80"}) {
    JsonReader reader;
    reader.start(json);
    CHECK(reader.next() == JsonToken::bad);
    CHECK(reader.bad_utf8());
  }
}

TEST_CASE("a JSON reader refuses what is nested too deep") {
  CHECK(tokens("[[[]]]", 3) == "[[[]]].");
  CHECK(tokens("[[[]]]", 2) == "[[!");
  JsonReader reader;
  const std::string deep(100000, '[');
  reader.start(deep);
  while (reader.next() != JsonToken::bad) {
  }
  CHECK(reader.too_deep());
}

TEST_CASE("a JSON reader passes over a value, or gives it as it is written") {
  JsonReader reader;
  reader.start(R"({"a":[1, {"x":2}] ,"b": "t","c":3})");
  reader.next();
  reader.next();
  CHECK(reader.source(reader.next()) == R"([1, {"x":2}])");
  reader.next();
  CHECK(reader.source(reader.next()) == R"("t")");
  CHECK(reader.next() == JsonToken::key);
  CHECK(reader.text() == "c");
  CHECK(reader.leave(0));
  CHECK(reader.next() == JsonToken::end);
}

TEST_CASE("numbers beyond a double are none, those too small are 0") {
  JsonReader reader;
  reader.start("[1e999,1e-999,0.25]");
  reader.next();
  reader.next();
  CHECK_FALSE(reader.number());
  reader.next();
  CHECK(reader.number() == 0.0);
  reader.next();
  CHECK(reader.number() == 0.25);
}
