#include "collectors/proc/lines.hpp"

#include <fmt/format.h>

#include "core/model/text.hpp"

namespace scops {

bool LineReader::next(std::string_view& line) {
  while (!rest_.empty()) {
    line = cut(rest_, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);  // copied from elsewhere
    ++number_;
    if (!trim(line).empty()) return true;
  }
  return false;
}

void Rejects::add(std::size_t line, std::string_view text) {
  if (each_ != nullptr) {
    each_->trouble(fmt::format("line {}", start_ + line),
                   {ErrorKind::drop, "not understood: " + printable(text)});
    return;
  }
  if (count_++ == 0) {
    first_line_ = start_ + line;
    first_text_ = printable(text);
  }
}

Status Rejects::status(std::string_view path) const {
  if (count_ == 0) return Ok{};
  return Error{ErrorKind::drop, fmt::format("{}: line {} not understood: '{}' ({} such lines)", path,
                                            first_line_, first_text_, count_)};
}

}  // namespace scops
