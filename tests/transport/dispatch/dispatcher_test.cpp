#include "transport/dispatch/dispatcher.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>

#include "core/io/block_codec.hpp"
#include "tests/transport/dispatch/rig.hpp"

using namespace std::chrono_literals;
using scops::Dispatcher;
using scops::DispatchSettings;
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
  std::mutex mutex;
  std::condition_variable_any changed;

  bool wait_for(int count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, [&] { return requests >= count; });
  }
};

class IntakeOutput final : public scops::Output {
 public:
  IntakeOutput(Intake& intake, bool immediate) : intake_(intake), immediate_(immediate) {}
  [[nodiscard]] scops::OutputLimits limits(scops::Kind) const override {
    return {.records = 1000, .immediate = immediate_};
  }
  Reply send(const Payload&, std::chrono::milliseconds, std::stop_token stop) override {
    std::unique_lock lock(intake_.mutex);
    ++intake_.requests;
    intake_.changed.notify_all();
    if (intake_.throws) throw std::runtime_error("broken");
    if (intake_.hangs) {
      intake_.changed.wait(lock, stop, [] { return false; });
      intake_.was_cut = true;
      return {.verdict = Verdict::retry, .detail = "stopped"};
    }
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
                                                std::uint32_t max_records) override {
    const std::lock_guard lock(mutex_);
    return plain_.read(output, kind, max_records);
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
  dispatcher->join();
  CHECK(bench.intake.requests == 1);
  CHECK(bench.buffer.waiting() == 0);
}

TEST_CASE("dispatcher: closing with nothing waiting sends nothing") {
  Bench bench;
  const auto dispatcher = bench.start(false, hourly());
  dispatcher->close();
  dispatcher->join();
  CHECK(bench.intake.requests == 0);
}

TEST_CASE("dispatcher: without a grace time nothing is sent at the end") {
  Bench bench;
  DispatchSettings settings = hourly();
  settings.grace = 0s;
  const auto dispatcher = bench.start(false, settings);
  bench.buffer.put_one();
  dispatcher->close();
  dispatcher->join();
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
  dispatcher->join();
  const auto took = std::chrono::steady_clock::now() - began;
  CHECK(bench.intake.was_cut);
  CHECK(took >= 50ms);
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
  dispatcher->join();
  CHECK(bench.buffer.waiting() == 0);
}

TEST_CASE("dispatcher: closing and joining twice is harmless") {
  Bench bench;
  const auto dispatcher = bench.start(false, hourly());
  dispatcher->close();
  dispatcher->close();
  dispatcher->join();
  dispatcher->join();
  CHECK(bench.intake.requests == 0);
}
