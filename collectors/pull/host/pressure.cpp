#include "collectors/pull/host/pressure.hpp"

#include <array>

#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

constexpr std::array<std::string_view, 3> resources{"cpu", "memory", "io"};

struct Fields {
  std::optional<double> avg60;
  std::optional<std::uint64_t> total;
};

// "avg60=0.25"; false when the number is none.
bool take_field(std::string_view field, Fields& into) {
  const std::string_view name = cut(field, '=');
  if (name == "avg60") {
    into.avg60 = to_number(field);
    return into.avg60.value_or(-1) >= 0;
  }
  if (name == "total") {
    into.total = to_uint(field);
    return into.total.has_value();
  }
  return true;
}

//   some avg10=0.00 avg60=0.25 avg300=0.11 total=4985102
bool take_line(std::string_view line, Pressure& into) {
  const std::string_view kind = next_word(line);
  if (kind != "some" && kind != "full") return false;
  Fields taken;
  for (std::string_view field = next_word(line); !field.empty(); field = next_word(line)) {
    if (!take_field(trim(field), taken)) return false;
  }
  if (!taken.avg60 || !taken.total) return false;
  (kind == "some" ? into.some : into.full) = Stall{.avg60 = *taken.avg60, .total_us = *taken.total};
  return true;
}

void emit_stall(std::string_view percent, std::string_view seconds, const Stall& stall,
                std::span<const Tag> tags, Emit& emit) {
  emit.gauge(percent, stall.avg60, tags);
  emit.gauge(seconds, static_cast<double>(stall.total_us) / 1e6, tags);
}

class PressureTopic final : public Topic {
 public:
  explicit PressureTopic(const HostSettings& settings) : folder_(settings.proc + "/pressure/") {}

  Status collect(Emit& emit) override {
    Status last_error = Ok{};
    for (const std::string_view resource : resources) {
      if (Status status = collect_one(resource, emit); !status) last_error = status;
    }
    return last_error;
  }

 private:
  Status collect_one(std::string_view resource, Emit& emit) {
    const std::string path = folder_ + std::string(resource);
    if (Status read = read_file_into(path, text_); !read) return read;
    Rejects rejects;
    Pressure pressure = parse_pressure(text_, rejects);
    // Not defined for the processor: kernels from 5.13 on write zeros.
    if (resource == "cpu") pressure.full.reset();
    emit_pressure(pressure, resource, emit);
    return rejects.status(path);
  }

  std::string folder_;
  std::string text_;
};

}  // namespace

Pressure parse_pressure(std::string_view text, Rejects& rejects) {
  Pressure pressure;
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    if (!take_line(line, pressure)) rejects.add(lines.number(), line);
  }
  return pressure;
}

void emit_pressure(const Pressure& pressure, std::string_view resource, Emit& emit) {
  const std::array tag{Tag{"resource", resource}};
  const std::span<const Tag> tags(tag.data(), resource.empty() ? 0 : tag.size());
  if (pressure.some) emit_stall("host.pressure.some", "host.pressure.some.total", *pressure.some, tags, emit);
  if (pressure.full) emit_stall("host.pressure.full", "host.pressure.full.total", *pressure.full, tags, emit);
}

std::unique_ptr<Topic> make_pressure(const TopicContext& context) {
  if (!context.wants("pressure")) return nullptr;
  return std::make_unique<PressureTopic>(context.settings);
}

}  // namespace scops::host
