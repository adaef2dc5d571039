// Applications that report as Chouette's client does: a record of one event into the queue of raw metrics
// every few milliseconds, key and value in one transaction, from a thread of their own, until they are told
// to stop.
//
//   Applications applications(redis, "app.events");
//   ... the agent is stopped, killed, started; the Redis too ...
//   CHECK(sum_of_events(sink) == applications.stop());
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/io/redis.hpp"
#include "core/runtime/clock.hpp"
#include "tests/core/io/redis_script.hpp"
#include "tests/support/redis_server.hpp"

namespace scops::test {

class Applications {
 public:
  struct Manner {
    std::chrono::milliseconds pause{3};  // between two records
    bool numbered = false;               // each has the tag "n:<its number>"
  };

  Applications(const RedisServer& redis, std::string metric)
      : Applications(redis, std::move(metric), Manner()) {}
  Applications(const RedisServer& redis, std::string metric, Manner manner)
      : metric_(std::move(metric)),
        manner_(manner),
        thread_([this, &redis](const std::stop_token& stop) { report(redis, stop); }) {}
  // Returns how many records Redis has confirmed.
  int stop() {
    thread_.request_stop();
    thread_.join();
    return static_cast<int>(confirmed_.size());
  }
  // After stop(): the numbers of those, and of those that may be there, as Redis has not answered.
  [[nodiscard]] const std::vector<int>& confirmed() const { return confirmed_; }
  [[nodiscard]] const std::vector<int>& unsure() const { return unsure_; }

 private:
  void report(const RedisServer& redis, const std::stop_token& stop) {
    const SystemClock clock;
    RedisTarget target = redis.target();
    target.timeout = std::chrono::milliseconds(500);
    auto client = std::make_unique<RedisClient>(target, clock);
    for (int number = 0; !stop.stop_requested(); ++number) {
      const std::string id = fmt::format("record-{}", number);
      const std::string now = fmt::format("{:.3f}", static_cast<double>(clock.wall()) / 1000);
      const std::string tags = manner_.numbered ? fmt::format(R"("n":"{}")", number) : "";
      const std::string json = fmt::format(
          R"({{"metric":"{}","type":"count","value":1,"timestamp":{},"tags":{{{}}}}})", metric_, now, tags);
      const auto answer = transact(*client, RedisScript({{"ZADD", "chouette:metrics:raw.keys", now, id},
                                                         {"HSET", "chouette:metrics:raw.values", id, json}}));
      if (answer && !answer->is_error()) confirmed_.push_back(number);
      if (!answer && client->outcome_unknown()) unsure_.push_back(number);
      if (!answer) client = std::make_unique<RedisClient>(target, clock);  // which tries again at once
      std::this_thread::sleep_for(manner_.pause);
    }
  }

  const std::string metric_;
  const Manner manner_;
  std::vector<int> confirmed_, unsure_;
  std::jthread thread_;
};

}  // namespace scops::test
