#include "core/io/line_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace scops {

std::span<char> LineBuffer::room() {
  if (begin_ > 0) {
    std::copy(bytes_.data() + begin_, bytes_.data() + end_, bytes_.data());
    end_ -= begin_;
    searched_ -= begin_;
    begin_ = 0;
  }
  if (end_ == bytes_.size()) {
    if (!skipping_) ++too_long_;
    skipping_ = true;
    end_ = searched_ = 0;
  }
  return std::span(bytes_).subspan(end_);
}

bool LineBuffer::next(std::string_view& line) {
  for (;;) {
    const void* const found = std::memchr(bytes_.data() + searched_, '\n', end_ - searched_);
    if (found == nullptr) {
      searched_ = end_;
      return false;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes_.data());
    line = std::string_view(bytes_.data() + begin_, at - begin_);
    begin_ = searched_ = at + 1;
    if (skipping_) {  // this is the tail of what was thrown away
      skipping_ = false;
      continue;
    }
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }
}

}  // namespace scops
