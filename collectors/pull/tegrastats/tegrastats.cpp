// NVIDIA Jetson boards, out of what their tegrastats prints:
//
//   tegrastats --interval N -> Source: its newest line -> emit_line -> Emit

#include "collectors/pull/tegrastats/formats.hpp"
#include "collectors/pull/tegrastats/line.hpp"
#include "collectors/pull/tegrastats/settings.hpp"
#include "collectors/pull/tegrastats/source.hpp"
#include "core/config/spec.hpp"

namespace scops::tegrastats {
namespace {

// Where nobody says how often we are asked: what tegrastats itself does.
constexpr Duration usual_interval{1000};

class TegrastatsCollector final : public PullCollector {
 public:
  TegrastatsCollector(const TegrastatsSettings& settings, const CollectorContext& context)
      : groups_(groups_of(settings)),
        source_({.path = settings.path,
                 .interval = context.interval.count() > 0 ? context.interval : usual_interval,
                 .timeout = settings.timeout},
                *context.clock, *context.stats) {}

  Status collect(Emit& emit) override {
    const Result<std::string_view> line = source_.next_line();
    if (!line) return line.error();
    emit_line(*line, groups_, emit);
    return Ok{};
  }

 private:
  Groups groups_;
  Source source_;
};

Result<std::unique_ptr<PullCollector>> make(const void* settings, const CollectorContext& context) {
  std::unique_ptr<PullCollector> collector =
      std::make_unique<TegrastatsCollector>(*static_cast<const TegrastatsSettings*>(settings), context);
  return collector;
}

}  // namespace
}  // namespace scops::tegrastats

namespace scops {

extern const CollectorSpec tegrastats_collector;
constinit const CollectorSpec tegrastats_collector{
    .name = "tegrastats",
    .help = "Memory, temperatures, load, clocks and power of NVIDIA Jetson boards, out of tegrastats.",
    .section = tegrastats::tegrastats_section,
    .make = tegrastats::make,
    .formats = tegrastats::tegrastats_formats,
};

}  // namespace scops
