#include "collectors/pull/jetson/topic.hpp"

#include <cmath>

namespace scops::jetson {

double percentage(double part, double whole) { return std::round(part / whole * 1e4) / 100; }

std::optional<std::string_view> Topic::read(KeptFile& file, std::span<char> room) {
  return noted(file.read(room));
}

std::optional<double> Topic::read_number(KeptFile& file) {
  const std::optional<std::int64_t> number = noted(file.read_integer());
  if (!number) return std::nullopt;
  return static_cast<double>(*number);
}

}  // namespace scops::jetson
