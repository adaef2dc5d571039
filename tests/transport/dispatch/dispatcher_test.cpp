#include "transport/dispatch/dispatcher.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>

#include "core/io/block_codec.hpp"
#include "core/io/log_block.hpp"
#include "tests/transport/dispatch/rig.hpp"

using namespace std::chrono_literals;
using scops::Dispatcher;
using scops::DispatchSettings;
using scops::Kind;
using scops::Payload;
using scops::Reply;
using scops::Verdict;
using scops::test::PlainBuffer;

namespace {

// Shared with the thread of the dispatcher under test.
struct Intake {
  std::atomic<int> requests{0};
  std::atomic<bool> hangs{false};  // until stopped
  std::atomic<bool> throws{false};
  std::atomic<bool> was_cut{false};
  std::atomic<bool> no_metrics{false};  // each kind's own intake is down
  std::atomic<bool> no_logs{false};
  std::atomic<std::uint32_t> limit{1000};  // records in a request
  std::mutex mutex;
  std::vector<Kind> kinds;  // of the requests, guarded by the mutex
  std::condition_variable_any changed;

  bool wait_for(int count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, [&] { return requests >= count; });
  }
  std::ptrdiff_t requests_of(Kind kind) {
    const std::lock_guard lock(mutex);
    return std::count(kinds.begin(), kinds.end(), kind);
  }
};

class IntakeOutput final : public scops::Output {
 public:
  IntakeOutput(Intake& intake, bool immediate) : intake_(intake), immediate_(immediate) {}
  [[nodiscard]] scops::OutputLimits limits(scops::Kind) const override {
    return {.records = intake_.limit, .immediate = immediate_};
  }
  Reply send(const Payload& payload, std::chrono::milliseconds, std::stop_token stop) override {
    std::unique_lock lock(intake_.mutex);
    ++intake_.requests;
    intake_.kinds.push_back(payload.kind);
    intake_.changed.notify_all();
    if (intake_.throws) throw std::runtime_error("broken");
    if (intake_.hangs) {
      intake_.changed.wait(lock, stop, [] { return false; });
      intake_.was_cut = true;
      return {.verdict = Verdict::retry, .detail = "stopped"};
    }
    if (payload.kind == Kind::logs ? intake_.no_logs : intake_.no_metrics)
      return {.verdict = Verdict::retry, .detail = "connect: refused"};
    return {.verdict = Verdict::accepted, .detail = "HTTP 202", .code = 202};
  }

 private:
  Intake& intake_;
  bool immediate_;
};

// The buffer under a lock: the test and the thread both use it.
class LockedBuffer final : public scops::Buffer {
 public:
  scops::Result<scops::BlockId> put(scops::Block block) override {
    const std::lock_guard lock(mutex_);
    return plain_.put(std::move(block));
  }
  scops::Result<std::vector<scops::Block>> read(std::string_view output, scops::Kind kind,
                                                scops::Wanted wanted) override {
    const std::lock_guard lock(mutex_);
    return plain_.read(output, kind, std::move(wanted));
  }
  scops::Result<bool> put_together(std::span<const scops::Block>, const scops::RedisCommands&) override {
    return false;
  }
  scops::Status ack(std::string_view output, std::span<const scops::BlockId> ids) override {
    const std::lock_guard lock(mutex_);
    return plain_.ack(output, ids);
  }
  scops::Status maintain(scops::TimeMs) override { return scops::Ok{}; }
  [[nodiscard]] scops::BufferStats stats() const override { return {}; }
  [[nodiscard]] std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return plain_.blocks.size();
  }
  void put_log() { (void)put(scops::encode_log_block(std::vector<scops::LogRecord>{{1, "{}"}})); }
  [[nodiscard]] bool has(Kind kind) {
    const std::lock_guard lock(mutex_);
    return std::any_of(plain_.blocks.begin(), plain_.blocks.end(),
                       [kind](const scops::Block& block) { return block.kind == kind; });
  }
  void put_one() {
    scops::Series series;
    series.name = "m";
    const scops::Sample sample{0, 1'700'000'000'000, 1};
    (void)put(scops::encode_block(std::span(&series, 1), std::span(&sample, 1)));
  }

 private:
  std::mutex mutex_;
  PlainBuffer plain_;
};

