#include "collectors/listen/chouette/record.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

using namespace scops;
using namespace scops::chouette;

namespace {

// A raw record with the given text of one more field.
std::string raw_with(std::string_view field) {
  return fmt::format(R"({{"metric":"m","type":"gauge","value":1,{}}})", field);
}

Flaw flaw_of(std::string_view json) {
  RecordParser parser;
  RawRecord record;
  return parser.raw(json, record);
}

std::vector<std::string> tags_of(std::string_view tags) {
  RecordParser parser;
  RawRecord record;
  const std::string json = raw_with(fmt::format(R"("tags":{})", tags));
  REQUIRE(parser.raw(json, record) == Flaw::none);
  return {record.tags.begin(), record.tags.end()};
}

std::vector<std::string> members_of(std::string_view value) {
  RecordParser parser;
  RawRecord record;
  const std::string json = fmt::format(R"({{"metric":"m","type":"set","value":{}}})", value);
  REQUIRE(parser.raw(json, record) == Flaw::none);
  return {record.members.begin(), record.members.end()};
}

std::string name_of(std::string_view metric) {
  RecordParser parser;
  RawRecord record;
  const std::string json = fmt::format(R"({{"metric":{},"type":"gauge","value":1}})", metric);
  REQUIRE(parser.raw(json, record) == Flaw::none);
  return std::string(record.name);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a raw record as the Python client writes it") {
  RecordParser parser;
  RawRecord record;
  const std::string_view json =
      R"({"metric": "app.requests", "type": "count", "value": 3, "timestamp": 1700000000.25, )"
      R"("tags": {"route": "/api", "code": 200}})";
  REQUIRE(parser.raw(json, record) == Flaw::none);
  CHECK(record.name == "app.requests");
  CHECK(record.type == RawType::count);
  CHECK(record.value == 3);
  CHECK(record.time == 1'700'000'000'250);
  CHECK(Lines(record.tags.begin(), record.tags.end()) == Lines{"code:200", "route:/api"});
}

TEST_CASE("every raw type has its name, and what is unknown is left to the wrapper") {
  const auto type_of = [](std::string_view type) {
    RecordParser parser;
    RawRecord record;
    const std::string json = fmt::format(R"({{"metric":"m","value":1,"type":{}}})", type);
    REQUIRE(parser.raw(json, record) == Flaw::none);
    return record.type;
  };
  CHECK(type_of("\"count\"") == RawType::count);
  CHECK(type_of("\"gauge\"") == RawType::gauge);
  CHECK(type_of("\"rate\"") == RawType::rate);
  CHECK(type_of("\"set\"") == RawType::set);
  CHECK(type_of("\"histogram\"") == RawType::histogram);
  CHECK(type_of("\"distribution\"") == RawType::distribution);
  CHECK(type_of("\"timer\"") == RawType::other);
  CHECK(type_of("\"Count\"") == RawType::other);
  CHECK(type_of("7") == RawType::other);
}

TEST_CASE("true and false are 1 and 0") {
  RecordParser parser;
  RawRecord record;
  REQUIRE(parser.raw(R"({"metric":"m","type":"gauge","value":true})", record) == Flaw::none);
  CHECK(record.value == 1);
  REQUIRE(parser.raw(R"({"metric":"m","type":"count","value":false})", record) == Flaw::none);
  CHECK(record.value == 0);
}

TEST_CASE("a bad record says why") {
  using Case = std::pair<std::string, Flaw>;
  const std::string deep = raw_with("\"x\":" + std::string(40, '[') + std::string(40, ']'));
  std::string many = raw_with(R"("tags":{)");
  many.resize(many.size() - 1);
  for (int i = 0; i <= static_cast<int>(tags_max); ++i)
    many += fmt::format(R"({}"k{}":1)", i > 0 ? "," : "", i);
  many += "}}";
  const std::string long_name(name_max + 1, 'n');
  for (const auto& [json, flaw] : std::vector<Case>{
           {"", Flaw::not_json},
           {"not json", Flaw::not_json},
           {"\xFF\xFE", Flaw::not_utf8},
           {"\x80\x04\x95pickle", Flaw::not_utf8},
           {R"({"metric":"m","type":"gauge","value":1)", Flaw::not_json},
           {R"({"metric":"m","type":"gauge","value":1} x)", Flaw::not_json},
           {R"({'metric':'m','type':'gauge','value':1})", Flaw::not_json},
           {deep, Flaw::too_deep},
           {"[]", Flaw::no_object},
           {"null", Flaw::no_object},
           {"17", Flaw::no_object},
           {"\"text\"", Flaw::no_object},
           {"{}", Flaw::metric},
           {R"({"type":"gauge","value":1})", Flaw::metric},
           {R"({"metric":null,"type":"gauge","value":1})", Flaw::metric},
           {R"({"metric":"","type":"gauge","value":1})", Flaw::metric},
           {R"({"metric":["m"],"type":"gauge","value":1})", Flaw::metric},
           {R"({"metric":")" + long_name + R"(","type":"gauge","value":1})", Flaw::metric},
           {R"({"metric":"m","value":1})", Flaw::type},
           {R"({"metric":"m","type":null,"value":1})", Flaw::type},
           {R"({"metric":"m","type":["gauge"],"value":1})", Flaw::type},
           {R"({"metric":"m","type":"gauge"})", Flaw::value},
           {R"({"metric":"m","type":"gauge","value":null})", Flaw::value},
           {R"({"metric":"m","type":"gauge","value":"1"})", Flaw::value},
           {R"({"metric":"m","type":"gauge","value":[1]})", Flaw::value},
           {R"({"metric":"m","type":"count","value":{"a":1}})", Flaw::value},
           {R"({"metric":"m","type":"set","value":{"a":1}})", Flaw::value},
           {R"({"metric":"m","type":"set","value":null})", Flaw::value},
           {R"({"metric":"m","type":"gauge","value":1e999})", Flaw::value},
           {R"({"metric":"m","type":"gauge","value":NaN})", Flaw::not_json},
           {R"({"metric":"m","type":"gauge","value":-Infinity})", Flaw::not_json},
           {raw_with(R"("timestamp":"2026-01-01")"), Flaw::timestamp},
           {raw_with(R"("timestamp":[1])"), Flaw::timestamp},
           {raw_with(R"("timestamp":-5)"), Flaw::timestamp},
           {raw_with(R"("timestamp":1700000000000)"), Flaw::timestamp},
           {raw_with(R"("timestamp":NaN)"), Flaw::not_json},
           {many, Flaw::tags},
           {raw_with(R"("tags":{"k":")" + std::string(tag_max, 'v') + "\"}"), Flaw::tags},
       }) {
    CAPTURE(json.substr(0, 100));
    CHECK(to_string(flaw_of(json)) == to_string(flaw));
  }
}

