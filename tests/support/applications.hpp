// Applications that report: a record of one event into the queue of raw metrics every few milliseconds, from
// a thread of their own, until they are told to stop.
//
//   Applications applications(redis, "app.events");
//   ... the agent is stopped, killed, started ...
//   CHECK(sum_of_events(sink) == applications.stop());
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "core/io/redis.hpp"
#include "core/runtime/clock.hpp"
#include "tests/support/redis_server.hpp"

namespace scops::test {

class Applications {
 public:
  Applications(const RedisServer& redis, std::string metric)
      : metric_(std::move(metric)),
        thread_([this, &redis](const std::stop_token& stop) { report(redis, stop); }) {}
  // Returns how many were written, key and value.
  int stop() {
    thread_.request_stop();
    thread_.join();
    return reported_;
  }

 private:
  void report(const RedisServer& redis, const std::stop_token& stop) {
    const SystemClock clock;
    RedisClient client(redis.target(), clock);
    while (!stop.stop_requested()) {
      const std::string id = fmt::format("record-{}", reported_.load());
      const double now = static_cast<double>(clock.wall()) / 1000;
      const std::string json = fmt::format(
          R"({{"metric":"{}","type":"count","value":1,"timestamp":{},"tags":{{}}}})", metric_, now);
      const bool listed =
          client.command({"ZADD", "chouette:metrics:raw.keys", fmt::format("{}", now), id}).has_value();
      if (listed && client.command({"HSET", "chouette:metrics:raw.values", id, json}).has_value())
        ++reported_;
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  }

  const std::string metric_;
  std::atomic<int> reported_{0};
  std::jthread thread_;
};

}  // namespace scops::test
