#include "agent/watchdog.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/runtime/stop.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/transport/dispatch/rig.hpp"

namespace scops::test {
namespace {

constexpr Duration patience{60'000};

// An intake that is away, or a driver in whose call the thread hangs until it is told to stop.
class Away final : public Output {
 public:
  Away(std::atomic<int>& requests, bool hangs) : requests_(requests), hangs_(hangs) {}
  [[nodiscard]] OutputLimits limits(Kind) const override { return {.records = 1000, .immediate = true}; }
  Reply send(const Payload&, std::chrono::milliseconds, std::stop_token stop) override {
    ++requests_;
    if (hangs_) (void)nap(stop, std::chrono::hours(1));
    return {.verdict = Verdict::retry, .detail = "connect: refused"};
  }

 private:
  std::atomic<int>& requests_;
  const bool hangs_;
};

struct Bench {
  explicit Bench(bool hangs) {
    Series series;
    series.name = "m";
    const Sample sample{0, clock.wall(), 1};
    (void)buffer.put(encode_block(std::span(&series, 1), std::span(&sample, 1)));
    dispatchers.push_back(std::make_unique<Dispatcher>(
        "away", std::make_unique<Away>(requests, hangs),
        DeliveryContext{.buffer = buffer, .stats = stats, .clock = clock, .settings = {}, .host = "h"}));
    dispatchers[0]->wake();
  }
  [[nodiscard]] bool hangs() const {
    return hung_dispatcher(dispatchers, clock.steady(), patience) != nullptr;
  }

  FakeClock clock;
  PlainBuffer buffer;
  Stats stats;
  std::atomic<int> requests{0};
  std::vector<std::unique_ptr<Dispatcher>> dispatchers;
};

}  // namespace

TEST_CASE("an output hangs when its request has not come back a minute after its timeout", "[agent]") {
  Bench bench(true);
  REQUIRE(eventually([&] { return bench.requests == 1; }));
  const std::int64_t timeout = bench.dispatchers[0]->promised() - bench.clock.steady();
  CHECK(timeout > 0);
  bench.clock.advance(timeout + patience.count());
  CHECK_FALSE(bench.hangs());
  bench.clock.advance(1);
  CHECK(bench.hangs());
}

TEST_CASE("an output that waits for an intake that is away does not hang", "[agent]") {
  Bench bench(false);
  REQUIRE(eventually(
      [&] { return bench.dispatchers[0]->promised() > bench.clock.steady() && bench.requests > 0; }));
  bench.clock.advance(patience.count());
  CHECK_FALSE(bench.hangs());
}

TEST_CASE("without outputs none hangs", "[agent]") {
  CHECK(hung_dispatcher({}, 1'000'000, patience) == nullptr);
}

}  // namespace scops::test
