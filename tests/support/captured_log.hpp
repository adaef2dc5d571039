// Catches the log lines of one test. One at a time.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/log.hpp"

namespace scops::test {

class CapturedLog {
 public:
  CapturedLog() {
    lines().clear();
    log::set_sink([](std::string_view line) {
      const std::scoped_lock lock(mutex());
      lines().emplace_back(line);
    });
  }
  ~CapturedLog() { log::set_sink(nullptr); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  // How many lines contain `part`. The log holds back repetitions.
  [[nodiscard]] static std::ptrdiff_t count(std::string_view part) {
    const std::scoped_lock lock(mutex());
    const auto has = [part](const std::string& line) { return line.find(part) != std::string::npos; };
    return std::count_if(lines().begin(), lines().end(), has);
  }

 private:
  static std::vector<std::string>& lines() {
    static std::vector<std::string> all;
    return all;
  }
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
};

}  // namespace scops::test
