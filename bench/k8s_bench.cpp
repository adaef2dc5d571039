// What reading a kubelet's summary costs: 200 pods, 1 MB of JSON, with the default groups and with all of
// them. Prints CPU milliseconds a summary and by how much the process grew, the text itself included, once as
// it comes from the network (a body that grows piece by piece) and once for the reading alone.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "bench/processor_time.hpp"
#include "collectors/pull/k8s/plan.hpp"
#include "collectors/pull/k8s/summary.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace {

using scops::k8s::Plan;

constexpr int pods = 200;

std::string cpu_and_memory(int seed) {
  return fmt::format(
      R"("cpu":{{"time":"2026-01-13T18:40:1{0}Z","usageNanoCores":{1},"usageCoreNanoSeconds":{2}}},)"
      R"("memory":{{"time":"2026-01-13T18:40:1{0}Z","usageBytes":{3},"workingSetBytes":{4},"rssBytes":{5},"pageFaults":{6},"majorPageFaults":{0}}})",
      seed % 10, 1'000'000 + seed * 37, 81'000'000'000 + seed, 52'000'000 + seed, 41'000'000 + seed,
      33'000'000 + seed, 812'345 + seed);
}

std::string disk(std::string_view name, int seed) {
  return fmt::format(
      R"("{}":{{"time":"2026-01-13T18:40:14Z","availableBytes":{},"capacityBytes":52666433536,"usedBytes":{},"inodesFree":3148894,"inodes":3268608,"inodesUsed":{}}})",
      name, 36'804'550'656 - seed, 15'319'040 + seed, seed % 100);
}

std::string pod(int number) {
  std::string text = fmt::format(
      R"({{"podRef":{{"name":"application-{0}-7c9d8f6b5-x{0}","namespace":"edge-{1}","uid":"eba341db-5f3c-4cbf-9f2d-1ca9e926{0:04}"}},"startTime":"2026-01-12T13:04:44Z","containers":[)",
      number, number % 7);
  for (int i = 0; i < 6; ++i) {
    text +=
        fmt::format(R"({}{{"name":"container-{}","startTime":"2026-01-12T13:04:46Z",)", i == 0 ? "" : ",", i);
    text += cpu_and_memory(number * 6 + i) + "," + disk("rootfs", number) + "," + disk("logs", i) + "}";
  }
  text += "]," + cpu_and_memory(number) + ",";
  text +=
      R"("network":{"time":"2026-01-13T18:40:14Z","name":"eth0","rxBytes":2732202444,"rxErrors":0,)"
      R"("txBytes":2814051624,"txErrors":0,"interfaces":[{"name":"eth0","rxBytes":2732202444,"rxErrors":0,)"
      R"("txBytes":2814051624,"txErrors":0}]},"volume":[{"time":"2026-01-13T18:40:14Z","availableBytes":1650446336,)"
      R"("capacityBytes":1650458624,"usedBytes":12288,"inodesFree":251792,"inodes":251801,"inodesUsed":9,"name":"kube-api"}],)";
  return text + disk("ephemeral-storage", number) + R"(,"process_stats":{"process_count":3}})";
}

std::string make_summary() {
  std::string text =
      R"({"node":{"nodeName":"bench",)" + cpu_and_memory(1) + "," + disk("fs", 2) + R"(},"pods":[)";
  for (int i = 0; i < pods; ++i) text += (i == 0 ? "" : ",") + pod(i);
  return text + "]}";
}

class CountingEmit final : public scops::Emit {
 public:
  void metric(const scops::Metric& metric) override {
    ++metrics;
    sum += metric.value;
  }
  void trouble(std::string_view part, const scops::Error& error) override {
    fmt::print(stderr, "{}: {}\n", part, error.text);
  }

  std::size_t metrics = 0;
  double sum = 0;
};

// A line of /proc/self/status in KiB: VmRSS now, VmHWM at most since start_peak().
long memory_kb(std::string_view line) {
  const std::string status = scops::read_file("/proc/self/status").value_or("");
  const std::size_t at = status.find(line);
  if (at == std::string::npos) std::abort();
  std::string_view rest = std::string_view(status).substr(at + line.size() + 1);
  return static_cast<long>(scops::to_uint(scops::next_word(rest)).value_or(0));
}

void start_peak() {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}

// As libcurl hands it over.
std::string receive(std::string_view text) {
  constexpr std::size_t piece = 16'384;
  std::string body;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) body.append(text.substr(0, piece));
  return body;
}

void measure(std::string_view what, const Plan& plan, const std::string& text) {
  constexpr int rounds = 50;
  const scops::k8s::PodFilter filter;
  CountingEmit emit;
  start_peak();
  const long before = memory_kb("VmRSS:");
  double least = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const std::string body = receive(text);
    scops::k8s::SummaryReader reader(plan, filter);
    const double start = scops::bench::processor_seconds();
    if (!reader.read(body, emit)) std::abort();
    least = std::min(least, (scops::bench::processor_seconds() - start) * 1e3);
  }
  fmt::print("| {} | {} | {} | {} | {:.2f} | {:.2f} |\n", what, pods, text.size() / 1024,
             emit.metrics / rounds, least, static_cast<double>(memory_kb("VmHWM:") - before) / 1024);
}

}  // namespace

int main() {
  const std::string text = make_summary();
  fmt::print(
      "| groups | pods | KiB of JSON | metrics | CPU ms | peak growth MiB |\n|---|---|---|---|---|---|\n");
  measure("default", Plan(scops::TextMap{{"pods", {"memory", "cpu"}}, {"node", {"inodes"}}}), text);
  measure("all", Plan::all(), text);
  return 0;
}
