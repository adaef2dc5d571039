// What a capture of the jetson collector costs: processor milliseconds over the trees of tests/cases/jetson,
// with all groups on, when parts are looked for (first) and when only kept files are read (then). A file of a
// fixture is no file of sysfs: drivers that ask their hardware take longer, mostly waiting for it.
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/pull/jetson/jetson.hpp"
#include "core/model/text.hpp"
#include "core/runtime/clock.hpp"

namespace {

using namespace scops;

constexpr int captures = 1000;

class CountingEmit final : public Emit {
 public:
  void metric(const Metric& /*metric*/) override { ++count; }
  void trouble(std::string_view /*part*/, const Error& /*error*/) override {}

  int count = 0;
};

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void measure(const std::filesystem::path& board) {
  const Section section = jetson::jetson_section();
  jetson::JetsonSettings settings;
  std::string_view groups = section.options.front().text.choices;
  while (!groups.empty()) settings.metrics.emplace_back(cut(groups, '|'));
  settings.root = (board / "root").string();
  settings.sys = settings.root + "/sys";
  settings.proc = settings.root + "/proc";
  settings.rescan = std::chrono::hours(1);

  const SystemClock clock;
  const std::unique_ptr<PullCollector> collector = jetson::make_jetson(settings, clock);
  CountingEmit emit;
  const double start = cpu_ms();
  (void)collector->collect(emit);
  const double first = cpu_ms();
  emit.count = 0;
  for (int i = 0; i < captures; ++i) (void)collector->collect(emit);
  const double all = cpu_ms() - first;
  fmt::print("{:<36} {:>4} metrics   first {:.3f} ms   then {:.4f} ms\n", board.filename().string(),
             emit.count / captures, first - start, all / captures);
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path trees =
      count > 1 ? arguments[1] : "tests/cases/jetson";  // NOLINT(*-pointer-arithmetic)
  for (const auto& board : std::filesystem::directory_iterator(trees)) measure(board.path());
  return 0;
}
