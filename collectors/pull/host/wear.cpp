#include "collectors/pull/host/wear.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/proc/name_filter.hpp"
#include "collectors/proc/sysfs.hpp"
#include "collectors/pull/host/disk.hpp"
#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

constexpr std::uint64_t beyond_life = 0x0B;
constexpr std::uint64_t urgent = 3;
constexpr int sectors_written_column = 7;

//   0x03
std::optional<std::uint64_t> parse_hex(std::string_view word) {
  word = trim(word);
  if (word.starts_with("0x")) word.remove_prefix(2);
  return to_uint(word, 16);
}

class WearTopic final : public Topic {
 public:
  explicit WearTopic(const HostSettings& settings)
      : filter_{settings.devices_include, settings.devices_exclude}, block_(settings.sys + "/block") {}

  Status collect(Emit& emit) override {
    const Result<std::vector<std::string>> devices = list_folder(block_);
    if (!devices) return devices.error();
    for (const std::string& device : *devices) {
      if (filter_.passes(device)) emit_device(device, emit);
    }
    return Ok{};
  }

 private:
  void emit_device(const std::string& device, Emit& emit) {
    const std::string folder = block_ + "/" + device;
    const std::array tags{Tag{"device", device}};
    if (read_file_into(folder + "/stat", text_)) {
      if (const std::optional<double> bytes = parse_block_written(text_)) {
        emit.gauge("host.wear.bytes.written", *bytes, tags);
      }
    }
    if (read_file_into(folder + "/device/pre_eol_info", text_)) {
      if (const std::optional<double> state = parse_pre_eol(text_))
        emit.gauge("host.wear.pre_eol", *state, tags);
    }
    if (read_life_time(folder + "/device/")) emit_life(device, emit);
  }

  // One file with both numbers, or one for each on older kernels.
  bool read_life_time(const std::string& folder) {
    if (read_file_into(folder + "life_time", text_)) return true;
    const Result<std::string> a = read_line(folder + "device_life_time_est_typ_a");
    const Result<std::string> b = read_line(folder + "device_life_time_est_typ_b");
    if (!a || !b) return false;
    text_ = *a + " " + *b;
    return true;
  }

  void emit_life(std::string_view device, Emit& emit) {
    constexpr std::array<std::string_view, 2> types{"a", "b"};
    const std::array<std::optional<double>, 2> life = parse_life_time(text_);
    for (std::size_t i = 0; i < life.size(); ++i) {
      const std::array tags{Tag{"device", device}, Tag{"type", types[i]}};
      if (life[i]) emit.gauge("host.wear.life", *life[i], tags);
    }
  }

  NameFilter filter_;
  std::string block_;
  std::string text_;
};

}  // namespace

std::array<std::optional<double>, 2> parse_life_time(std::string_view text) {
  std::array<std::optional<double>, 2> life;
  text = trim(text);
  for (std::optional<double>& percent : life) {
    const std::optional<std::uint64_t> step = parse_hex(next_word(text));
    if (step && *step > 0 && *step <= beyond_life) percent = static_cast<double>(*step) * 10;
  }
  return life;
}

std::optional<double> parse_pre_eol(std::string_view text) {
  const std::optional<std::uint64_t> state = parse_hex(text);
  if (!state || *state == 0 || *state > urgent) return std::nullopt;
  return static_cast<double>(*state);
}

std::optional<double> parse_block_written(std::string_view text) {
  text = trim(text);
  for (int column = 1; column < sectors_written_column; ++column) next_word(text);
  const std::optional<std::uint64_t> sectors = to_uint(trim(next_word(text)));
  if (!sectors) return std::nullopt;
  return static_cast<double>(*sectors) * sector_bytes;
}

std::unique_ptr<Topic> make_wear(const TopicContext& context) {
  if (!context.wants("wear")) return nullptr;
  return std::make_unique<WearTopic>(context.settings);
}

}  // namespace scops::host
