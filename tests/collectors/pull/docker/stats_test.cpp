#include "collectors/pull/docker/stats.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "collectors/pull/docker/formats.hpp"
#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::docker;
using scops::test::RecordingEmit;

namespace {

RecordingEmit emit_of(std::string_view text, const CpuTimes* before = nullptr) {
  JsonReader json;
  json.start(text);
  ContainerStats stats;
  REQUIRE(parse_stats(json, json.next(), stats));
  RecordingEmit emit;
  emit_stats(stats, before, all_groups(), {}, emit);
  return emit;
}

RecordingEmit parse(std::string_view format, std::string_view text) {
  RecordingEmit emit;
  for (const Format& known : docker_formats) {
    if (known.name == format) known.parse(text, emit);
  }
  return emit;
}

constexpr double second = 1e9;

}  // namespace

TEST_CASE("docker stats: memory used is without inactive files, on cgroup v1 and v2") {
  CHECK(emit_of(R"({"memory_stats":{"usage":100,"stats":{"inactive_file":10,"total_inactive_file":30}}})")
            .value("docker.memory.working_set") == 70);
  CHECK(emit_of(R"({"memory_stats":{"usage":100,"stats":{"inactive_file":10}}})")
            .value("docker.memory.working_set") == 90);
  CHECK(emit_of(R"({"memory_stats":{"usage":100,"stats":{"inactive_file":100}}})")
            .value("docker.memory.working_set") == 100);
}

TEST_CASE("docker stats: a v1 key of 0 counts, and v2's is then not looked at") {
  CHECK(emit_of(R"({"memory_stats":{"usage":100,"stats":{"inactive_file":10,"total_inactive_file":0}}})")
            .value("docker.memory.working_set") == 100);
}

TEST_CASE("docker stats: no limit is no value, however it is written") {
  const std::string limit = GENERATE("18446744073709551615", "18446744073709552000", "9223372036854771712",
                                     "9223372036854772000", "0", "null", "\"many\"", "-1", "1e400");
  const RecordingEmit emit = emit_of(R"({"memory_stats":{"usage":5,"limit":)" + limit + "}}");
  CHECK_FALSE(emit.value("docker.memory.limit"));
  CHECK(emit.value("docker.memory.usage") == 5);
}

TEST_CASE("docker stats: without a memory controller nothing is said of memory") {
  CHECK(emit_of(R"({"memory_stats":{},"pids_stats":{"current":3}})").names ==
        std::vector<std::string>{"docker.pids"});
}

TEST_CASE("docker stats: an answer about a container that does not run says nothing") {
  CHECK(emit_of(R"({"read":"0001-01-01T00:00:00Z","memory_stats":{"usage":0},
                    "cpu_stats":{"cpu_usage":{"total_usage":0,"usage_in_kernelmode":0}}})")
            .lines.empty());
}

TEST_CASE("docker stats: percentages come from the engine's two readings") {
  const RecordingEmit emit = emit_of(R"({
    "cpu_stats":{"cpu_usage":{"total_usage":300},"system_cpu_usage":3000,"online_cpus":4},
    "precpu_stats":{"cpu_usage":{"total_usage":200},"system_cpu_usage":1000}})");
  CHECK(emit.value("docker.cpu.percentage") == Approx(20));
}

TEST_CASE("docker stats: processors are counted where an old engine does not") {
  const RecordingEmit emit = emit_of(R"({
    "cpu_stats":{"cpu_usage":{"total_usage":300,"percpu_usage":[1,2]},"system_cpu_usage":3000,"online_cpus":0},
    "precpu_stats":{"cpu_usage":{"total_usage":200},"system_cpu_usage":1000}})");
  CHECK(emit.value("docker.cpu.percentage") == Approx(10));
}

TEST_CASE("docker stats: a single reading has no percentage") {
  CHECK_FALSE(emit_of(R"({"preread":"0001-01-01T00:00:00Z",
    "cpu_stats":{"cpu_usage":{"total_usage":300},"system_cpu_usage":3000,"online_cpus":4},
    "precpu_stats":{"cpu_usage":{"total_usage":0}}})")
                  .value("docker.cpu.percentage"));
}