TEST_CASE("a missing, null or zero timestamp leaves the time to the score") {
  RecordParser parser;
  RawRecord record;
  for (const std::string_view field :
       {R"("timestamp":null)", R"("timestamp":0)", R"("timestamp":0.0)", R"("x":1)"}) {
    const std::string json = raw_with(field);
    REQUIRE(parser.raw(json, record) == Flaw::none);
    CHECK_FALSE(record.time);
  }
}

TEST_CASE("of equal fields the last counts, whatever the first was") {
  RecordParser parser;
  RawRecord record;
  REQUIRE(parser.raw(
              R"({"metric":"a","type":"set","value":{},"value":[1],"metric":"b","value":7,"type":"gauge"})",
              record) == Flaw::none);
  CHECK(record.name == "b");
  CHECK(record.value == 7);
  CHECK(flaw_of(R"({"metric":"a","type":"gauge","value":1,"value":null})") == Flaw::value);
}

TEST_CASE("a name that is a number is text as Python writes it") {
  CHECK(name_of("7") == "7");
  CHECK(name_of("7.0") == "7.0");
  CHECK(name_of("1e22") == "1e+22");
  CHECK(name_of(R"("a\u0062c")") == "abc");
}

TEST_CASE("a map of tags becomes sorted texts with values as Python's str writes them") {
  CHECK(tags_of(R"({"z":"last","a":"first"})") == Lines{"a:first", "z:last"});
  CHECK(tags_of(R"({"t":true,"f":false,"n":null})") == Lines{"f:False", "n:None", "t:True"});
  CHECK(tags_of(R"({"a":0.25,"b":3.0,"c":3,"d":1e22,"e":-0})") ==
        Lines{"a:0.25", "b:3.0", "c:3", "d:1e+22", "e:0"});
  CHECK(tags_of(R"({"l":[1, "x"],"m":{"k": 1}})") == Lines{R"(l:[1, "x"])", R"(m:{"k": 1})"});
  CHECK(tags_of(R"({"k":"old","k":"new"})") == Lines{"k:new"});
  CHECK(tags_of(R"({"":""})") == Lines{":"});
}

TEST_CASE("a list of tags is taken as it is, sorted") {
  CHECK(tags_of(R"(["b:2","a:1","bare"])") == Lines{"a:1", "b:2", "bare"});
  CHECK(tags_of(R"([true,2.0,null])") == Lines{"2.0", "None", "True"});
}

TEST_CASE("tags that are neither map nor list are none") {
  for (const std::string_view tags : {"null", "{}", "[]", "\"a:b\"", "5", "true"})
    CHECK(tags_of(tags).empty());
}

