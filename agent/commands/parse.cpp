// scops parse FORMAT: standard input through one of the parsers, one JSON line a metric. Rejected pieces are
// named on standard error, and the exit status is then 1.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>

#include "agent/commands/command.hpp"
#include "collectors/registry.hpp"
#include "core/model/text.hpp"
#include "core/runtime/clock.hpp"
#include "transport/outputs/stdout/render.hpp"

namespace scops {

namespace {

constexpr std::size_t input_max = 256U << 20U;

// All of standard input; nothing when it is longer than input_max or cannot be read.
std::optional<std::string> read_input() {
  std::string input;
  std::array<char, 65536> piece{};
  for (;;) {
    const auto count = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (count == 0) return input;
    if (count < 0 || input.size() > input_max) return std::nullopt;
    input.append(piece.data(), static_cast<std::size_t>(count));
  }
}

// Prints each metric as it comes, under the name with which it would be sent.
class PrintEmit final : public Emit {
 public:
  PrintEmit(std::string prefix, TimeMs now) : prefix_(std::move(prefix)), now_(now) {}

  void metric(const Metric& metric) override {
    const std::string name = prefix_ + std::string(metric.name);
    Metric named = metric;
    named.name = name;
    if (named.time == 0) named.time = now_;
    line_.clear();
    append_json_line(line_, named);
    print(line_);
  }

  void trouble(std::string_view part, const Error& error) override {
    complain(fmt::format("{}: {}", printable(part), error.text));
    rejected_ = true;
  }

  [[nodiscard]] bool rejected() const { return rejected_; }

 private:
  const std::string prefix_;
  const TimeMs now_;
  std::string line_;
  bool rejected_ = false;
};

const Format* find_format(std::string_view name) {
  for (const CollectorSpec* spec : collector_specs()) {
    for (const Format& format : spec->formats) {
      if (format.name == name) return &format;
    }
  }
  return nullptr;
}

void complain_about_format(const std::string& wrong) {
  std::string known;
  for (const CollectorSpec* spec : collector_specs()) {
    for (const Format& format : spec->formats)
      known += fmt::format("  {:<16} {}\n", format.name, format.help);
  }
  complain(wrong.empty() ? "scops parse: which format?"
                         : fmt::format("scops parse: unknown format \"{}\"", printable(wrong)));
  complain("known formats:\n" + known);
}

}  // namespace

int parse_input(const CommandLine& line) {
  Settings settings;
  if (!load_or_complain(settings, line)) return 2;
  const std::string name = line.words.empty() ? "" : line.words.front();
  const Format* const format = find_format(name);
  if (format == nullptr) {
    complain_about_format(name);
    return 2;
  }
  const auto input = read_input();
  if (!input) {
    complain("scops parse: standard input cannot be read, or is longer than 256 MiB");
    return 1;
  }
  const std::string& prefix = settings.pipeline().prefix;
  PrintEmit emit(prefix.empty() || format->full_names ? "" : prefix + ".", SystemClock().wall());
  format->parse(*input, emit);
  return emit.rejected() ? 1 : 0;
}

}  // namespace scops
