// The stdout output: prints the records of each flush, as a table to a terminal and as JSON lines to anything
// else.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "core/config/option.hpp"
#include "core/config/spec.hpp"
#include "core/model/output.hpp"

namespace scops {

struct StdoutSettings {
  std::string format = "auto";  // auto | table | json
};

class Stdout final : public Output {
 public:
  // Writes to `fd`, which stays the caller's. SIGPIPE must be ignored in this process.
  Stdout(const StdoutSettings& settings, int fd);

  [[nodiscard]] OutputLimits limits(Kind kind) const override;
  // A reader that does not read is waited for until `timeout`; the next call with the same records goes on
  // in the middle, so that no line is torn or printed twice. What is half out is printed to its end before
  // records of the other kind, to the end of its line before other records of its own.
  Reply send(const Payload& payload, std::chrono::milliseconds timeout, std::stop_token stop) override;

 private:
  const int fd_;
  const bool table_;
  struct Text {
    std::string text;         // what is being printed; empty when all of it is out, and was said to be
    std::size_t written = 0;  // bytes of it that are out
  };
  const std::size_t width_;  // characters in a line of logs
  Text metrics_, logs_;
};

// Rows of room "stdout" over fresh settings.
[[nodiscard]] Section stdout_section();

extern const OutputSpec stdout_output;

}  // namespace scops