TEST_CASE("members of a set are told apart as JSON values, numbers and booleans by what they equal") {
  CHECK(members_of("[1,1.0,true,1e0]") == Lines{"1", "1", "1", "1"});
  CHECK(members_of("[0,-0.0,false]") == Lines{"0", "0", "0"});
  CHECK(members_of(R"([1,"1",null,"null"])") == Lines{"1", "\"1", "null", "\"null"});
  CHECK(members_of("[[1, 2],[1,2]]") == Lines{"[1,2]", "[1,2]"});
  CHECK(members_of(R"([{"a b":1},{"a b": 1}])") == Lines{R"({"a b":1})", R"({"a b":1})"});
  CHECK(members_of("[9007199254740993,9007199254740992.0]") == Lines{"9007199254740993", "9007199254740992"});
  CHECK(members_of("[100000000000000000000,1e20]") == Lines{"1e+20", "1e+20"});
  CHECK(members_of("[]").empty());
}

TEST_CASE("a scalar is the one member of its set") {
  CHECK(members_of("5") == Lines{"5"});
  CHECK(members_of("\"alice\"") == Lines{"\"alice"});
  CHECK(members_of("true") == Lines{"1"});
}

TEST_CASE("a wrapped record of a Python agent gives its points") {
  RecordParser parser;
  WrappedRecord record;
  REQUIRE(parser.wrapped(R"({"metric":"a.b","tags":["k:v"],"points":[[1700000000.5,2],[1700000010,true]],)"
                         R"("type":"count","interval":10})",
                         record) == Flaw::none);
  CHECK(record.name == "a.b");
  CHECK(record.type == MetricType::count);
  CHECK(record.interval_s == 10);
  REQUIRE(record.points.size() == 2);
  CHECK(record.points[0].time == 1'700'000'000'500);
  CHECK(record.points[0].value == 2);
  CHECK(record.points[1].value == 1);
  REQUIRE(record.tags.size() == 1);
  CHECK(record.tags[0] == "k:v");
}

TEST_CASE("a gauge has no interval, and a missing or null one is none") {
  RecordParser parser;
  WrappedRecord record;
  REQUIRE(parser.wrapped(R"({"metric":"m","points":[[1,2]],"type":"gauge","interval":10})", record) ==
          Flaw::none);
  CHECK(record.interval_s == 0);
  REQUIRE(parser.wrapped(R"({"metric":"m","points":[[1,2]],"type":"rate","interval":null})", record) ==
          Flaw::none);
  CHECK(record.interval_s == 0);
}

TEST_CASE("a bad wrapped record says why") {
  const auto flaw = [](std::string_view json) {
    RecordParser parser;
    WrappedRecord record;
    return parser.wrapped(json, record);
  };
  CHECK(flaw(R"({"metric":"m","points":[[1,2]],"type":"histogram"})") == Flaw::type);
  CHECK(flaw(R"({"metric":"m","points":[[1,2]]})") == Flaw::type);
  CHECK(flaw(R"({"metric":"m","type":"gauge"})") == Flaw::points);
  for (const std::string_view points : {"[]", "[[1]]", "[[1,2,3]]", "[1,2]", "[[1,null]]", R"([[1,"2"]])",
                                        "{}", "null", "[[1,2],3]", "[[-1,2]]", "[[1,1e999]]", "[[[1],2]]"}) {
    CAPTURE(points);
    CHECK(flaw(fmt::format(R"({{"metric":"m","type":"gauge","points":{}}})", points)) == Flaw::points);
  }
  CHECK(flaw(R"({"metric":"m","type":"count","points":[[1,2]],"interval":"10"})") == Flaw::interval);
  CHECK(flaw(R"({"metric":"m","type":"count","points":[[1,2]],"interval":-1})") == Flaw::interval);
  CHECK(flaw(R"({"metric":"m","type":"gauge","points":[[1,NaN]]})") == Flaw::not_json);
}

TEST_CASE("a log record is any JSON object") {
  RecordParser parser;
  CHECK(parser.log(R"({"date":"2026-11-21T10:00:00","message":{"a":[1,{"b":2}]}})") == Flaw::none);
  CHECK(parser.log("{}") == Flaw::none);
  CHECK(parser.log("[]") == Flaw::no_object);
  CHECK(parser.log("[1,2") == Flaw::not_json);
  CHECK(parser.log("{\"a\":\"\xFF\"}") == Flaw::not_utf8);
  CHECK(parser.log("{\"a\":NaN}") == Flaw::not_json);
}

TEST_CASE("a record of any kind tells when it was made") {
  RecordParser parser;
  CHECK(parser.time_of(R"({"timestamp":1.5})") == 1500);
  CHECK(parser.time_of(R"({"points":[[2,0],[3,0]]})") == 2000);
  CHECK(parser.time_of(R"({"date":"1970-01-01T00:00:04"})") == 4000);
  CHECK_FALSE(parser.time_of(R"({"date":"yesterday"})"));
  CHECK_FALSE(parser.time_of(R"({"timestamp":"x"})"));
  CHECK_FALSE(parser.time_of("no json"));
}
