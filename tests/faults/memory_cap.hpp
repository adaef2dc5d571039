// What the tests of the memory cap (agent.memory_max) share. The kernel's own high-water mark of the process,
// VmHWM, says what it was at most: nothing is sampled and missed.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/text.hpp"
#include "core/runtime/clock.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/redis_server.hpp"

namespace scops::test {

// Sanitizers take several times the memory: under them only what is counted is looked at.
#ifdef SCOPS_SANITIZED
inline constexpr bool measured = false;
#else
inline constexpr bool measured = true;
#endif

// The line of /proc/PID/status, in MiB.
inline double mebibytes(const AgentProcess& agent, std::string_view line) {
  for (const std::string& text : lines_of(agent.proc("status"))) {
    if (!text.starts_with(line)) continue;
    std::string_view rest(text);
    next_word(rest);
    return static_cast<double>(to_uint(next_word(rest)).value_or(0)) / 1024;
  }
  return 0;
}

// With patience for a script that takes long on a busy machine.
inline std::string run_patiently(const RedisServer& redis,
                                 std::initializer_list<std::string_view> arguments) {
  const SystemClock clock;
  RedisTarget target = redis.target();
  target.timeout = long_enough;
  RedisClient client(target, clock);
  return redis_run(client, arguments);
}

struct Cap {
  std::string text;
  double mebibytes;
};

inline const std::vector<Cap>& caps() {
  static const std::vector<Cap> all = {{measured ? "32MiB" : "0", 32}, {measured ? "64MiB" : "0", 64}};
  return all;
}

inline Environment environment(const HttpSink& sink, const RedisServer& redis, std::string_view buffer,
                               const Cap& cap) {
  return {{"API_KEY", "0123456789abcdef"},
          {"DATADOG_URL", sink.url() + "/api"},
          {"DATADOG_LOGS_URL", sink.url()},
          {"HOST", "owl-1"},
          {"REDIS_HOST", "127.0.0.1"},
          {"REDIS_PORT", std::to_string(redis.port())},
          {"CHOUETTE_STORAGE_TYPE", std::string(buffer)},
          {"COLLECTOR_PLUGINS", R"(["host"])"},
          {"AGGREGATE_INTERVAL", "1"},
          {"CAPTURE_INTERVAL", "1"},
          {"RELEASE_INTERVAL", "1"},
          {"SEND_SELF_METRICS", "false"},
          {"SCOPS_DISPATCH_RATE_MAX", "50"},
          {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"},
          {"SCOPS_HTTP_LISTEN", fmt::format("127.0.0.1:{}", free_port())},
          {"SCOPS_AGENT_MEMORY_MAX", cap.text}};
}

inline void check_cap(const AgentProcess& agent, const Cap& cap, double& highest) {
  const double most = mebibytes(agent, "VmHWM");
  INFO(agent.err());
  REQUIRE(most > 0);
  highest = std::max(highest, most / cap.mebibytes);
  if (measured) CHECK(most <= cap.mebibytes * 1.1);
}

}  // namespace scops::test
