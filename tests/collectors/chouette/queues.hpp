// A Redis with Chouette's queues, filled as clients do it, and the input that drains them. Time stands still
// in the middle of the window from 1,700,000,000 s.
#pragma once

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/listen/chouette/chouette.hpp"
#include "core/config/load.hpp"
#include "core/io/redis.hpp"
#include "core/runtime/stats.hpp"
#include "tests/collectors/chouette/recording_intake.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/redis_server.hpp"

namespace scops::test {

inline constexpr std::string_view raw = "chouette:metrics:raw";
inline constexpr std::string_view wrapped = "chouette:metrics:wrapped";
inline constexpr std::string_view logs = "chouette:logs:wrapped";

inline constexpr double open_window = 1'700'000'000;    // its first second
inline constexpr double closed_window = 1'699'999'990;  // the one before

// Many records in one pipeline.
class Records final : public RedisCommands {
 public:
  struct Record {
    std::string id, score, json;
  };
  using Make = std::function<Record(std::size_t)>;
  Records(std::string_view queue, std::size_t count, Make make)
      : keys_(fmt::format("{}.keys", queue)),
        values_(fmt::format("{}.values", queue)),
        count_(count),
        make_(std::move(make)) {}

  [[nodiscard]] std::size_t count() const override { return 2 * count_; }
  void write(RedisWriter& to) const override {
    for (std::size_t i = 0; i < count_; ++i) {
      const Record record = make_(i);
      to.command({"ZADD", keys_, record.score, record.id});
      to.command({"HSET", values_, record.id, record.json});
    }
  }

 private:
  std::string keys_, values_;
  std::size_t count_;
  Make make_;
};

inline std::string uuid(std::size_t i) { return fmt::format("{:08x}-aaaa-4bbb-8ccc-{:012x}", i * 7, i); }

inline std::string gauge(std::string_view name, double value = 1) {
  return fmt::format(R"({{"metric":"{}","type":"gauge","value":{}}})", name, value);
}

class Queues {
 public:
  explicit Queues(RedisOptions options = {})
      : server(std::move(options)),
        redis(target(), clock),
        intake(redis),
        section_(chouette::chouette_section()) {
    REQUIRE(load({&section_, 1}, {}).problems.empty());
    clock.set_wall(1'700'000'005'000);
  }

  // With patience for tens of thousands of commands in a slow build.
  [[nodiscard]] RedisTarget target() const {
    RedisTarget target = server.target();
    target.timeout = std::chrono::seconds(30);
    return target;
  }
  [[nodiscard]] chouette::ChouetteSettings& settings() {
    return *static_cast<chouette::ChouetteSettings*>(section_.settings.get());
  }
  // A new process.
  void restart(std::string agent = "here") {
    drain_ = chouette::make_chouette(settings(), {.redis = target(),
                                                  .window = Duration(10'000),
                                                  .metric_ttl = Duration(14'400'000),
                                                  .log_ttl = Duration(64'800'000),
                                                  .agent = std::move(agent),
                                                  .clock = &clock,
                                                  .stats = &stats});
  }
  Status drain(bool closing = false) {
    if (!drain_) restart();
    return drain_->drain(intake, closing, stop.get_token());
  }

  void add(std::string_view queue, std::string_view id, double score, std::string_view json) {
    key(queue, id, fmt::format("{}", score));
    value(queue, id, json);
  }
  void key(std::string_view queue, std::string_view id, std::string_view score) {
    run({"ZADD", fmt::format("{}.keys", queue), score, id});
  }
  void value(std::string_view queue, std::string_view id, std::string_view json) {
    run({"HSET", fmt::format("{}.values", queue), id, json});
  }
  void add_many(std::string_view queue, std::size_t count, Records::Make make) {
    REQUIRE(redis.pipeline(Records(queue, count, std::move(make))));
  }
  std::string run(std::initializer_list<std::string_view> arguments) { return redis_run(redis, arguments); }
  [[nodiscard]] std::string keys(std::string_view queue) {
    return run({"ZCARD", fmt::format("{}.keys", queue)});
  }
  [[nodiscard]] std::string values(std::string_view queue) {
    return run({"HLEN", fmt::format("{}.values", queue)});
  }
  [[nodiscard]] bool empty(std::string_view queue) { return keys(queue) == "0" && values(queue) == "0"; }

  [[nodiscard]] double stat(std::string_view name, std::string_view labels) const {
    double found = 0;
    stats.visit([&](std::string_view n, std::string_view l, double value) {
      if (n == name && l == labels) found = value;
    });
    return found;
  }
  [[nodiscard]] double taken(std::string_view queue) const {
    return stat("scops_chouette_records_total", fmt::format(R"(queue="{}")", queue));
  }
  [[nodiscard]] double dropped(std::string_view queue, std::string_view reason) const {
    return stat("scops_chouette_dropped_total", fmt::format(R"(queue="{}",reason="{}")", queue, reason));
  }

  FakeClock clock;
  Stats stats;
  RedisServer server;
  RedisClient redis;
  RecordingIntake intake;
  std::stop_source stop;

 private:
  Section section_;
  std::unique_ptr<DrainCollector> drain_;
};

}  // namespace scops::test
