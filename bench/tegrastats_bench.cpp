// tegrastats_bench: the processor time that one line of tegrastats takes, milliseconds, every group on: taken
// out of the stream, recognised, emitted to nobody. The line is as long as those of a board with 12 cores.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "bench/processor_time.hpp"
#include "collectors/pull/tegrastats/line.hpp"
#include "core/io/line_buffer.hpp"

namespace {

using namespace scops;

constexpr int rounds = 100'000;
constexpr std::string_view line =
    "06-01-2026 10:00:00 RAM 7000/62000MB (lfb 3x4MB) SWAP 0/31000MB (cached 0MB) CPU "
    "[0%@2201,0%@2201,100%@2201,"
    "3%@2201,0%@729,0%@729,0%@729,7%@729,0%@729,3%@729,1%@729,1%@729] EMC_FREQ 1%@2133 GR3D_FREQ "
    "0%@[305,305] "
    "NVENC 79%@166 NVDEC off NVJPG off NVJPG1 off VIC 36%@115 OFA off NVDLA0 off NVDLA1 off PVA0_FREQ off "
    "APE 174 "
    "cpu@48.187C tboard@36.75C soc2@44.468C tdiode@37.5C soc0@45.75C gpu@43.906C tj@48.375C soc1@45.156C "
    "VDD_GPU_SOC 2801mW/2749mW VDD_CPU_CV 2400mW/905mW VIN_SYS_5V0 4838mW/4701mW VDDQ_VDD2_1V8AO "
    "806mW/726mW\n";

class CountingEmit final : public Emit {
 public:
  void metric(const Metric& /*metric*/) override { ++count; }
  void trouble(std::string_view /*part*/, const Error& /*error*/) override {}
  std::uint64_t count = 0;
};

}  // namespace

int main() {
  LineBuffer buffer(tegrastats::line_max);
  CountingEmit emit;
  const double before = bench::processor_seconds();
  for (int i = 0; i < rounds; ++i) {
    std::copy(line.begin(), line.end(), buffer.room().data());
    buffer.filled(line.size());
    for (std::string_view got; buffer.next(got);) {
      if (tegrastats::is_statistics(got)) tegrastats::emit_line(got, tegrastats::all_groups, emit);
    }
  }
  fmt::print("{:.6f} ms of CPU a line, {} metrics\n", (bench::processor_seconds() - before) * 1e3 / rounds,
             emit.count / rounds);
  return 0;
}
