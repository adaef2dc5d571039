// Cores: load and clock of each, and how many are online.
//
// Cores of a cluster share a cpufreq policy, so one file has the clock of all of them.

#include "collectors/pull/jetson/cpu.hpp"

#include <fmt/format.h>

#include "collectors/proc/cpu_times.hpp"
#include "collectors/proc/lines.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"
#include "core/io/files.hpp"
#include "core/model/size.hpp"
#include "core/model/text.hpp"

namespace scops::jetson {
namespace {

constexpr std::size_t most_cores = 1024;

class CpuTopic final : public Topic {
 public:
  explicit CpuTopic(const JetsonSettings& settings)
      : folder_(settings.sys + "/devices/system/cpu"), stat_(settings.proc + "/stat") {}

  void scan() override {
    policies_.clear();
    online_ = find_file(folder_ + "/online");
    for (const std::string& name : names_in(folder_ + "/cpufreq", "policy")) {
      const std::string policy = folder_ + "/cpufreq/" + name;
      add(policy, std::string_view(name).substr(std::string_view("policy").size()),
          find_file(policy + "/affected_cpus"));
    }
    if (!policies_.empty()) return;
    for (const std::string& cpu : names_in(folder_, "cpu")) {  // before Linux 4.3: the policy of each core
      add(folder_ + "/" + cpu + "/cpufreq", std::string_view(cpu).substr(3), std::nullopt);
    }
  }

  Status collect(Emit& emit) override {
    online_cores_ = online_ ? read_cores(*online_) : std::nullopt;
    if (online_cores_ && online_cores_->empty()) online_cores_.reset();  // somebody runs this
    if (online_cores_) emit.gauge("tegrastats.cpu.online", static_cast<double>(online_cores_->size()));
    emit_loads(emit);
    for (Policy& policy : policies_) emit_clock(policy, emit);
    if (online_cores_ || !policies_.empty() || !now_.empty()) return Ok{};
    return Error{ErrorKind::absent, folder_ + ": nothing about processors, nor in " + stat_};
  }

 private:
  struct Policy {
    KeptFile clock;                 // kHz
    std::optional<KeptFile> cores;  // those of it that are online
    std::size_t core;               // one of them, where there is no such file
  };

  void add(const std::string& folder, std::string_view core, std::optional<KeptFile> cores) {
    const std::optional<std::uint64_t> number = to_uint(core);
    auto clock = find_file(folder + "/scaling_cur_freq");
    if (number && clock) policies_.push_back({std::move(*clock), std::move(cores), size_from(*number)});
  }

  std::optional<std::vector<std::size_t>> read_cores(KeptFile& file) {
    std::array<char, 4096> room{};
    const std::optional<std::string_view> text = read(file, room);
    return text ? parse_cpus(*text) : std::nullopt;
  }

  [[nodiscard]] bool is_online(std::size_t core) const {
    if (!online_cores_) return line_of(fmt::format("{}/cpu{}/online", folder_, core)) != "0";
    return std::find(online_cores_->begin(), online_cores_->end(), core) != online_cores_->end();
  }

  void emit_clock(Policy& policy, Emit& emit) {
    const std::optional<double> clock = read_number(policy.clock);
    if (!clock || *clock < 0) return;
    auto known = policy.cores ? read_cores(*policy.cores) : std::nullopt;
    if (!known) known.emplace(1, policy.core);
    for (const std::size_t core : *known) {
      if (!is_online(core)) continue;
      const std::string name = std::to_string(core);
      const std::array tags{Tag{"core", name}};
      emit.gauge("tegrastats.cpu.mhz", *clock / khz_of_mhz, tags);
    }
  }

  void emit_loads(Emit& emit) {
    std::swap(before_, now_);
    now_.clear();
    if (!read_file_into(stat_, text_)) return;
    LineReader lines(text_);
    for (std::string_view line; lines.next(line);) {
      const std::string_view name = next_word(line);
      take_core(name, line, now_);
    }
    emit_cores(before_, now_, "tegrastats.cpu.load", emit);
  }

  std::string folder_;
  std::string stat_;
  std::optional<KeptFile> online_;
  std::vector<Policy> policies_;
  std::optional<std::vector<std::size_t>> online_cores_;
  std::vector<CpuCore> before_, now_;
  std::string text_;
};

}  // namespace

std::optional<std::vector<std::size_t>> parse_cpus(std::string_view text) {
  std::vector<std::size_t> cores;
  text = trim(text);
  while (!text.empty()) {
    std::string_view words = cut(text, text.find(',') == std::string_view::npos ? ' ' : ',');
    if (trim(words).empty()) continue;
    const bool is_range = words.find('-') != std::string_view::npos;
    const std::optional<std::uint64_t> from = to_uint(trim(cut(words, '-')));
    const std::optional<std::uint64_t> to = is_range ? to_uint(trim(words)) : from;
    if (!from || !to || *to < *from || *to >= most_cores) return std::nullopt;
    for (std::uint64_t core = *from; core <= *to && cores.size() < most_cores; ++core)
      cores.push_back(size_from(core));
  }
  return cores;
}

std::unique_ptr<Topic> make_cpu(const TopicContext& context) {
  if (!context.wants("cpu")) return nullptr;
  return std::make_unique<CpuTopic>(context.settings);
}

}  // namespace scops::jetson
