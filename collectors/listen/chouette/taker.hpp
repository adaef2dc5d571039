// Turns the JSON of a record into what the intake takes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/listen/chouette/record.hpp"
#include "core/model/drain.hpp"

namespace scops::chouette {

enum class Content : std::uint8_t { raw, wrapped, logs };

// Later than now by more than this is no time, but milliseconds taken for seconds or the like.
inline constexpr TimeMs future_max = 24LL * 3600 * 1000;

class Taker {
 public:
  explicit Taker(Content content) : content_(content) {}

  // Hands it over, or says why not. `time` is the score's.
  [[nodiscard]] Flaw take(std::string_view json, TimeMs time, TimeMs now, Intake& intake);
  [[nodiscard]] RecordParser& parser() { return parser_; }

 private:
  Flaw take_raw(std::string_view json, TimeMs time, TimeMs latest, Intake& intake);
  Flaw take_wrapped(std::string_view json, TimeMs time, TimeMs latest, Intake& intake);

  const Content content_;
  RecordParser parser_;
  std::vector<Tag> tags_;
};

}  // namespace scops::chouette
