#include "core/model/iso_time.hpp"

#include <chrono>
#include <cstddef>

namespace scops {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes parts off the front of a text; the first that is not there spoils the rest.
class Parts {
 public:
  explicit Parts(std::string_view text) : rest_(text) {}

  // One of the characters `any`, if it comes next.
  bool take(std::string_view any) {
    if (rest_.empty() || any.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(std::string_view any) { good_ = take(any) && good_; }

  // Of two or four digits, and at most `most`.
  int number(int digits, int most) {
    int value = 0;
    for (; digits > 0; --digits) value = value * 10 + digit();
    good_ = good_ && value <= most;
    return value;
  }

  // Nanoseconds of ".123456", 0 where there is none.
  std::int64_t fraction() {
    if (!take(".")) return 0;
    std::int64_t value = digit() * 100'000'000LL;
    for (std::int64_t unit = 10'000'000; !rest_.empty() && is_digit(rest_.front()); unit /= 10) {
      value += digit() * unit;
    }
    return value;
  }

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  int digit() {
    if (rest_.empty() || !is_digit(rest_.front())) {
      good_ = false;
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool good_ = true;
};

// Seconds by which the zone is ahead of Greenwich.
std::int64_t read_zone(Parts& parts, bool python) {
  if (parts.take(python ? "Z" : "Zz") || (python && parts.empty())) return 0;
  const bool behind = parts.take("-");
  if (!behind) parts.need("+");
  const int hours = parts.number(2, 23);
  python ? (void)parts.take(":") : parts.need(":");
  const int seconds = hours * 3600 + parts.number(2, 59) * 60;
  return behind ? -seconds : seconds;
}

std::optional<IsoTime> parse(std::string_view text, bool python) {
  Parts parts(text);
  const int year = parts.number(4, 9999);
  parts.need("-");
  const int month = parts.number(2, 12);
  parts.need("-");
  const int day = parts.number(2, 31);
  parts.need(python ? "T " : "Tt");
  const int hour = parts.number(2, 23);
  parts.need(":");
  const int minute = parts.number(2, 59);
  parts.need(":");
  const int second = parts.number(2, 60);  // a leap second is the next minute's first
  const std::int64_t nanoseconds = parts.fraction();
  const std::int64_t ahead = read_zone(parts, python);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!parts.done() || !date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return IsoTime{.seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - ahead,
                 .nanoseconds = nanoseconds};
}

}  // namespace

std::optional<IsoTime> parse_rfc3339(std::string_view text) { return parse(text, false); }

std::optional<IsoTime> parse_isoformat(std::string_view text) { return parse(text, true); }

}  // namespace scops
