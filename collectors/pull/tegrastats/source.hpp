// The running tegrastats: started, listened to, killed and started again. Gives the newest line with
// statistics at each capture, and never one twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/io/child.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/stats.hpp"

namespace scops::tegrastats {

struct SourcePlan {
  std::string path;
  std::chrono::milliseconds interval{};  // between lines
  std::chrono::milliseconds timeout{};   // how long next_line() may wait
};

// Used from one thread, which the program dies with.
class Source {
 public:
  // Starts nothing yet. Clock and stats outlive it.
  Source(const SourcePlan& plan, const Clock& clock, Stats& stats);

  // The newest line that came since the last call, valid until the next one. ErrorKind::absent: none yet, and
  // none is overdue. ErrorKind::retry: the program cannot be started, has ended, is silent or prints
  // something else; it is started again, after one second at first, after five minutes at most.
  [[nodiscard]] Result<std::string_view> next_line();

 private:
  enum class Outcome : std::uint8_t { line, none, ended };
  Status start();
  Outcome listen();
  void take_lines(bool& found);
  Result<std::string_view> judge_silence();
  Error give_up(std::string what, bool by_itself = false);
  [[nodiscard]] std::string complaint() const;

  const SourcePlan plan_;
  const Clock& clock_;
  Stat& starts_;
  Stat& bad_lines_;
  ChildCommand command_;
  std::unique_ptr<Child> child_;
  std::uint64_t too_long_ = 0;         // lines of this child, as far as they are counted
  std::string newest_;                 // the line
  std::string rubbish_;                // the last line without statistics since the start, printable
  std::int64_t quiet_since_ = 0;       // steady: the last line, or the start
  bool has_spoken_ = false;            // since the start, with statistics
  unsigned failures_ = 0;              // in a row
  std::int64_t start_again_at_ = 0;    // steady
  std::optional<Error> last_failure_;  // what captures say until then
};

}  // namespace scops::tegrastats
