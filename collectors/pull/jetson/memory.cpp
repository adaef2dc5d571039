// Memory and swap out of <proc>/meminfo, as bytes.
//
//   MemTotal:        7990404 kB

#include "collectors/pull/jetson/memory.hpp"

#include "collectors/proc/lines.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::jetson {
namespace {

constexpr double kib = 1024;

class MemoryTopic final : public Topic {
 public:
  explicit MemoryTopic(const TopicContext& context)
      : path_(context.settings.proc + "/meminfo"),
        ram_(context.wants("ram")),
        swap_(context.wants("swap")),
        gpu_(context.wants("gpu_memory")) {}

  void scan() override {}

  Status collect(Emit& emit) override {
    if (Status status = read_file_into(path_, text_); !status) {
      if (status.error().kind != ErrorKind::absent) return status;  // every kernel has it: a wrong root
      return Error{ErrorKind::retry, status.error().text + ": see SCOPS_JETSON_PROC"};
    }
    const Memory memory = parse_memory(text_);
    if (!memory.total) return Error{ErrorKind::drop, path_ + " not understood: no MemTotal"};
    if (ram_ && memory.available && *memory.available <= *memory.total) {
      emit.gauge("tegrastats.ram.used", *memory.total - *memory.available);
      emit.gauge("tegrastats.ram.free", *memory.available);
    }
    if (swap_) emit_swap(memory, emit);
    if (gpu_ && memory.gpu_used) emit.gauge("jetson.gpu.memory.used", *memory.gpu_used);
    return Ok{};
  }

 private:
  // As tegrastats: nothing when there is no swap.
  static void emit_swap(const Memory& memory, Emit& emit) {
    if (!memory.swap_total || *memory.swap_total == 0) return;
    if (memory.swap_free && *memory.swap_free <= *memory.swap_total) {
      emit.gauge("tegrastats.swap.used", *memory.swap_total - *memory.swap_free);
      emit.gauge("tegrastats.swap.free", *memory.swap_free);
    }
    if (memory.swap_cached) emit.gauge("tegrastats.swap.cached", *memory.swap_cached);
  }

  std::string path_;
  bool ram_, swap_, gpu_;
  std::string text_;
};

}  // namespace

Memory parse_memory(std::string_view text) {
  Memory memory;
  const std::array<std::pair<std::string_view, std::optional<double>*>, 9> fields{{
      {"MemTotal", &memory.total},
      {"MemFree", &memory.free},
      {"MemAvailable", &memory.available},
      {"Buffers", &memory.buffers},
      {"Cached", &memory.cached},
      {"SwapTotal", &memory.swap_total},
      {"SwapFree", &memory.swap_free},
      {"SwapCached", &memory.swap_cached},
      {"NvMapMemUsed", &memory.gpu_used},
  }};
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    const std::string_view key = trim(cut(line, ':'));
    for (const auto& [name, into] : fields) {
      if (key != name) continue;
      if (const auto value = to_uint(next_word(line))) *into = static_cast<double>(*value) * kib;
    }
  }
  if (!memory.available && memory.free)  // before Linux 3.14
    memory.available = *memory.free + memory.buffers.value_or(0) + memory.cached.value_or(0);
  return memory;
}

std::unique_ptr<Topic> make_memory(const TopicContext& context) {
  if (!context.wants("ram") && !context.wants("swap") && !context.wants("gpu_memory")) return nullptr;
  return std::make_unique<MemoryTopic>(context);
}

}  // namespace scops::jetson
