// The records that applications and Python agents leave in the queues, as JSON (docs/collectors/chouette.md).
// Pure; any bytes may come. Parsing allocates nothing once the buffers have grown: hundreds of thousands may
// wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/listen/chouette/flaw.hpp"
#include "collectors/listen/chouette/tags.hpp"
#include "collectors/listen/chouette/texts.hpp"
#include "core/io/json_reader.hpp"
#include "core/model/metric.hpp"

namespace scops::chouette {

inline constexpr int depth_max = 32;           // levels of JSON
inline constexpr std::size_t name_max = 1024;  // bytes of a metric's name

// {"metric", "type", "value", "timestamp"?, "tags"?}
struct RawRecord {
  std::string_view name;
  RawType type = RawType::other;
  std::string_view other_type;                // of type other: as it was written
  double value = 0;                           // all but sets
  std::span<const std::string_view> members;  // sets: equal texts are one member
  std::optional<TimeMs> time;                 // nothing: the score's
  std::span<const std::string_view> tags;     // whole, sorted
};

struct Point {
  TimeMs time = 0;
  double value = 0;
};

// {"metric", "type", "points": [[time, value], ...], "interval"?, "tags"?}
struct WrappedRecord {
  std::string_view name;
  MetricType type = MetricType::gauge;
  std::span<const Point> points;           // at least one
  std::uint32_t interval_s = 0;            // counts and rates
  std::span<const std::string_view> tags;  // whole, sorted
};

class RecordParser {
 public:
  // Flaw::none, or why `json` is no such record. Views in `into` are good until the next call, and as long as
  // `json` is.
  [[nodiscard]] Flaw raw(std::string_view json, RawRecord& into);
  [[nodiscard]] Flaw wrapped(std::string_view json, WrappedRecord& into);
  // Logs are passed on as they are, if they are objects.
  [[nodiscard]] Flaw log(std::string_view json);
  // When a record says that it was made: "timestamp", its first point's, or "date". Nothing when it does not.
  [[nodiscard]] std::optional<TimeMs> time_of(std::string_view json);

 private:
  // What the field "value" is.
  struct Value {
    JsonToken kind = JsonToken::null;  // array: its elements are in members_
    double number = 0;
    std::string_view text;  // of a text, or of a number as it is written
  };

  template <class Field>
  Flaw read_object(std::string_view json, const Field& field);
  [[nodiscard]] Flaw broken() const;
  Flaw read_name(JsonToken first, std::string_view& into);
  Flaw read_value(JsonToken first, Value& into);
  Flaw finish_value(const Value& value, RawRecord& into);
  bool read_members();
  void add_scalar(JsonToken kind, std::string_view text);
  Flaw read_points(JsonToken first);
  bool read_point(Point& into);
  [[nodiscard]] std::optional<double> plain_number(JsonToken token) const;

  JsonReader reader_{depth_max};
  Texts members_;
  TagReader tags_;
  std::vector<Point> points_;
  std::string name_;  // one that was made of a number
  std::string other_type_;
};

}  // namespace scops::chouette