TEST_CASE("docker cpu: a container that stands still uses 0, one that was started anew has no value") {
  const CpuTimes before{.read = 1, .total = 100, .kernel = {}, .system = 1000, .online = 2};
  CpuTimes now{.read = 2, .total = 100, .kernel = {}, .system = 2000, .online = 2};
  CHECK(cpu_percentage(before, now, true) == 0);
  now.total = 99;
  CHECK_FALSE(cpu_percentage(before, now, true));
}

TEST_CASE("docker cpu: no time between readings, no value") {
  const CpuTimes now{.read = 7, .total = 100, .kernel = {}, .system = 1000, .online = 2};
  CHECK_FALSE(cpu_percentage(now, now, true));
  CHECK_FALSE(cpu_percentage(now, now, false));
}

TEST_CASE("docker cpu: without the host's time the clock is the measure") {
  const CpuTimes before{.read = 1, .total = 0, .kernel = {}, .system = {}, .online = {}};
  const CpuTimes now{.read = 1 + static_cast<std::int64_t>(second),
                     .total = second / 2,
                     .kernel = {},
                     .system = {},
                     .online = {}};
  CHECK(cpu_percentage(before, now, true) == Approx(50));
}

TEST_CASE("docker cpu: the engine's own two readings will do without the host's time") {
  const RecordingEmit emit = emit_of(R"({"read":"1970-01-01T00:00:02Z","preread":"1970-01-01T00:00:01Z",
    "cpu_stats":{"cpu_usage":{"total_usage":2000000000}},
    "precpu_stats":{"cpu_usage":{"total_usage":1000000000}}})");
  CHECK(emit.value("docker.cpu.percentage") == Approx(100));
}

TEST_CASE("docker cpu: a Windows engine counts in units of 100 ns") {
  const RecordingEmit emit = emit_of(R"({"read":"1970-01-01T00:00:02Z","preread":"1970-01-01T00:00:01Z",
    "num_procs":2,"cpu_stats":{"cpu_usage":{"total_usage":20000000,"usage_in_kernelmode":5000000}},
    "precpu_stats":{"cpu_usage":{"total_usage":10000000,"usage_in_kernelmode":4000000}}})");
  CHECK(emit.value("docker.cpu.percentage") == Approx(100));
  CHECK(emit.value("docker.cpu.usage") == 500'000'000);
}

TEST_CASE("docker cpu: podman's host time is that of its containers, so the clock is the measure") {
  const CpuTimes before{.read = 1'000'000'000, .total = 0, .kernel = {}, .system = 0, .online = 2};
  const RecordingEmit emit = emit_of(R"({"read":"1970-01-01T00:00:02Z",
    "cpu_stats":{"cpu":12.5,"cpu_usage":{"total_usage":500000000},"system_cpu_usage":500000001,"online_cpus":2}})",
                                     &before);
  CHECK(emit.value("docker.cpu.percentage") == Approx(50));
}

TEST_CASE("docker stats: traffic is added up over interfaces, of any age of the API") {
  const RecordingEmit now = emit_of(R"({"networks":{"eth0":{"rx_bytes":1,"tx_bytes":2},
                                                    "eth1":{"rx_bytes":10,"tx_bytes":20}}})");
  CHECK(now.value("docker.network.bytes.recv") == 11);
  CHECK(now.value("docker.network.bytes.sent") == 22);
  CHECK(emit_of(R"({"network":{"rx_bytes":3}})").value("docker.network.bytes.recv") == 3);
}

TEST_CASE("docker stats: a quiet interface is 0, none is nothing, podman's stand-in for none too") {
  CHECK(emit_of(R"({"networks":{"eth0":{"rx_bytes":0,"tx_bytes":0}}})").value("docker.network.bytes.recv") ==
        0);
  CHECK(emit_of(R"({"networks":null})").lines.empty());
  CHECK(emit_of(R"({"networks":{}})").lines.empty());
  CHECK(emit_of(R"({"networks":{"network":{"rx_bytes":0,"tx_bytes":0}}})").lines.empty());
}

