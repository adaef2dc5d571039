#include "transport/outputs/datadog/encode_logs.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/io/json.hpp"

using scops::encode_logs;
using scops::JsonDoc;
using scops::LogEncoding;
using scops::LogExtras;
using scops::LogRecord;

namespace {

constexpr std::size_t no_limit = 1 << 20;

std::string encoded(const std::vector<std::string>& records, const LogExtras& extras = {}) {
  std::vector<LogRecord> logs;
  for (const std::string& json : records) logs.push_back({0, json});
  std::string body;
  REQUIRE(encode_logs(logs, extras, no_limit, body) == LogEncoding::done);
  CHECK(JsonDoc::parse(body));
  return body;
}

LogEncoding encoding_of(const std::vector<LogRecord>& logs, std::size_t limit = no_limit) {
  std::string body;
  return encode_logs(logs, {}, limit, body);
}

}  // namespace

TEST_CASE("contract, dispatch: a log's tags and the global ones are joined by commas, and host is added") {
  CHECK(encoded({R"({"date":"2023-11-14T22:13:20+00:00","ddsource":"python","ddtags":["a:b","c"],)"
                 R"("level":"INFO","message":{"text":"hello"},"service":"web"})"},
                {.host = "board", .tags = "site:7,fleet:north"}) ==
        R"([{"date":"2023-11-14T22:13:20+00:00","ddsource":"python","level":"INFO",)"
        R"("message":{"text":"hello"},"service":"web","ddtags":"a:b,c,site:7,fleet:north","host":"board"}])");
}

TEST_CASE("datadog logs: records follow each other in one list") {
  CHECK(encoded({R"({"a":1})", "{}"}) == R"([{"a":1,"ddtags":""},{"ddtags":""}])");
}

TEST_CASE("contract, dispatch: without ddtags a log has the global tags, and without both an empty text") {
  const std::string none = GENERATE("{}", R"({"ddtags":null})", R"({"ddtags":[]})", R"({"ddtags":""})");
  CHECK(encoded({none}) == R"([{"ddtags":""}])");
  CHECK(encoded({none}, {.host = "", .tags = "a:b"}) == R"([{"ddtags":"a:b"}])");
}

TEST_CASE("datadog logs: tags that are joined already are taken as they are") {
  CHECK(encoded({R"({"ddtags":"x:y,z"})"}, {.host = "", .tags = "a:b"}) == R"([{"ddtags":"x:y,z,a:b"}])");
}

TEST_CASE("datadog logs: tags keep their escapes, and what is no text becomes one") {
  CHECK(encoded({R"({"ddtags":["q:\"\\\u00e9", 1.50, true, null, ["x"], {"k":"v"}, ""]})"}) ==
        R"([{"ddtags":"q:\"\\\u00e9,1.50,true,[\"x\"],{\"k\":\"v\"}"}])");
}

TEST_CASE("contract, dispatch: host replaces the record's own only when there is one to send") {
  const std::string record = R"({"host":"own","x":{"host":"inner","ddtags":["inner"]}})";
  CHECK(encoded({record}, {.host = "board", .tags = ""}) ==
        R"([{"x":{"host":"inner","ddtags":["inner"]},"ddtags":"","host":"board"}])");
  CHECK(encoded({record}) == R"([{"host":"own","x":{"host":"inner","ddtags":["inner"]},"ddtags":""}])");
}

TEST_CASE("datadog logs: numbers, escapes and the order of members come out as they went in") {
  const std::string members =
      R"("z":12345678901234567890,"a":1.10,"m":-0.0,"e":1E+400,"t":"\u0041\/\n","l":[ 1 , 2.50 ])";
  std::string body;
  CHECK(encode_logs(std::vector<LogRecord>{{0, "{" + members + "}"}}, {}, no_limit, body) ==
        LogEncoding::done);
  CHECK(body == "[{" + members + R"(,"ddtags":""}])");
}

TEST_CASE("datadog logs: of equal keys the last counts") {
  CHECK(encoded({R"({"ddtags":["a"],"x":1,"ddtags":["b"]})"}) == R"([{"x":1,"ddtags":"b"}])");
}

TEST_CASE("datadog logs: blanks between members do no harm") {
  CHECK(encoded({" { \"a\" : 1 ,\n \"ddtags\" : [ \"t\" ] } \n"}) == R"([{"a" : 1,"ddtags":"t"}])");
}

TEST_CASE("datadog logs: hostile hosts and global tags are still JSON") {
  const std::string text = GENERATE(std::string("quote\" back\\slash"), std::string("line\nend\x01"),
                                    std::string("\xff\xfe broken"), std::string("\0zero", 5));
  const auto doc = JsonDoc::parse(encoded({"{}"}, {.host = text, .tags = text}));
  REQUIRE(doc);
  CHECK(doc->root().at(0)["host"].text() == doc->root().at(0)["ddtags"].text());
}

TEST_CASE("datadog logs: what is no object is said so, not sent") {
  const std::string bad = GENERATE("", "1", "[]", "[{}]", "{", "{\"a\":1}}", "{\"a\":1},{\"b\":2}",
                                   "{\"a\":\"}", "{\"a\"}", "nonsense");
  CAPTURE(bad);
  CHECK(encoding_of({{0, "{}"}, {0, bad}}) == LogEncoding::no_object);
}

TEST_CASE("datadog logs: a body above the limit is not finished") {
  const std::vector<LogRecord> logs(100, LogRecord{0, R"({"message":"0123456789"})"});
  CHECK(encoding_of(logs, 100) == LogEncoding::too_large);
  CHECK(encoding_of(logs) == LogEncoding::done);
}
