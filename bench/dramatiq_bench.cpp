// What a capture of the collector dramatiq costs us and the Redis, with unrelated keys in it:
//   build/release/bench/dramatiq_bench [KEYS]     (1000000; needs redis-tools)
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "collectors/registry.hpp"
#include "core/config/load.hpp"
#include "core/config/spec.hpp"
#include "core/model/text.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/stats.hpp"
#include "tests/support/redis_server.hpp"

namespace {

class CountingEmit final : public scops::Emit {
 public:
  void metric(const scops::Metric& /*metric*/) override { ++queues; }
  void trouble(std::string_view /*part*/, const scops::Error& /*error*/) override {}
  int queues = 0;
};

double own_milliseconds() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// Of the server's main thread, out of INFO.
double server_milliseconds(const scops::test::RedisServer& redis) {
  const std::string info = redis.run({"INFO", "cpu"});
  double seconds = 0;
  for (const std::string_view name : {"used_cpu_user_main_thread:", "used_cpu_sys_main_thread:"}) {
    const auto at = info.find(name);
    if (at != std::string::npos) seconds += std::strtod(info.c_str() + at + name.size(), nullptr);
  }
  return seconds * 1e3;
}

void measure(const scops::test::RedisServer& redis, scops::PullCollector& collector, int captures) {
  for (int i = 1; i <= captures; ++i) {
    CountingEmit emit;
    const double own = own_milliseconds();
    const double server = server_milliseconds(redis);
    const auto began = std::chrono::steady_clock::now();
    (void)collector.collect(emit);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    fmt::print("capture {}: {} queues, {:.1f} ms; our CPU {:.2f} ms, the server's {:.1f} ms\n", i,
               emit.queues, took.count(), own_milliseconds() - own, server_milliseconds(redis) - server);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string keys = argc > 1 ? argv[1] : "1000000";
  const scops::test::RedisServer redis({.unix_socket = true, .arguments = {"--enable-debug-command", "yes"}});
  {
    scops::RedisTarget patient = redis.target();
    patient.timeout = std::chrono::minutes(1);
    const scops::SystemClock clock;
    scops::RedisClient client(patient, clock);
    scops::test::redis_run(client, {"DEBUG", "POPULATE", keys});
  }
  for (int i = 0; i < 10; ++i) redis.run({"HSET", fmt::format("dramatiq:queue{}.msgs", i), "1", "{}"});

  const scops::CollectorSpec& spec = *scops::find_collector("dramatiq");
  const std::vector<scops::Section> sections{spec.section()};
  (void)scops::load(sections, {.environment = {"SCOPS_DRAMATIQ_SOCKET=" + redis.socket()}});
  const scops::SystemClock clock;
  scops::Stats stats;
  auto collector = spec.make(sections[0].settings.get(), {.clock = &clock, .stats = &stats});
  if (!collector) return 1;
  fmt::print("{} unrelated keys, 10 queues\n", keys);
  measure(redis, **collector, 4);
  return 0;
}
