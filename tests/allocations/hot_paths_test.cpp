// What the hot paths ask the heap for, counted: from Emit to a block, and from a batch to a body. In a
// program of its own, because operator new is replaced.

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "agent/pipeline/pipeline.hpp"
#include "agent/schedule.hpp"
#include "core/runtime/stats.hpp"
#include "tests/support/fake_clock.hpp"
#include "transport/outputs/datadog/encode.hpp"

namespace {

thread_local std::uint64_t asked = 0;

void* counted(std::size_t size) {
  ++asked;
  void* memory = std::malloc(size == 0 ? 1 : size);  // NOLINT(*-no-malloc)
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// All others of the standard library come here.
void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  ++asked;
  return std::malloc(size == 0 ? 1 : size);  // NOLINT(*-no-malloc)
}
void operator delete(void* memory, const std::nothrow_t& /*tag*/) noexcept {
  std::free(memory);  // NOLINT(*-no-malloc)
}
void operator delete(void* memory) noexcept { std::free(memory); }                 // NOLINT(*-no-malloc)
void operator delete[](void* memory) noexcept { std::free(memory); }               // NOLINT(*-no-malloc)
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }    // NOLINT(*-no-malloc)
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }  // NOLINT(*-no-malloc)

using namespace scops;

namespace {

constexpr TimeMs now = 1'700'000'000'000;

template <class Work>
std::uint64_t allocations(const Work& work) {
  const std::uint64_t before = asked;
  work();
  return asked - before;
}

PipelineSettings settings() {
  PipelineSettings settings;
  settings.prefix = "Chouette";
  settings.tags = {"environment:production", "site:the north of Berlin"};
  settings.exclude = {"Chouette.app.excluded.*"};
  settings.series_max = 20'000;
  settings.samples_max = 200'000;
  return settings;
}

// Emits `number` metrics with names and tags too long for a string without memory of its own.
class Many final : public PullCollector {
 public:
  explicit Many(std::size_t number) {
    for (std::size_t i = 0; i < number; ++i) names_.push_back("app.requests.of.route." + std::to_string(i));
  }
  Status collect(Emit& emit) override {
    const std::array<Tag, 2> tags = {Tag{"container", "a-container-with-a-name"}, Tag{"zone", "a"}};
    double value = turn_++;
    for (const std::string& name : names_) emit.gauge(name, value += 0.25, tags);
    return Ok{};
  }

 private:
  std::vector<std::string> names_;
  double turn_ = 0;
};

// What the captures and the flush of one window cost once all series are known.
std::uint64_t cost_of_a_window(std::size_t series) {
  test::FakeClock clock(now);
  Stats stats;
  Pipeline pipeline(settings(), block_records_max, stats);
  Many collector(series);
  Schedule schedule("many", collector, Duration(10'000), pipeline, clock, stats);
  std::uint64_t cost = 0;
  for (int window = 0; window < 3; ++window) {
    cost = allocations([&] {
      for (int i = 0; i < 3; ++i) schedule.capture();
      REQUIRE(pipeline.flush().size() == 1);
    });
    clock.advance(10'000);
  }
  return cost;
}

}  // namespace

TEST_CASE("from Emit to block no sample costs an allocation, nor does a series that is known",
          "[allocations]") {
  (void)cost_of_a_window(10);
  const std::uint64_t few = cost_of_a_window(100);
  const std::uint64_t many = cost_of_a_window(1600);
  INFO(few << " allocations for 300 samples, " << many << " for 4800");
  // What there is doubles buffers until a window fits: four doublings of each, and not 4500 more.
  CHECK(few < 150);
  CHECK(many < few + 80);
}

TEST_CASE("a raw sample of a series that the window knows costs no allocation", "[allocations]") {
  Stats stats;
  Pipeline pipeline(settings(), block_records_max, stats);
  const std::array<std::string_view, 3> tags = {"route:/orders/of/yesterday", "zone:a",
                                                "host:somewhere-else"};
  const auto report = [&](RawType type, double value, TimeMs time) {
    pipeline.add_raw({.name = "app.requests.with.a.long.name",
                      .type = type,
                      .tags = tags,
                      .value = value,
                      .time = time,
                      .arrival = time});
  };
  constexpr std::array types = {RawType::count, RawType::gauge, RawType::rate};
  for (const RawType type : types) report(type, 1, now);
  CHECK(allocations([&] {
          for (int i = 0; i < 1000; ++i) report(types.at(static_cast<std::size_t>(i) % 3), i, now + i);
        }) == 0);

  // The values of a histogram double their memory until they become a sketch: 8, 16, ... 1000.
  report(RawType::histogram, 1, now);
  CHECK(allocations([&] {
          for (int i = 0; i < 1000; ++i) report(RawType::histogram, i, now + i);
        }) < 20);
}

TEST_CASE("a request is encoded into a buffer that is used again", "[allocations]") {
  SampleSet set;
  for (std::uint32_t i = 0; i < 300; ++i) {
    set.series.push_back({.name = "app.requests.of.route." + std::to_string(i),
                          .tags = {"container:a-container-with-a-name", "zone:a"}});
    for (int k = 0; k < 6; ++k) set.samples.push_back({i, now + k * 10'000, i / 8.0 + k});
  }
  std::string body;
  CHECK(encode_series(set, "gateway-0017", body) == set.samples.size());
  body.clear();
  CHECK(allocations([&] { (void)encode_series(set, "gateway-0017", body); }) == 0);
}
