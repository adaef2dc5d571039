#include "collectors/listen/chouette/record.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <utility>

#include "collectors/listen/chouette/python_text.hpp"
#include "core/io/json_walk.hpp"
#include "core/model/iso_time.hpp"

namespace scops::chouette {
namespace {

RawType raw_type(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, RawType>, 6> types{
      {{"count", RawType::count},
       {"gauge", RawType::gauge},
       {"rate", RawType::rate},
       {"set", RawType::set},
       {"histogram", RawType::histogram},
       {"distribution", RawType::distribution}}};
  for (const auto& [known, type] : types) {
    if (known == name) return type;
  }
  return RawType::other;
}

Flaw read_raw_type(JsonToken token, std::string_view text, RawType& into) {
  into = token == JsonToken::text ? raw_type(text) : RawType::other;
  const bool scalar = token == JsonToken::text || token == JsonToken::number || token == JsonToken::yes ||
                      token == JsonToken::no;
  return scalar ? Flaw::none : Flaw::type;
}

Flaw read_wrapped_type(JsonToken token, std::string_view text, MetricType& into) {
  if (token != JsonToken::text) return Flaw::type;
  for (const MetricType type : {MetricType::gauge, MetricType::count, MetricType::rate}) {
    if (to_string(type) != text) continue;
    into = type;
    return Flaw::none;
  }
  return Flaw::type;
}

// Unix seconds; nothing before 1970, nor what only milliseconds taken for seconds can be.
std::optional<TimeMs> to_time(double seconds) {
  constexpr double latest = 1e11;  // in the year 5138
  if (!(seconds >= 0 && seconds <= latest)) return std::nullopt;
  return static_cast<TimeMs>(std::llround(seconds * 1000));
}

// Missing, null and 0 leave it to the score.
Flaw read_time(JsonToken token, std::optional<double> number, std::optional<TimeMs>& into) {
  into.reset();
  if (token == JsonToken::null || number == 0.0) return Flaw::none;
  if (number) into = to_time(*number);
  return into ? Flaw::none : Flaw::timestamp;
}

Flaw read_interval(JsonToken token, std::optional<double> number, std::uint32_t& into) {
  into = 0;
  if (token == JsonToken::null) return Flaw::none;
  if (!number || *number < 0 || *number > std::numeric_limits<std::uint32_t>::max()) return Flaw::interval;
  into = static_cast<std::uint32_t>(std::llround(*number));
  return Flaw::none;
}

Flaw first_of(std::initializer_list<Flaw> flaws) {
  const auto* const found = std::find_if(flaws.begin(), flaws.end(), [](Flaw f) { return f != Flaw::none; });
  return found == flaws.end() ? Flaw::none : *found;
}

}  // namespace

Flaw RecordParser::raw(std::string_view json, RawRecord& into) {
  into = {};
  tags_.clear();
  Value held;
  Flaw name = Flaw::metric;
  Flaw type = Flaw::type;
  Flaw value = Flaw::value;
  Flaw time = Flaw::none;
  Flaw tags = Flaw::none;
  const Flaw object = read_object(json, [&](std::string_view field, JsonToken token) {
    if (field == "metric") {
      name = read_name(token, into.name);
    } else if (field == "type") {
      type = read_raw_type(token, reader_.text(), into.type);
      other_type_ = into.type == RawType::other ? reader_.text() : std::string_view{};
    } else if (field == "value") {
      value = read_value(token, held);
    } else if (field == "timestamp") {
      time = read_time(token, plain_number(token), into.time);
    } else if (field == "tags") {
      tags = tags_.read(reader_, token) ? Flaw::none : Flaw::tags;
    }
  });
  const Flaw flaw = first_of({object, name, type, value, time, tags});
  if (flaw != Flaw::none) return flaw;
  into.tags = tags_.tags();
  into.other_type = other_type_;
  return finish_value(held, into);
}

Flaw RecordParser::wrapped(std::string_view json, WrappedRecord& into) {
  into = {};
  tags_.clear();
  Flaw name = Flaw::metric;
  Flaw type = Flaw::type;
  Flaw points = Flaw::points;
  Flaw interval = Flaw::none;
  Flaw tags = Flaw::none;
  const Flaw object = read_object(json, [&](std::string_view field, JsonToken token) {
    if (field == "metric") {
      name = read_name(token, into.name);
    } else if (field == "type") {
      type = read_wrapped_type(token, reader_.text(), into.type);
    } else if (field == "points") {
      points = read_points(token);
    } else if (field == "interval") {
      interval = read_interval(token, plain_number(token), into.interval_s);
    } else if (field == "tags") {
      tags = tags_.read(reader_, token) ? Flaw::none : Flaw::tags;
    }
  });
  const Flaw flaw = first_of({object, name, type, points, interval, tags});
  if (flaw != Flaw::none) return flaw;
  into.points = points_;
  into.tags = tags_.tags();
  if (into.type == MetricType::gauge) into.interval_s = 0;
  return Flaw::none;
}

Flaw RecordParser::log(std::string_view json) {
  return read_object(json, [](std::string_view, JsonToken) {});
}

std::optional<TimeMs> RecordParser::time_of(std::string_view json) {
  std::optional<TimeMs> time;
  points_.clear();
  const Flaw flaw = read_object(json, [&](std::string_view field, JsonToken token) {
    if (field == "timestamp") {
      (void)read_time(token, plain_number(token), time);
    } else if (field == "date" && token == JsonToken::text) {
      const auto date = parse_isoformat(reader_.text());
      time = date ? std::optional(date->milliseconds()) : std::nullopt;
    } else if (field == "points" && read_points(token) == Flaw::none) {
      time = points_.front().time;
    }
  });
  return flaw == Flaw::none ? time : std::nullopt;
}

// Calls field(name, first token of its value) for each field of the one object that `json` must be. What the
// field leaves unread is passed over.
template <class Field>
Flaw RecordParser::read_object(std::string_view json, const Field& field) {
  reader_.start(json);
  const JsonToken first = reader_.next();
  if (first != JsonToken::object) {
    const bool fine = reader_.leave(0) && reader_.next() == JsonToken::end;
    return fine ? Flaw::no_object : broken();
  }
  return each_member(reader_, field) && reader_.next() == JsonToken::end ? Flaw::none : broken();
}

Flaw RecordParser::broken() const {
  if (reader_.bad_utf8()) return Flaw::not_utf8;
  return reader_.too_deep() ? Flaw::too_deep : Flaw::not_json;
}

// A number or boolean that is one for doubles too.
std::optional<double> RecordParser::plain_number(JsonToken token) const {
  if (token == JsonToken::yes) return 1.0;
  if (token == JsonToken::no) return 0.0;
  return token == JsonToken::number ? reader_.number() : std::nullopt;
}

Flaw RecordParser::read_name(JsonToken first, std::string_view& into) {
  if (first != JsonToken::text && first != JsonToken::number) return Flaw::metric;
  into = reader_.text();
  if (into.empty() || into.size() > name_max) return Flaw::metric;
  if (first == JsonToken::number) {
    name_.clear();
    append_number(name_, into);
    into = name_;
  }
  return Flaw::none;
}

Flaw RecordParser::read_value(JsonToken first, Value& into) {
  into = {.kind = first, .number = 0, .text = reader_.text()};
  if (first == JsonToken::array) return read_members() ? Flaw::none : Flaw::value;
  const bool other = first == JsonToken::null || first == JsonToken::object;
  if (const auto number = plain_number(first))
    into.number = *number;
  else if (first == JsonToken::number)
    return Flaw::value;
  return other ? Flaw::value : Flaw::none;
}

// Type and value may come in any order: what the value means is clear at the end.
Flaw RecordParser::finish_value(const Value& value, RawRecord& into) {
  const bool list = value.kind == JsonToken::array;
  if (into.type != RawType::set) {
    into.value = value.number;
    return list || value.kind == JsonToken::text ? Flaw::value : Flaw::none;
  }
  if (!list) {
    members_.clear();
    add_scalar(value.kind, value.text);
  }
  into.members = members_.views();
  return Flaw::none;
}

bool RecordParser::read_members() {
  members_.clear();
  for (JsonToken token = reader_.next(); token != JsonToken::array_end; token = reader_.next()) {
    if (token != JsonToken::array && token != JsonToken::object) {
      if (token == JsonToken::bad) return false;
      add_scalar(token, reader_.text());
      continue;
    }
    const auto json = reader_.source(token);
    if (!json) return false;
    append_without_blanks(members_.open(), *json);
    members_.close();
  }
  return true;
}

// A quote in front tells texts from all else.
void RecordParser::add_scalar(JsonToken kind, std::string_view text) {
  std::string& into = members_.open();
  if (kind == JsonToken::text) {
    into.append(1, '"').append(text);
  } else if (kind == JsonToken::number) {
    append_canonical_number(into, text);
  } else {
    into += kind == JsonToken::yes ? "1" : kind == JsonToken::no ? "0" : "null";
  }
  members_.close();
}

Flaw RecordParser::read_points(JsonToken first) {
  points_.clear();
  if (first != JsonToken::array) return Flaw::points;
  JsonToken token = reader_.next();
  for (; token == JsonToken::array; token = reader_.next()) {
    Point point;
    if (!read_point(point)) return Flaw::points;
    points_.push_back(point);
  }
  return token == JsonToken::array_end && !points_.empty() ? Flaw::none : Flaw::points;
}

// The rest of [time, value].
bool RecordParser::read_point(Point& into) {
  const std::optional<double> seconds = plain_number(reader_.next());
  const std::optional<TimeMs> time = seconds ? to_time(*seconds) : std::nullopt;
  const std::optional<double> value = plain_number(reader_.next());
  if (!time || !value || reader_.next() != JsonToken::array_end) return false;
  into = {.time = *time, .value = *value};
  return true;
}

}  // namespace scops::chouette
