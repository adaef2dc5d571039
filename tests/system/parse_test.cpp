// scops parse FORMAT: what a user tries the output of a device or a script with.
#include <catch2/catch.hpp>
#include <string>

#include "core/io/json.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/sent_points.hpp"

namespace scops::test {
namespace {

using Catch::Matchers::Contains;

struct Case {
  std::string format;
  std::string good;            // lines
  std::string metric;          // that must be in what comes out
  std::string bad;             // one line that is no part of the format
  bool whole = false;          // the format is one line: nothing else comes out when it is bad
  std::string place = "line";  // what a rejected piece is counted as
};

std::vector<Case> cases() {
  const std::string stat = "cpu  100 0 50 800 10 0 5 0 0 0\ncpu0 100 0 50 800 10 0 5 0 0 0\nprocesses 9\n";
  const std::string later = "cpu  150 0 60 850 10 0 5 0 0 0\ncpu0 150 0 60 850 10 0 5 0 0 0\nprocesses 10\n";
  return {
      {"proc-stat", stat + later, "Chouette.host.cpu.percentage", "what is this"},
      {"meminfo", "MemTotal:  1000 kB\nMemFree:   400 kB\nMemAvailable:  600 kB\n",
       "Chouette.host.memory.available", "what is this"},
      {"loadavg", "0.50 0.25 0.10 1/123 4567\n", "Chouette.host.la", "what is this", true},
      {"net-dev",
       "Inter-|   Receive                                                |  Transmit\n"
       " face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls "
       "carrier "
       "compressed\n"
       "  eth0: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n",
       "Chouette.host.network.bytes.recv", "what is this"},
      {"diskstats", "   8       0 sda 1 2 3 4 5 6 7 8 0 10 11\n", "Chouette.host.disk.operations.read",
       "what is this"},
      {"pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=1000\n", "Chouette.host.pressure.some",
       "what is this"},
      {"tegrastats", "RAM 1409/3964MB (lfb 28x4MB) CPU [22%@518,off] AO@39.5C\n",
       "Chouette.tegrastats.cpu.load", "what is this"},
      {"rpi-throttled", "throttled=0x50005\n", "Chouette.jetson.throttle.active", "what is this", true},
      {"docker-list", R"([{"Id":"a1","Names":["/web"],"State":"running"}])", "Chouette.docker.containers",
       "what is this", false, "document"},
      {"docker-stats", R"({"id":"a1","name":"/web","memory_stats":{"usage":5}})",
       "Chouette.docker.memory.usage", "what is this", false, "document"},
      {"docker-inspect", R"({"Id":"a1","Name":"/web","RestartCount":2,"State":{"Status":"running"}})",
       "Chouette.docker.restarts", "what is this", false, "document"},
      {"docker-images", R"([{"Id":"a1","RepoTags":["web:1"],"Size":5}])", "Chouette.docker.image.size",
       "what is this", false, "document"},
      {"kubelet-summary", R"({"node":{"nodeName":"n","cpu":{"usageNanoCores":5}}})",
       "Chouette.k8s.node.cpu.usageNanoCores", "what is this", true, "document"},
      {"chouette",
       R"({"metric":"app.users","type":"set","value":["a","b"],"tags":{"k":1}})"
       "\n",
       "app.users", "what is this"},
  };
}

// Every metric on its own line, as promised.
void check_lines(const std::string& text) {
  for (const std::string& line : lines_of(text)) {
    INFO(line);
    const auto doc = JsonDoc::parse(line);
    REQUIRE(doc);
    CHECK(doc->root()["metric"].text());
    CHECK(doc->root()["tags"].is_object());
    CHECK(doc->root()["value"].number());
    CHECK(doc->root()["timestamp"].number());
  }
}

}  // namespace

TEST_CASE("every format that is registered has a case here", "[system]") {
  const Finished listed = run_agent({.arguments = {"parse", "nosuch"}});
  for (const Case& one : cases()) CHECK_THAT(listed.err, Contains("\n  " + one.format + " "));
  CHECK(count_of(listed.err, "\n  ") == cases().size());
}

TEST_CASE("a format that is not known exits 2 and lists the known ones", "[system]") {
  const Finished parse = run_agent({.arguments = {"parse", "nosuch"}});
  CHECK(parse.status == 2);
  CHECK(parse.out.empty());
  CHECK_THAT(parse.err, Contains("unknown format \"nosuch\"") && Contains("meminfo"));
  CHECK(run_agent({.arguments = {"parse"}}).status == 2);
}

TEST_CASE("good input comes out as JSON lines", "[system]") {
  for (const Case& one : cases()) {
    INFO(one.format);
    const Finished parse = run_agent({.arguments = {"parse", one.format}, .input = one.good});
    CHECK(parse.status == 0);
    CHECK(parse.err.empty());
    check_lines(parse.out);
    CHECK(metrics_of_json_lines(parse.out).count(one.metric) == 1);
  }
}

TEST_CASE("a rejected line is named by its number, costs nothing else, and the status is 1", "[system]") {
  for (const Case& one : cases()) {
    INFO(one.format);
    const auto number = one.whole ? 1 : lines_of(one.good).size() + 1;
    const std::string good = one.whole ? "" : one.good;
    const Finished parse = run_agent({.arguments = {"parse", one.format}, .input = good + one.bad + "\n"});
    INFO(parse.err);
    CHECK(parse.status == 1);
    CHECK(lines_of(parse.err).size() == 1);
    CHECK_THAT(parse.err,
               Contains(one.place + " " + std::to_string(number) + ":") && Contains("what is this"));
    check_lines(parse.out);
    if (!one.whole) CHECK(metrics_of_json_lines(parse.out).count(one.metric) == 1);
  }
}

TEST_CASE("binary junk is rejected line by line, without control characters on the terminal", "[system]") {
  std::string junk;
  for (int i = 0; i < 20'000; ++i) junk += static_cast<char>((i * 7919 + i / 251) % 256);
  for (const Case& one : cases()) {
    INFO(one.format);
    const Finished parse = run_agent({.arguments = {"parse", one.format}, .input = junk});
    CHECK(parse.status == 1);
    check_lines(parse.out);
    for (const char c : parse.err) REQUIRE((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
  }
}

TEST_CASE("no input at all is no crash", "[system]") {
  for (const Case& one : cases()) {
    INFO(one.format);
    const Finished parse = run_agent({.arguments = {"parse", one.format}});
    CHECK((parse.status == 0 || parse.status == 1));
    CHECK(parse.out.empty());
  }
}

TEST_CASE("the prefix is that of the metrics as they are sent", "[system]") {
  const Finished parse = run_agent({.arguments = {"parse", "loadavg"},
                                    .environment = {{"SCOPS_PIPELINE_PREFIX", "fleet"}},
                                    .input = "1 2 3 4/5 6\n"});
  CHECK(metrics_of_json_lines(parse.out).count("fleet.host.la") == 1);
}

}  // namespace scops::test