TEST_CASE("docker stats: block I/O counts each byte once") {
  const RecordingEmit emit = emit_of(R"({"blkio_stats":{"io_service_bytes_recursive":[
    {"major":8,"op":"Read","value":1},{"major":9,"op":"read","value":2},{"op":"Write","value":4},
    {"op":"Sync","value":8},{"op":"Async","value":16},{"op":"Discard","value":32},{"op":"Total","value":64}],
    "io_serviced_recursive":[{"op":"Read","value":128}]}})");
  CHECK(emit.value("docker.disk.bytes.read") == 3);
  CHECK(emit.value("docker.disk.bytes.written") == 4);
}

TEST_CASE("docker stats: no block I/O yet is nothing") {
  const std::string told = GENERATE("null", "[]", "{}", "\"x\"", R"([{"op":"Read"}])");
  CHECK(emit_of(R"({"blkio_stats":{"io_service_bytes_recursive":)" + told + "}}").lines.empty());
}

TEST_CASE("docker stats: fields of other types than usual are passed over") {
  CHECK(emit_of(R"({"read":5,"name":[],"cpu_stats":[1],"memory_stats":"x","networks":[{}],"pids_stats":7,
                    "blkio_stats":null,"new_stats":{"a":[{"b":{}}]},"precpu_stats":true})")
            .lines.empty());
}

TEST_CASE("docker stats: times are read to the nanosecond, of any zone") {
  CHECK(to_nanoseconds("1970-01-01T00:00:01.5Z") == 1'500'000'000);
  CHECK(to_nanoseconds("2026-04-27T15:49:54.493486224+02:00") == 1'777'297'794'493'486'224);
  CHECK(to_nanoseconds("2024-02-29T00:00:00-00:30") == 1'709'166'600'000'000'000);
}

TEST_CASE("docker stats: what is no time is none") {
  const std::string text =
      GENERATE("", "0001-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-04-27", "x", "2026-04-27T15:49:54",
               "2026-04-27T15:49:54+0200", "9999-04-27T15:49:54Z");
  CHECK_FALSE(to_nanoseconds(text));
}

TEST_CASE("docker formats: several documents in a row, with or without blanks, are read one by one") {
  const RecordingEmit emit =
      parse("docker-stats",
            R"({"name":"/a","memory_stats":{"usage":1}}{"name":"b","memory_stats":{"usage":2}}
                                      [{"name":"/c","memory_stats":{"usage":3}}])");
  CHECK(emit.value("docker.memory.usage container:a") == 1);
  CHECK(emit.value("docker.memory.usage container:b") == 2);
  CHECK(emit.value("docker.memory.usage container:c") == 3);
  CHECK(emit.troubles.empty());
}

TEST_CASE("docker formats: two readings of a container give a percentage") {
  const RecordingEmit emit = parse("docker-stats", R"(
    {"id":"x","name":"/a","read":"2026-01-01T00:00:00Z",
     "cpu_stats":{"cpu_usage":{"total_usage":0},"system_cpu_usage":1000,"online_cpus":1}}
    {"id":"x","name":"/a","read":"2026-01-01T00:00:01Z",
     "cpu_stats":{"cpu_usage":{"total_usage":100},"system_cpu_usage":1200,"online_cpus":1}})");
  CHECK(emit.count("docker.cpu.percentage") == 1);
  CHECK(emit.value("docker.cpu.percentage container:a") == Approx(50));
}

TEST_CASE("docker formats: a broken document costs the others nothing") {
  const RecordingEmit emit = parse("docker-stats",
                                   "{\"name\":\"/a\",\"memory_stats\":{\n"
                                   "{\"name\":\"/b\",\"memory_stats\":{\"usage\":2}}\n"
                                   "{\"message\":\"no such container\"}\nfoo\n");
  CHECK(emit.value("docker.memory.usage container:b") == 2);
  CHECK(emit.troubles.size() == 3);
}

TEST_CASE("docker formats: a container without a name goes by the beginning of its id") {
  CHECK(parse("docker-stats", R"({"id":"0123456789abcdef","memory_stats":{"usage":1}})")
            .value("docker.memory.usage container:0123456789ab") == 1);
}

TEST_CASE("docker formats: nothing in, nothing out") {
  for (const Format& format : docker_formats) {
    CHECK(parse(format.name, "").troubles.empty());
    CHECK(parse(format.name, " \n").troubles.empty());
    CHECK(parse(format.name, "\xff\xfe").troubles.size() == 1);
  }
}
