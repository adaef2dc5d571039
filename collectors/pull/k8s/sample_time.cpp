#include "collectors/pull/k8s/sample_time.hpp"

#include <algorithm>
#include <chrono>

#include "core/model/text.hpp"

namespace scops::k8s {
namespace {

// Two or four digits at `at`, no sign.
std::optional<std::int64_t> digits(std::string_view text, std::size_t at, std::size_t count) {
  const auto value = to_uint(text.substr(at, count));
  if (!value || text[at] == '+') return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

// Behind the seconds: Z, or +01:00.
std::optional<std::int64_t> parse_zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes) return std::nullopt;
  const std::int64_t offset = *hours * 3600 + *minutes * 60;
  return text[0] == '+' ? offset : -offset;
}

}  // namespace

//   2026-01-13T18:40:14[.5](Z|+01:00)
std::optional<std::int64_t> parse_sample_time(std::string_view text) {
  constexpr std::size_t to_seconds = 19;
  if (text.size() <= to_seconds || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  std::string_view zone = text.substr(to_seconds);
  if (zone[0] == '.') zone.remove_prefix(std::min(zone.size(), zone.find_first_not_of("0123456789", 1)));
  const auto offset = parse_zone(zone);
  if (!year || !month || !day || !hour || !minute || !second || !offset) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t midnight =
      std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count();
  return midnight + *hour * 3600 + *minute * 60 + *second - *offset;
}

}  // namespace scops::k8s
