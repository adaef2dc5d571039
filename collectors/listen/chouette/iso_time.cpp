#include "collectors/listen/chouette/iso_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/model/text.hpp"

namespace scops::chouette {
namespace {

// Takes `digits` digits off the front of `text`, then `separator` unless that is 0.
std::optional<unsigned> take_number(std::string_view& text, std::size_t digits, char separator) {
  const std::size_t length = digits + (separator == 0 ? 0 : 1);
  if (text.size() < length || (separator != 0 && text[digits] != separator)) return std::nullopt;
  const auto value = to_uint(text.substr(0, digits));
  text.remove_prefix(length);
  if (!value) return std::nullopt;
  return static_cast<unsigned>(*value);
}

// Milliseconds of ".123456"; what follows stays in `text`.
std::int64_t take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return 0;
  text.remove_prefix(1);
  const std::size_t size = std::min(text.find_first_not_of("0123456789"), text.size());
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i < 3; ++i) milliseconds = milliseconds * 10 + (i < size ? text[i] - '0' : 0);
  text.remove_prefix(size);
  return milliseconds;
}

// Minutes east of Greenwich: "", "Z", "+01:00", "+0100".
std::optional<std::int64_t> parse_zone(std::string_view text) {
  if (text.empty() || text == "Z") return 0;
  const std::int64_t sign = text[0] == '-' ? -1 : 1;
  if (text[0] != '-' && text[0] != '+') return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2, text.size() == 5 ? ':' : '\0');
  const auto minutes = take_number(text, 2, '\0');
  if (!hours || !minutes || !text.empty()) return std::nullopt;
  return sign * (std::int64_t{*hours} * 60 + *minutes);
}

}  // namespace

std::optional<TimeMs> parse_iso_time(std::string_view text) {
  const auto year = take_number(text, 4, '-');
  const auto month = take_number(text, 2, '-');
  const char separator = text.size() > 2 && text[2] == 'T' ? 'T' : ' ';
  const auto day = take_number(text, 2, separator);
  const auto hour = take_number(text, 2, ':');
  const auto minute = take_number(text, 2, ':');
  const auto second = take_number(text, 2, '\0');
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::int64_t fraction = take_fraction(text);
  const auto zone = parse_zone(text);
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!zone || !date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t minutes = (days * 24 + *hour) * 60 + *minute - *zone;
  return (minutes * 60 + *second) * 1000 + fraction;
}

}  // namespace scops::chouette
