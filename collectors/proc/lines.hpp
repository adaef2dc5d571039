// Kernel files line by line, and what becomes of the lines that a parser does not understand.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/model/collector.hpp"
#include "core/model/result.hpp"

namespace scops {

// Walks the lines of a text; empty ones are skipped. Views into `text`, nothing is copied.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  // False at the end.
  bool next(std::string_view& line);
  // Of the line that next() gave, from 1.
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

// Collects lines that were not understood. For `scops parse` each is a trouble("line 3"); for a collector,
// which must not fill a log with a broken file, the first one and their number become one Error.
class Rejects {
 public:
  Rejects() = default;
  explicit Rejects(Emit& each) : each_(&each) {}

  void add(std::size_t line, std::string_view text);
  // Later line numbers are counted from `line`: for input that is handed over in pieces.
  void start_after(std::size_t line) { start_ = line; }
  // Ok, or "/proc/net/dev: line 3 not understood: 'x' (2 such lines)".
  [[nodiscard]] Status status(std::string_view path) const;

 private:
  Emit* each_ = nullptr;
  std::size_t start_ = 0;
  std::size_t count_ = 0;
  std::size_t first_line_ = 0;
  std::string first_text_;
};

}  // namespace scops
