// Lines out of a stream that somebody else writes: a buffer of fixed size that gives whole lines only and
// throws away what is longer than a line may be. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace scops {

class LineBuffer {
 public:
  // Lines may be `line_max` bytes long, their end not counted.
  explicit LineBuffer(std::size_t line_max) : bytes_(line_max + 1) {}

  // Where the next bytes of the stream go; never empty. Take all lines with next() first: what is in the way
  // then can only be a line that is too long, and is thrown away.
  [[nodiscard]] std::span<char> room();
  // So many bytes of the last room() have been written.
  void filled(std::size_t count) { end_ += count; }

  // The next whole line, without \n or \r\n; valid until room(). False when there is none yet.
  bool next(std::string_view& line);

  // How many lines were thrown away.
  [[nodiscard]] std::uint64_t too_long() const { return too_long_; }

 private:
  std::vector<char> bytes_;
  std::size_t begin_ = 0, end_ = 0;  // what is not given out yet
  std::size_t searched_ = 0;         // up to here there is no end of a line
  bool skipping_ = false;            // until the next end of a line
  std::uint64_t too_long_ = 0;
};

}  // namespace scops
