#include "collectors/pull/tegrastats/source.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "collectors/pull/tegrastats/line.hpp"
#include "core/model/text.hpp"

namespace scops::tegrastats {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t first_pause = 1000;
constexpr std::int64_t longest_pause = 300'000;
constexpr unsigned most_doublings = 9;
// A capture reads no more than eight megabytes of a program that never stops printing.
constexpr int reads_per_capture = 512;

ChildCommand command_of(const SourcePlan& plan) {
  return {.arguments = {plan.path, "--interval", fmt::format("{}", plan.interval.count())},
          .environment = child_environment(),
          .line_max = line_max};
}

// The failure, and what to do about it where that is known: not when the machine is short of something.
std::string cannot_start(const std::string& path, const Error& error) {
  if (error.kind == ErrorKind::refused)
    return fmt::format("{}: it must be a program that we may execute (chmod +x {})", error.text, path);
  if (error.kind != ErrorKind::absent) return error.text;
  if (::access(path.c_str(), F_OK) != 0)
    return error.text + ": install it, in a container mount it from the host, or set TEGRASTATS_PATH";
  return error.text +
         ": it is there, but not what it is started with (the loader of its C library, which an "
         "image from scratch lacks): there use the collector jetson";
}

}  // namespace

Source::Source(const SourcePlan& plan, const Clock& clock, Stats& stats)
    : plan_(plan),
      clock_(clock),
      starts_(stats.counter("scops_tegrastats_starts_total", "How often tegrastats was started.")),
      bad_lines_(stats.counter("scops_tegrastats_bad_lines_total",
                               "Lines of tegrastats without statistics, or too long.")),
      command_(command_of(plan)) {}

Result<std::string_view> Source::next_line() {
  // Twice: a program that has ended since the last capture is replaced within this one.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (Status started = start(); !started) return started.error();
    switch (listen()) {
      case Outcome::line:
        return std::string_view(newest_);
      case Outcome::none:
        return judge_silence();
      case Outcome::ended:
        break;
    }
    const bool had_spoken = has_spoken_;
    Error error = give_up(plan_.path + " ended", true);
    if (!had_spoken) return error;
    start_again_at_ = 0;
  }
  return *last_failure_;
}

Status Source::start() {
  if (child_ != nullptr) return Ok{};
  if (clock_.steady() < start_again_at_) return *last_failure_;
  too_long_ = 0;
  has_spoken_ = false;
  rubbish_.clear();
  Result<std::unique_ptr<Child>> child = Child::start(command_);
  if (!child) return give_up(cannot_start(plan_.path, child.error()));
  starts_.add();
  child_ = std::move(*child);
  quiet_since_ = clock_.steady();
  return Ok{};
}

// All that is there, and if there is nothing, what comes within the timeout.
Source::Outcome Source::listen() {
  const auto deadline = std::chrono::steady_clock::now() + plan_.timeout;
  bool found = false;
  Child::Event event = Child::Event::output;
  for (int reads = 0; reads < reads_per_capture && event == Child::Event::output; ++reads) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    event = child_->wait(found ? milliseconds(0) : std::max(milliseconds(0), left));
    take_lines(found);
  }
  bad_lines_.add(
      static_cast<double>(child_->too_long_lines() - std::exchange(too_long_, child_->too_long_lines())));
  if (found) {
    quiet_since_ = clock_.steady();
    has_spoken_ = true;
    failures_ = 0;
    return Outcome::line;
  }
  return event == Child::Event::ended ? Outcome::ended : Outcome::none;
}

void Source::take_lines(bool& found) {
  for (std::string_view line; child_->take_line(line);) {
    if (is_statistics(line)) {
      newest_ = line;
      found = true;
      rubbish_.clear();  // what it said before is no reason for what comes after
      child_->forget_last_words();
    } else {
      bad_lines_.add();
      rubbish_ = printable(line);
    }
  }
}

// Its interval and ours drift: now and then a line comes just after the capture, and the next capture has it.
Result<std::string_view> Source::judge_silence() {
  const std::int64_t quiet = clock_.steady() - quiet_since_;
  const std::int64_t interval = plan_.interval.count();
  const std::int64_t timeout = plan_.timeout.count();
  if (quiet >= 2 * interval + timeout) {
    return give_up(
        fmt::format("{} printed no statistics for {:.1f} s", plan_.path, static_cast<double>(quiet) / 1000));
  }
  if (has_spoken_ || quiet < interval + timeout) return Error{ErrorKind::absent, "no line yet"};
  return Error{ErrorKind::retry, fmt::format("{} has printed no statistics yet{}", plan_.path, complaint())};
}

// What the program printed instead.
std::string Source::complaint() const {
  if (!child_->last_words().empty()) return fmt::format(", it says '{}'", printable(child_->last_words()));
  if (!rubbish_.empty()) return fmt::format(", it prints '{}'", rubbish_);
  if (too_long_ > 0) return fmt::format(", it prints lines of more than {} bytes", line_max);
  return {};
}

Error Source::give_up(std::string what, bool by_itself) {
  if (child_ != nullptr) {
    // One that cannot be killed, because it hangs in the kernel, stays the only one.
    const bool stopped = child_->stop();
    if (by_itself && stopped) what += " with " + child_->ending();
    what += complaint();
    if (stopped) child_.reset();
  }
  const std::int64_t pause = first_pause << std::min(failures_++, most_doublings);
  start_again_at_ = clock_.steady() + std::min(pause, longest_pause);
  last_failure_ = Error{ErrorKind::retry, std::move(what)};
  return *last_failure_;
}

}  // namespace scops::tegrastats