struct Bench {
  std::unique_ptr<Dispatcher> start(bool immediate, DispatchSettings settings = {}) {
    return std::make_unique<Dispatcher>(
        "test", std::make_unique<IntakeOutput>(intake, immediate),
        scops::DeliveryContext{
            .buffer = buffer, .stats = stats, .clock = clock, .settings = settings, .host = "h"});
  }
  Intake intake;
  LockedBuffer buffer;
  scops::Stats stats;
  scops::SystemClock clock;
};

DispatchSettings hourly() {
  DispatchSettings settings;
  settings.interval = 1h;
  return settings;
}

}  // namespace

TEST_CASE("dispatcher: a flush wakes an immediate output") {
  Bench bench;
  const auto dispatcher = bench.start(true, hourly());
  bench.buffer.put_one();
  dispatcher->wake();
  CHECK(bench.intake.wait_for(1));
}

TEST_CASE("dispatcher: closing sends what waits once more, at once") {
  Bench bench;
  const auto dispatcher = bench.start(false, hourly());
  bench.buffer.put_one();
  dispatcher->close();
  CHECK(dispatcher->join(40s));
  CHECK(bench.intake.requests == 1);
  CHECK(bench.buffer.waiting() == 0);
}

TEST_CASE("dispatcher: closing with nothing waiting sends nothing") {
  Bench bench;
  const auto dispatcher = bench.start(false, hourly());
  dispatcher->close();
  CHECK(dispatcher->join(40s));
  CHECK(bench.intake.requests == 0);
}

TEST_CASE("dispatcher: without a grace time nothing is sent at the end") {
  Bench bench;
  DispatchSettings settings = hourly();
  settings.grace = 0s;
  const auto dispatcher = bench.start(false, settings);
  bench.buffer.put_one();
  dispatcher->close();
  CHECK(dispatcher->join(40s));
  CHECK(bench.intake.requests == 0);
  CHECK(bench.buffer.waiting() == 1);
}

TEST_CASE("dispatcher: a request that hangs is cut when the grace time is over, and its data kept") {
  Bench bench;
  DispatchSettings settings = hourly();
  settings.grace = 50ms;
  const auto dispatcher = bench.start(true, settings);
  bench.intake.hangs = true;
  bench.buffer.put_one();
  dispatcher->wake();
  REQUIRE(bench.intake.wait_for(1));
  const auto began = std::chrono::steady_clock::now();
  dispatcher->close();
  CHECK(dispatcher->join(40s));
  const auto took = std::chrono::steady_clock::now() - began;
  CHECK(bench.intake.was_cut);
  CHECK(took > 45ms);  // 50 ms by a clock of whole ones
  CHECK(took < 5s);
  CHECK(bench.intake.requests == 1);
  CHECK(bench.buffer.waiting() == 1);
}

TEST_CASE("dispatcher: destroying one without closing it ends at once") {
  Bench bench;
  auto dispatcher = bench.start(true, hourly());
  bench.intake.hangs = true;
  bench.buffer.put_one();
  dispatcher->wake();
  REQUIRE(bench.intake.wait_for(1));
  dispatcher.reset();
  CHECK(bench.intake.was_cut);
}

TEST_CASE("dispatcher: an output that throws loses a turn, not its thread") {
  Bench bench;
  DispatchSettings settings = hourly();
  settings.backoff_min = 1ms;
  settings.backoff_max = 1ms;
  const auto dispatcher = bench.start(true, settings);
  bench.intake.throws = true;
  bench.buffer.put_one();
  dispatcher->wake();
  REQUIRE(bench.intake.wait_for(1));
  bench.intake.throws = false;
  dispatcher->close();
  CHECK(dispatcher->join(40s));
  CHECK(bench.buffer.waiting() == 0);
}

TEST_CASE("dispatcher: closing and joining twice is harmless") {
  Bench bench;
  const auto dispatcher = bench.start(false, hourly());
  dispatcher->close();
  dispatcher->close();
  CHECK(dispatcher->join(40s));
  CHECK(dispatcher->join(40s));
  CHECK(bench.intake.requests == 0);
}

TEST_CASE("dispatcher: closing sends the last of metrics and of logs") {
  Bench bench;
  const auto dispatcher = bench.start(false, hourly());
  bench.buffer.put_one();
  bench.buffer.put_log();
  dispatcher->close();
  CHECK(dispatcher->join(40s));
  CHECK(bench.intake.requests == 2);
  CHECK(bench.buffer.waiting() == 0);
}

TEST_CASE("dispatcher: a dead intake of one kind does not hold the other kind back") {
  Bench bench;
  const Kind dead = GENERATE(Kind::logs, Kind::metrics);
  const Kind alive = dead == Kind::logs ? Kind::metrics : Kind::logs;
  (dead == Kind::logs ? bench.intake.no_logs : bench.intake.no_metrics) = true;
  DispatchSettings settings = hourly();
  settings.backoff_min = 1h;
  settings.backoff_max = 24h;
  const auto dispatcher = bench.start(true, settings);
  const auto flush = [&] {
    bench.buffer.put_one();
    bench.buffer.put_log();
    dispatcher->wake();
  };
  flush();
  REQUIRE(bench.intake.wait_for(2));  // the dead one is backing off from now on
  flush();
  REQUIRE(bench.intake.wait_for(3));
  flush();
  REQUIRE(bench.intake.wait_for(4));
  CHECK(bench.intake.requests_of(dead) == 1);
  CHECK(bench.intake.requests_of(alive) == 3);
  dispatcher->close();
  CHECK(dispatcher->join(40s));
  CHECK_FALSE(bench.buffer.has(alive));
  CHECK(bench.buffer.has(dead));
}

TEST_CASE("dispatcher: at the end, an intake that was well comes before one that was not") {
  Bench bench;
  bench.intake.no_metrics = true;
  DispatchSettings settings = hourly();
  settings.backoff_min = 1h;
  settings.backoff_max = 24h;
  const auto dispatcher = bench.start(true, settings);
  bench.buffer.put_one();
  dispatcher->wake();
  REQUIRE(bench.intake.wait_for(1));
  bench.buffer.put_log();
  dispatcher->close();
  CHECK(dispatcher->join(40s));
  CHECK(bench.intake.kinds == std::vector<Kind>{Kind::metrics, Kind::logs, Kind::metrics});
}

TEST_CASE("dispatcher: two backlogs share the rate and take turns") {
  Bench bench;
  DispatchSettings settings = hourly();
  settings.rate_max = 100;
  for (int i = 0; i < 5; ++i) {
    bench.buffer.put_one();
    bench.buffer.put_log();
  }
  bench.intake.limit = 1;
  const auto began = std::chrono::steady_clock::now();
  const auto dispatcher = bench.start(true, settings);
  dispatcher->wake();
  REQUIRE(bench.intake.wait_for(10));
  CHECK(std::chrono::steady_clock::now() - began > 80ms);  // nine waits of 10 ms, of a clock of whole ms
  const std::lock_guard lock(bench.intake.mutex);
  // A thread that is put to sleep between two looks at the clock may take the same one twice.
  const auto half = bench.intake.kinds.begin() + 6;
  for (const Kind kind : {Kind::metrics, Kind::logs})
    CHECK(std::count(bench.intake.kinds.begin(), half, kind) >= 2);
}
